// Making the elements of the How it works tab. Their words are never markup: some come from files
// of strangers.
export function made(name, className = "", words = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = words;
  return element;
}

// An element of an SVG drawing.
export function svgElement(name, words = "", settings = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  return withSettings(made, words, settings);
}

// An HTML element with attributes.
export function htmlElement(name, words = "", settings = {}) {
  return withSettings(document.createElement(name), words, settings);
}

function withSettings(made, words, settings) {
  for (const [key, value] of Object.entries(settings)) made.setAttribute(key, value);
  made.textContent = words;
  return made;
}

// As many children as there are items, each brought up to date where it stands.
export function fill(root, items, make, update) {
  while (root.children.length > items.length) root.lastChild.remove();
  while (root.children.length < items.length) root.append(make());
  items.forEach((item, place) => update(root.children[place], item, place));
}

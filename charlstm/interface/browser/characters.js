// How characters are shown and named, and how text becomes HTML.

// [sign, name] of a character that has no sign of its own.
const NAMES = { "\n": ["↵", "line break"], " ": ["␣", "space"], "\t": ["⇥", "tab"] };

const isUnseen = (character) => /[\p{C}\p{Z}]/u.test(character);
const codeOf = (character) =>
  `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

// [sign, name]; both are the character itself where it needs no name.
export function nameOf(character) {
  return NAMES[character] ?? [character, character];
}

// One sign for every character, also for those that cannot be seen.
export function signOf(character) {
  const [sign] = nameOf(character);
  return sign === character && isUnseen(character) ? codeOf(character) : sign;
}

// The character within a sentence: “a”, a space, U+200B.
export function inWords(character) {
  const [sign, name] = nameOf(character);
  if (sign !== character) return `a ${name}`;
  return isUnseen(character) ? codeOf(character) : `“${character}”`;
}

export function escapeHTML(text) {
  const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;" };
  return text.replace(/[&<>"\r]/g, (character) => signs[character]);
}

// What one of Gradio's buttons says, and whether there is anything for it to do.

// Gradio writes a label once, into a text node that stays.
export function setLabel(selector, label) {
  const button = document.querySelector(selector);
  const text = [...(button?.childNodes ?? [])].find((node) => node.data?.trim());
  if (text && text.data !== label) text.data = label;
}

// A button with nothing to do looks like it. It can still be pressed, and then says why nothing
// happens: disabled, it would lose the keyboard's focus.
export function setUsable(selector, isUsable) {
  document.querySelector(selector)?.toggleAttribute("data-idle", !isUsable);
}

// The label of one of Gradio's buttons, which writes it once, into a text node that stays.
export function setLabel(selector, label) {
  const button = document.querySelector(selector);
  const text = [...(button?.childNodes ?? [])].find((node) => node.data?.trim());
  if (text && text.data !== label) text.data = label;
}

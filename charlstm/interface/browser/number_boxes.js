// A number box that is left empty shows its number again; Gradio would take the lowest one.
const isNumberBox = (element) => element.matches?.('input[type="number"]');
const numbers = new WeakMap(); // when the boxes were entered

document.addEventListener("focusin", ({ target }) => {
  if (isNumberBox(target)) numbers.set(target, target.value);
});

document.addEventListener(
  "blur",
  ({ target }) => {
    const before = numbers.get(target);
    if (!isNumberBox(target) || target.value !== "" || !before) return;
    target.value = before;
    target.dispatchEvent(new Event("input", { bubbles: true }));
  },
  { capture: true }, // before Gradio's own
);

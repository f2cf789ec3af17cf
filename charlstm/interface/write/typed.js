// The seed text and the temperature as the Write tab shows them now.
import { SharedValue } from "../browser/shared_value.js";

const typed = new SharedValue({ text: "", temperature: 0.8 });

// Gradio passes null for an empty box, and for the slider while a number is typed there.
export function setTyped(text, temperature) {
  typed.set({
    text: text ?? "",
    temperature: Number(temperature) || typed.get().temperature,
  });
}

export const nowTyped = () => typed.get();
export const onTyped = (listener) => typed.subscribe(listener);

// As if the visitor had typed it: Gradio listens to the box.
export function typeText(text) {
  const box = document.querySelector("#seed-text textarea");
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// The Write tab's settings as it shows them now.
import { SharedValue } from "../browser/shared_value.js";

const form = new SharedValue({
  model: "",
  seed_text: "",
  temperature: 0.8,
  length: 500,
  random_seed: 1,
});

// Gradio passes null for an empty box, and for a slider while a number is typed there.
export function setForm(model, seed_text, temperature, length, random_seed) {
  const before = form.get();
  form.set({
    model: model ?? "",
    seed_text: seed_text ?? "",
    temperature: Number(temperature) || before.temperature,
    length: Number(length) || before.length,
    random_seed,
  });
}

export const nowForm = () => form.get();
export const onForm = (listener) => form.subscribe(listener);

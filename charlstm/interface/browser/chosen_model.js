// The model that is chosen on the page: its id, or null until Gradio has loaded the lists.
import { SharedValue } from "./shared_value.js";

const model = new SharedValue(null);

// Returns the id, because Gradio takes what a handler returns for its outputs.
export function chooseModel(id) {
  if (id !== model.get()) model.set(id);
  return id;
}

let wanted = null;

// The models have changed: the lists are to be loaded again, and to show the one that is given, or
// else the one that they show now.
export function modelsChanged(id = null) {
  wanted = id;
  document.querySelector("#models-changed").click();
}

// As Gradio passes it: the id that the lists show.
export const wantedModel = (id) => wanted ?? id;

export const chosenModel = () => model.get();
export const onModelChosen = (listener) => model.subscribe(listener);

// Resolves when the lists hold the models that are there now: before, they refuse the newer ones.
export const listsAreLoaded = () =>
  new Promise((resolve) => {
    if (model.get() !== null) return resolve();
    const end = model.subscribe(() => {
      end();
      resolve();
    });
  });

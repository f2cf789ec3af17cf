// The model that is chosen on the page: its id, or null until Gradio has loaded the lists.
import { SharedValue } from "./shared_value.js";

const model = new SharedValue(null);

// Returns the id, because Gradio takes what a handler returns for its outputs.
export function chooseModel(id) {
  coming = null;
  if (id !== model.get()) model.set(id);
  return id;
}

const LOST_MS = 10_000; // after which an answer is no longer waited for
let wanted = null;
let coming = null; // a model that the lists are to show, until they say that one is chosen
let loading = null; // a timer, while the lists are loaded
let isOld = false; // whether the models have changed again meanwhile

// The models have changed: the lists are to be loaded again, and to show the one that is given, or
// else the one that they show now. One after the other: of two answers, the older could come last.
export function modelsChanged(id = null) {
  wanted = id;
  coming = id ?? coming;
  isOld = loading !== null;
  if (isOld) return;
  loading = setTimeout(listsChanged, LOST_MS);
  document.querySelector("#models-changed").click();
}

export function listsChanged() {
  clearTimeout(loading);
  loading = null;
  if (isOld) modelsChanged(wanted);
}

// As Gradio passes it: the id that the lists show.
export const wantedModel = (id) => wanted ?? id;

export const chosenModel = () => model.get();
// For a page that is left: Gradio shows a choice some time before it says that it was made.
export const lastChosenModel = () => coming ?? model.get();
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

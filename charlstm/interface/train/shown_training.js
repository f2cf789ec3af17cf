// The training that the Train tab shows: the one that is chosen, or another one if that is gone.
import { SharedValue } from "../browser/shared_value.js";

const chosen = new SharedValue(""); // "": the running one, or the newest
const shown = new SharedValue(null);

export function showTraining(name) {
  chosen.set(name);
}

export const chosenTraining = () => chosen.get();
export const onTrainingChosen = (listener) => chosen.subscribe(listener);

// The name of the training that is shown, for Gradio's inputs; null if there is none.
export const shownTraining = () => shown.get();
export const setShownTraining = (name) => shown.set(name);

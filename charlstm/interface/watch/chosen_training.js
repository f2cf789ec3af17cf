// The training that is chosen on the tab "Watch it learn": its id, or null before there is one.
import { SharedValue } from "../browser/shared_value.js";

const training = new SharedValue(null);

// Returns the id, for Gradio's outputs.
export function chooseTraining(id) {
  training.set(id);
  return id;
}

// Returns that the visitor has chosen, for Gradio's outputs.
export function chooseTrainingByHand(id) {
  training.set(id);
  return true;
}

// When the tab is opened: a training that goes on is shown, but not in the middle of a talk.
export function enter(id, isByHand) {
  return [id, isByHand || document.body.classList.contains("stage")];
}

export const chosenTraining = () => training.get();
export const onTrainingChosen = (listener) => training.subscribe(listener);

// What the Write tab's buttons do. A form is what Gradio passes: model, seed text, temperature,
// length, random seed.
import { toClipboard } from "../browser/clipboard.js";
import { rollSeed } from "../browser/dice.js";
import * as paper from "./paper.js";

const requestOf = ([model, seed_text, temperature, length, random_seed]) => ({
  model: model ?? "",
  seed_text: seed_text ?? "",
  temperature,
  length,
  random_seed,
});

// Returns the random seed of the new text, for its box.
export function write(isAlwaysNew, ...form) {
  const request = requestOf(form);
  request.random_seed = rollSeed(isAlwaysNew, request.random_seed);
  paper.begin(request);
  return request.random_seed;
}

// [seed text, random seed]
export function writeExample(example, isAlwaysNew, ...form) {
  const request = { ...requestOf(form), seed_text: example };
  return [example, write(isAlwaysNew, ...Object.values(request))];
}

export const goOn = (...form) => paper.goOn(requestOf(form));
export const stop = () => paper.stop();
export const undo = () => paper.undo();

export async function copy() {
  if (!paper.shownText()) return paper.say("There is no text to copy yet.");
  const isCopied = await toClipboard(paper.text());
  paper.say(
    isCopied ? "Copied." : "The browser does not let the page copy: select the text by hand.",
  );
}

// What the Write tab's buttons do, and which one of its acts the large button offers.
import { setLabel, setUsable } from "../browser/gradio_button.js";
import { toClipboard } from "../browser/clipboard.js";
import { rollSeed } from "../browser/dice.js";
import { nowForm, onForm } from "./form.js";
import * as paper from "./paper.js";
import { nowSpeed, onSpeed, step } from "./pace.js";

const LABELS = { write: "Write", pause: "Pause", goOn: "Continue", step: "Next letter" };

const requestOf = ([model, seed_text, temperature, length, random_seed]) => ({
  model: model ?? "",
  seed_text: seed_text ?? "",
  temperature,
  length,
  random_seed,
});

function nextAct() {
  const isStep = nowSpeed() === "Step";
  const { seed_text } = nowForm();
  const isAnother = (writing) => !writing || writing.composed !== seed_text; // something was typed
  if (paper.isWriting() && isAnother(paper.latest())) return "write";
  if (paper.isWriting() && !(isStep && paper.shownText() === paper.latest())) return "pause";
  const shown = paper.shownText();
  if (shown?.isFirst && shown.shownUnits === shown.text.length) return "write";
  if (isAnother(shown)) return "write";
  return isStep ? "step" : "goOn";
}

// The large button. Returns the random seed for its box.
export function act(isAlwaysNew, ...form) {
  const wanted = nextAct();
  if (wanted === "write") return write(isAlwaysNew, ...form);
  if (wanted === "pause") paper.pause();
  else goOn(requestOf(form), wanted === "step");
  return form.at(-1);
}

function goOn(settings, isStep) {
  const shown = paper.shownText();
  const isAllShown = shown.shownUnits >= shown.text.length;
  if ((isAllShown && !shown.isOpen) || !paper.isWrittenWith(settings)) paper.goOn(settings);
  else paper.resume();
  if (isStep) step();
}

// Enter in the box, and Start over. Returns the random seed of the new text, for its box.
export function write(isAlwaysNew, ...form) {
  const request = requestOf(form);
  request.random_seed = rollSeed(isAlwaysNew, request.random_seed);
  paper.begin(request);
  if (nowSpeed() === "Step") step();
  return request.random_seed;
}

// Begins with what a button says, where beginnings.py shows line breaks. [seed text, random seed]
export function writeBeginning(label, isAlwaysNew, ...form) {
  const seedText = label.replaceAll("↵", "\n");
  const request = { ...requestOf(form), seed_text: seedText };
  return [seedText, write(isAlwaysNew, ...Object.values(request))];
}

// When the temperature has changed while a text is written, the rest is drawn at the new one: as
// soon as the slider is let go, or no key has moved it for a moment.
const SETTLED_MS = 400;
let isPressed = false;
let settling = null;

export function temperatureChosen(...form) {
  const settings = requestOf(form);
  const isBeingWritten = paper.isWriting() && paper.shownText() === paper.latest();
  if (isBeingWritten && !paper.isWrittenWith(settings)) paper.goOn(settings);
}

for (const type of ["pointerdown", "pointerup", "pointercancel"]) {
  document.addEventListener(type, () => (isPressed = type === "pointerdown"), { capture: true });
}

onForm((form) => {
  clearTimeout(settling);
  if (!paper.isWriting() || form.temperature === paper.latest().settings.temperature) return;
  settling = setTimeout(() => {
    const { model, seed_text, temperature, length, random_seed } = nowForm();
    const { model: written } = paper.latest().settings;
    if (!isPressed && model === written) {
      temperatureChosen(model, seed_text, temperature, length, random_seed);
    }
  }, SETTLED_MS);
});

// Returns the text for the box: what the text on the paper began with, unless something else was
// typed since.
export function undo(seedText) {
  const isTyped = paper.latest() && paper.latest().composed !== seedText;
  paper.undo();
  return isTyped ? seedText : (paper.shownText()?.composed ?? seedText);
}

export async function copy() {
  if (!paper.shownText()) return paper.say("There is no text to copy yet.");
  const isCopied = await toClipboard(paper.text());
  paper.say(
    isCopied ? "Copied." : "The browser does not let the page copy: select the text by hand.",
  );
}

// Length, model and random seed are there for whoever wants them.
export function showMore() {
  const more = document.querySelector("#more");
  const isOpen = more.classList.toggle("open");
  document.querySelector("#more-button").setAttribute("aria-expanded", isOpen);
  if (isOpen) more.scrollIntoView({ block: "nearest" });
}

// The large button says what it will do, the others whether they can do anything.
function showButtons() {
  setLabel("#write-button", LABELS[nextAct()]);
  document.querySelector("#composer")?.classList.toggle("fresh", !paper.shownText());
  setUsable("#undo", paper.canUndo());
  setUsable("#copy", paper.shownText() !== null);
}

paper.onPaper(showButtons);
onForm(showButtons);
onSpeed(showButtons);

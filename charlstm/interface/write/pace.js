// How fast the paper shows a text, of which the server may have sent more: letter by letter at a
// speed that eyes can follow, one at each press, or all at once.
import { SharedValue } from "../browser/shared_value.js";
import * as paper from "./paper.js";

const SPEEDS = ["Step", "Slow", "Normal", "Instant"];
const LETTER_MS = { Slow: 400, Normal: 33 };
// At these speeds one sees first what the letter is drawn from, and then the letter.
const LOOK_MS = { Slow: 200, Step: 500 };
const KEPT_KEY = "charlstm-speed";

const speed = new SharedValue(usualSpeed());
let timer = null; // until the next letter, or the next look at what it is drawn from
let isLookDue = false;
let wanted = 0; // letters, by presses of Step

function usualSpeed() {
  const kept = stored();
  if (SPEEDS.includes(kept)) return kept;
  const isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  return isStill ? "Instant" : "Normal";
}

function stored() {
  try {
    return localStorage.getItem(KEPT_KEY);
  } catch {
    return null; // the browser keeps nothing for this page
  }
}

export const nowSpeed = () => speed.get();
export const onSpeed = (listener) => speed.subscribe(listener);

export function setSpeed(name) {
  if (!SPEEDS.includes(name) || name === speed.get()) return;
  try {
    localStorage.setItem(KEPT_KEY, name);
  } catch {
    // It is forgotten with the page.
  }
  wanted = 0;
  wait(0, false);
  speed.set(name);
  proceed();
}

// One more letter.
export function step() {
  wanted += 1;
  wait(0, false); // a press is not kept waiting
  paper.resume();
  proceed();
}

paper.onPaper(proceed);

function proceed() {
  if (!paper.hasMore()) {
    if (paper.isPaused() || !paper.shownText()) wait(0, false);
    return;
  }
  if (speed.get() === "Instant") return paper.showAll();
  if (timer === null && (speed.get() !== "Step" || wanted)) showLetter();
}

function showLetter() {
  if (speed.get() === "Step") wanted -= 1;
  const looks = speed.get() in LOOK_MS;
  wait(looks ? LOOK_MS[speed.get()] : LETTER_MS[speed.get()], looks);
  paper.showLetter();
}

function wait(milliseconds, isLook) {
  clearTimeout(timer);
  isLookDue = isLook;
  timer = milliseconds ? setTimeout(timeIsOver, milliseconds) : null;
}

function timeIsOver() {
  timer = null;
  if (isLookDue) {
    if (speed.get() === "Slow") wait(LETTER_MS.Slow - LOOK_MS.Slow, false);
    paper.lookAhead();
  }
  proceed();
}

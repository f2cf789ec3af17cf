// The stage: the page in large type, led by keys, for whoever shows it to a room. ?stage=1 or S.
import { nowForm } from "../write/form.js";
import { forgetForm } from "../write/link.js";
import { nowSpeed, setSpeed } from "../write/pace.js";
import * as paper from "../write/paper.js";
import { showCode } from "./code.js";
import { STORY } from "./story.js";

const TEMPERATURE_STEP = 0.1;
const HELP = [
  ["Space", "write or play, pause, go on"],
  ["→", "one letter"],
  ["↑ ↓", "wilder, more careful"],
  ["N, P", "next or previous step of the story; Page Down and Page Up as well"],
  ["1 … 5", "a step of the story"],
  ["Q", "QR code for the room"],
  ["R", "reset for the next talk"],
  ["Enter", "after a word: write, and give the keys back"],
  ["S, Esc", "leave the stage"],
  ["?", "these keys"],
];
let place = -1; // in the story

const isOn = () => document.body.classList.contains("stage");

export function toggle(on = !isOn()) {
  document.body.classList.toggle("stage", on);
  const address = new URL(location.href);
  if (on) address.searchParams.set("stage", "1");
  else address.searchParams.delete("stage");
  history.replaceState(history.state, "", address);
  if (!on) caption("");
}

async function tell(step) {
  if (!STORY[step]) return;
  place = step;
  const { title, hint = "" } = STORY[step];
  caption(`${step + 1}/${STORY.length}  ${title}`, hint);
  await STORY[step].show();
}

function caption(words, hint = "") {
  let bar = document.querySelector(".stage-caption");
  if (!bar) {
    bar = document.createElement("p");
    bar.className = "stage-caption";
    bar.setAttribute("role", "status");
    document.querySelector(".gradio-container").append(bar);
  }
  bar.textContent = words;
  const small = document.createElement("small");
  small.textContent = hint;
  if (hint) bar.append(small);
}

// As on the first day: nothing that the last audience typed is left.
function reset() {
  paper.forget();
  forgetForm();
  for (const kept of [sessionStorage, localStorage]) {
    for (const key of Object.keys(kept)) if (key.startsWith("charlstm-")) kept.removeItem(key);
  }
  location.assign(`${location.pathname}?stage=1`);
}

function changeTemperature(by) {
  const box = document.querySelector("#temperature input[type=number]");
  const wanted = Math.round(10 * (nowForm().temperature + by)) / 10;
  box.value = Math.min(1.5, Math.max(0.1, wanted));
  for (const kind of ["input", "change", "blur", "pointerup"]) {
    box.dispatchEvent(new Event(kind, { bubbles: true }));
  }
}

let usualSpeed = null; // before one letter was asked for

// Gradio handles the click on its radio button only later, so the speed is set here as well.
function choose(speed) {
  setSpeed(speed);
  document.querySelector(`#speed input[value="${speed}"]`)?.click();
}

function oneLetter() {
  const button = document.querySelector("#write-button");
  if (!button.checkVisibility()) return;
  if (nowSpeed() !== "Step") usualSpeed = nowSpeed();
  choose("Step");
  button.click();
}

// What the step of the story that is shown can do.
function play() {
  const buttons = [".watch-play", "#compare-write", "#write-button"];
  const button = buttons.map((one) => document.querySelector(one)).find((one) => one?.checkVisibility());
  if (!button) return;
  if (button.id === "write-button" && usualSpeed && nowSpeed() === "Step") {
    choose(usualSpeed);
    usualSpeed = null;
    if (paper.isWriting()) return; // it goes on by itself
  }
  button.click();
}

const TURNS = ["PageDown", "PageUp"];
const ACTS = {
  " ": play,
  ArrowRight: oneLetter,
  ArrowUp: () => changeTemperature(TEMPERATURE_STEP),
  ArrowDown: () => changeTemperature(-TEMPERATURE_STEP),
  n: next,
  p: previous,
  // A presenter's clicker sends these. They act even while somebody types.
  PageDown: next,
  PageUp: previous,
  q: () => showCode(),
  r: reset,
  "?": showHelp,
  Escape: () => toggle(false),
};

function next() {
  document.activeElement?.blur();
  tell(Math.min(place + 1, STORY.length - 1));
}

function previous() {
  document.activeElement?.blur();
  tell(Math.max(place - 1, 0));
}

function showHelp() {
  const rows = HELP.map(([key, does]) => `<dt>${key}</dt><dd>${does}</dd>`).join("");
  const dialog = document.createElement("dialog");
  dialog.className = "stage-help";
  dialog.innerHTML = `<h2>Keys</h2><dl>${rows}</dl>`;
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", () => dialog.close());
  document.querySelector(".gradio-container").append(dialog);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) {
    // A stage key closes the help and still acts. Other dialogs handle their own keys.
    if (!dialog.classList.contains("stage-help") || event.key === "Escape") return;
    dialog.close();
    if (event.key === "?") return event.preventDefault();
  }
  const isTyping = event.target.closest?.("input:not([type=radio], [type=range]), textarea, select");
  if (isTyping) {
    if (!isOn()) return;
    if (TURNS.includes(event.key)) {
      ACTS[event.key]();
      return event.preventDefault();
    }
    // The keys are the stage's again: by Escape, or once a word was given, which Gradio hears next.
    if (event.key === "Escape") event.target.blur();
    else if (event.key === "Enter" && event.target.closest("#seed-text")) {
      setTimeout(() => event.target.blur());
    }
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "s") return toggle();
  if (!isOn()) return;
  if (/^[1-5]$/.test(key)) tell(Number(key) - 1);
  else if (ACTS[key]) ACTS[key]();
  else return;
  event.preventDefault();
});

if (new URLSearchParams(location.search).get("stage") === "1") toggle(true);

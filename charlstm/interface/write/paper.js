// The Write tab's text: the one on the paper, the one that was asked for, and the earlier ones for
// Undo. All of it is kept over a reload of the page.
import { ask } from "../browser/server.js";
import { WrittenText, countCharacters } from "../browser/written_text.js";

const KEPT_KEY = "charlstm-paper";
const MOST_EARLIER = 50;
const MOST_CHARACTERS = { seedText: 2000, text: 40000 }; // as the server has them

const listeners = new Set();
let shown = null; // the text on the paper; null when nothing was written yet
let asked = null; // one that was asked for, of which nothing has come: `shown` stays until then
let earlier = []; // states of texts, the latest last; null for the empty paper
let notice = ""; // a sentence about what was just done, until something else is
let remarked = ""; // a sentence about the link that the page was opened with

// listener: called whenever something about the paper has changed.
export function onPaper(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const shownText = () => shown;
export const text = () => shown?.text ?? "";
export const latest = () => asked ?? shown;
export const isWriting = () => latest()?.isOpen ?? false;
export const currentNotice = () => notice;
export const currentRemark = () => remarked;
// About passages copied from the training text.
export const copiedSentence = () => latest()?.copied ?? "";

export function say(sentence) {
  notice = sentence;
  changed();
}

// As `say`, until the next text is asked for.
export function remark(sentence) {
  remarked = sentence;
  changed();
}

// A new text. While nothing of it has come, the earlier one stays on the paper; if it is refused,
// for good. known: see WrittenText.
export function begin(request, known = {}) {
  const count = countCharacters(request.seed_text);
  if (count > MOST_CHARACTERS.seedText) {
    const most = MOST_CHARACTERS.seedText.toLocaleString("en");
    const given = count.toLocaleString("en");
    return say(`The beginning has ${given} characters; use at most ${most}.`);
  }
  read(new WrittenText(request, { ...known, origin: request }));
}

// More of the text on the paper, with the settings of now.
export function goOn(settings) {
  if (!shown) return say("There is no text to go on from yet: press Write first.");
  const count = countCharacters(text());
  if (count > MOST_CHARACTERS.text) {
    const most = MOST_CHARACTERS.text.toLocaleString("en");
    return say(
      `The text has grown to ${count.toLocaleString("en")} characters, and at ${most} the paper ` +
        "ends: press Write to begin a new one.",
    );
  }
  const request = { ...settings, seed_text: text() };
  const { seedUnits } = shown;
  read(new WrittenText(request, { text: text(), seedUnits, origin: originOf(request) }));
}

// Of a text that is continued with the same settings, what came first: it is one longer text. Its
// model is compared as the list has it; `name` is what it was called where it wrote.
function originOf(request) {
  const { origin } = shown;
  const isSame = ["model", "temperature", "random_seed"].every(
    (part) => request[part] === origin[part],
  );
  return isSame ? { ...origin, name: origin.name ?? shown.request.model } : request;
}

export function tryAgain() {
  const { request, text, seedUnits, origin, isFromAddress } = latest();
  if (asked) return read(new WrittenText(request, { origin, isFromAddress }));
  // The page's address is that of this text already.
  read(new WrittenText(request, { text, seedUnits, origin, isFromAddress: true }), true);
}

export function stop() {
  if (!isWriting()) return;
  if (!asked) return shown.stop();
  dropAsked(); // nothing of it has come: the earlier text stays
  say("Stopped.");
}

function dropAsked() {
  const text = asked;
  asked = null; // first, or it would be taken for one that has come
  text?.stop();
}

export function undo() {
  if (isWriting()) return say("Still writing: press Stop first.");
  if (asked) {
    asked = null; // it was refused, and has changed nothing
    return say("");
  }
  if (!earlier.length) return say("There is nothing to undo.");
  shown = textOf(earlier.pop());
  say("Undone.");
}

const textOf = (state) => state && new WrittenText(state.request, state);

// Puts the latest of the earlier texts for which `isWanted` holds on the paper again. Returns
// whether there is one, or it is there already.
export function showAgain(isWanted) {
  if (shown && isWanted(shown)) {
    dropAsked();
    say("");
    return true;
  }
  const place = earlier.findLastIndex((state) => state && isWanted(textOf(state)));
  if (place >= 0) turnTo(place);
  return place >= 0;
}

export function showEmpty() {
  if (shown) return turnTo(earlier.lastIndexOf(null));
  dropAsked();
  say("");
}

// place: among the earlier texts; -1 for the empty paper if it is not among them.
function turnTo(place) {
  dropAsked();
  shown?.stop();
  const [state] = place < 0 ? [null] : earlier.splice(place, 1);
  earlier.push(shown && shown.state);
  shown = textOf(state);
  say("");
}

// isSame: it is the text on the paper, which goes on.
function read(writing, isSame = false) {
  dropAsked();
  shown?.stop();
  if (isSame) shown = writing;
  else asked = writing;
  notice = "";
  if (!writing.isFromAddress) remarked = "";
  writing.subscribe(() => {
    if (writing === asked && writing.status !== "asked" && writing.status !== "refused") {
      earlier.push(shown && shown.state);
      earlier = earlier.slice(-MOST_EARLIER);
      [shown, asked] = [writing, null];
    }
    if (writing !== latest()) return;
    notice = "";
    changed();
    if (writing.status === "ended") lookForCopies(writing);
  });
  changed();
  writing.read();
}

async function lookForCopies(writing) {
  const { model, seed_text } = writing.request;
  try {
    const answer = await ask("copied", model, writing.text.slice(seed_text.length));
    writing.copied = answer.sentence;
    if (writing === latest()) changed();
  } catch {
    // Nothing is known of copies: nothing is said.
  }
}

function changed() {
  for (const listener of listeners) listener();
}

// Over a reload

function keep() {
  for (let count = earlier.length; ; count = Math.floor(count / 2)) {
    const kept = {
      shown: shown?.state ?? null,
      asked: asked?.state ?? null,
      earlier: count ? earlier.slice(-count) : [],
    };
    try {
      return sessionStorage.setItem(KEPT_KEY, JSON.stringify(kept));
    } catch {
      if (!count) return sessionStorage.removeItem(KEPT_KEY);
      // There is no room for all: try the latest half.
    }
  }
}

window.addEventListener("pagehide", keep);
document.addEventListener("visibilitychange", () => document.hidden && keep());

// To be called once. A text that was still being written goes on.
export function restore() {
  let kept;
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT_KEY));
  } catch {
    kept = null;
  }
  if (!Array.isArray(kept?.earlier) || shown || asked) return;
  earlier = kept.earlier;
  shown = textOf(kept.shown);
  changed();
  const open = [kept.asked, kept.shown].find((state) => textOf(state)?.isOpen);
  if (open) read(textOf(open), open === kept.shown);
}

// The Write tab's text: the one on the paper, the one that was asked for, and the earlier ones for
// Undo. All of it is kept over a reload of the page.
import { ask } from "../browser/server.js";
import { WrittenText, countCharacters } from "../browser/written_text.js";

const KEPT_KEY = "charlstm-paper";
const MOST_EARLIER = 50;
export const MOST_CHARACTERS = { seedText: 2000, text: 40000 }; // as the server has them

const listeners = new Set();
let shown = null; // the text on the paper; null when nothing was written yet
let asked = null; // one that was asked for, of which nothing has come: `shown` stays until then
let earlier = []; // states of texts, the latest last; null for the empty paper
let notice = ""; // a sentence about what was just done, until something else is
let remarked = ""; // a sentence about the link that the page was opened with
let copied = ""; // a sentence about passages copied from the training text

// listener: called whenever something about the paper has changed.
export function onPaper(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const shownText = () => shown;
export const text = () => shown?.text ?? "";
export const holdsText = () => shown !== null;
export const latest = () => asked ?? shown;
export const isWriting = () => latest()?.isOpen ?? false;
export const currentNotice = () => notice;
export const copiedSentence = () => copied;

export const currentRemark = () => remarked;

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
  if (!holdsText()) return say("There is no text to go on from yet: press Write first.");
  const count = countCharacters(text());
  if (count > MOST_CHARACTERS.text) {
    const most = MOST_CHARACTERS.text.toLocaleString("en");
    return say(
      `The text has grown to ${count.toLocaleString("en")} characters, and at ${most} the paper ` +
        "ends: press Write to begin a new one.",
    );
  }
  const request = { ...settings, seed_text: text() };
  const { seedUnits, origin } = shown;
  read(new WrittenText(request, { text: text(), seedUnits, origin: originOf(request, origin) }));
}

// Of a text that is continued with the same settings, what came first: it is one longer text. The
// names of models that have answered are the same everywhere, those from the list are not.
function originOf(request, origin) {
  const isSame = ["model", "temperature", "random_seed"].every(
    (name) => request[name] === origin[name],
  );
  return isSame ? origin : request;
}

export function tryAgain() {
  const { request, text, seedUnits, origin } = latest();
  read(new WrittenText(request, asked ? { origin } : { text, seedUnits, origin }), !asked);
}

export function stop() {
  const open = latest();
  if (!open?.isOpen) return;
  if (asked) {
    const text = asked;
    asked = null; // nothing of it has come: the earlier text stays
    text.stop();
    return say("Stopped.");
  }
  shown.stop();
}

export function undo() {
  if (isWriting()) return say("Still writing: press Stop first.");
  if (!earlier.length) return say("There is nothing to undo.");
  asked = null;
  const state = earlier.pop();
  shown = state && new WrittenText(state.request, state);
  copied = "";
  say("Undone.");
}

// Puts the latest of the earlier texts for which `isWanted` holds on the paper again. Returns
// whether there is one, or it is there already.
export function showAgain(isWanted) {
  if (shown && isWanted(shown)) return true;
  const texts = earlier.map((state) => state && new WrittenText(state.request, state));
  const place = texts.findLastIndex((writing) => writing && isWanted(writing));
  if (place < 0) return false;
  asked?.stop();
  shown?.stop();
  earlier.splice(place, 1);
  earlier.push(shown && shown.state);
  [shown, asked, notice, copied] = [texts[place], null, "", ""];
  changed();
  return true;
}

// isSame: it is the text on the paper, which goes on.
function read(writing, isSame = false) {
  asked?.stop();
  shown?.stop();
  asked = isSame ? null : writing;
  if (isSame) shown = writing;
  notice = copied = "";
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
    if (writing !== latest()) return;
    copied = answer.sentence;
    changed();
  } catch {
    // Nothing is known of copies: nothing is said.
  }
}

function changed() {
  for (const listener of listeners) listener();
}

// Over a reload

export function keep() {
  const kept = { shown: shown?.state ?? null, asked: asked?.state ?? null, earlier, copied };
  try {
    sessionStorage.setItem(KEPT_KEY, JSON.stringify(kept));
  } catch {
    sessionStorage.removeItem(KEPT_KEY); // there is no room for it
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
  if (!kept || shown || asked) return;
  earlier = kept.earlier;
  copied = kept.copied;
  shown = kept.shown && new WrittenText(kept.shown.request, kept.shown);
  const open = [kept.asked, kept.shown].find((state) => ["asked", "writing"].includes(state?.status));
  changed();
  if (open) read(new WrittenText(open.request, open), open === kept.shown);
}

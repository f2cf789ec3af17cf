// The Write tab's text: the one on the paper, the one that was asked for, and the earlier ones for
// Undo. All of it is kept over a reload of the page. The paper shows a text by and by (pace.js),
// whatever more of it the server has sent.
import { SHIPPED, USUAL_MODEL, asksForSomething } from "../browser/address.js";
import { lengthAt, withoutLast } from "../browser/characters.js";
import { ask } from "../browser/server.js";
import { WrittenText, countCharacters } from "../browser/written_text.js";

const KEPT_KEY = "charlstm-paper";
const VISITED_KEY = "charlstm-visited";
const MOST_EARLIER = 50;
const MOST_CHARACTERS = { seedText: 2000, text: 40000 }; // as the server has them

const listeners = new Set();
let shown = null; // the text on the paper; null when nothing was written yet
let asked = null; // one that was asked for, of which nothing has come: `shown` stays until then
let earlier = []; // states of texts, the latest last; null for the empty paper
let notice = ""; // a sentence about what was just done, until something else is
let remarked = ""; // a sentence about the link that the page was opened with
let choice = null; // how the last letter was drawn, or the next one will be; see WrittenText

// listener: called whenever something about the paper has changed.
export function onPaper(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const shownText = () => shown;
export const text = () => shown?.text.slice(0, shown.shownUnits) ?? "";
export const latest = () => asked ?? shown;
const isLeft = () => shown !== null && (shown.isOpen || shown.shownUnits < shown.text.length);
export const isPaused = () => shown !== null && shown.isPaused && isLeft();
// Of what has come something is not shown yet, and shall be.
export const hasMore = () =>
  shown !== null && !shown.isPaused && shown.shownUnits < shown.text.length;
export const isWriting = () =>
  (asked?.isOpen ?? false) || (shown !== null && !shown.isPaused && (shown.isOpen || hasMore()));
// {at, likeliest, probabilities, drawn}; it was drawn if `at` lies within the shown text.
export const nowChoice = () => choice;
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
  const composed = request.seed_text;
  read(newText(request, { ...known, composed, origin: request, settings: request }));
}

const newText = (request, known) => new WrittenText(request, { ...known, wantsChoices: true });

// More of the text on the paper, as far as it is shown, with the settings of now.
export function goOn(settings) {
  if (!shown) return say("There is no text to go on from yet: press Write first.");
  const count = countCharacters(text());
  if (count > MOST_CHARACTERS.text) {
    const most = MOST_CHARACTERS.text.toLocaleString("en");
    return say(
      `The text has grown to ${count.toLocaleString("en")} characters, and at ${most} the paper ` +
        "ends: press Start over to begin a new one.",
    );
  }
  const request = { ...settings, seed_text: text() };
  const { composed, yours } = shown;
  const origin = originOf(request);
  const known = { text: text(), yours, shownUnits: shown.shownUnits, origin, settings, composed };
  read(newText(request, known));
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

// Whether the text would go on as it does with these settings.
export function isWrittenWith(settings) {
  const { model, temperature } = shown.settings;
  return settings.model === model && settings.temperature === temperature;
}

export function tryAgain() {
  const { request, text, yours, shownUnits, origin, settings, composed, isFromAddress } = latest();
  const known = { origin, settings, composed };
  if (asked) return read(newText(request, { ...known, isFromAddress }));
  // The page's address is that of this text already.
  read(newText(request, { ...known, text, yours, shownUnits, isFromAddress: true }), true);
}

export function pause() {
  if (asked) {
    dropAsked(); // nothing of it has come: the earlier text stays
    return say("Stopped.");
  }
  if (!shown || !isWriting()) return;
  shown.isPaused = true;
  lookAhead();
}

export function resume() {
  if (!shown?.isPaused) return;
  shown.isPaused = false;
  changed();
}

// What was sent is shown

export function showLetter() {
  const { shownUnits, text } = shown;
  showUntil(shownUnits + lengthAt(text, shownUnits));
}

export const showAll = () => showUntil(shown.text.length);

function showUntil(end) {
  shown.shownUnits = end;
  while (shown.choices.length && shown.choices[0].at < end) choice = shown.choices.shift();
  changed();
}

// Show what the next letter will be drawn from.
export function lookAhead() {
  choice = shown.choices[0] ?? choice;
  changed();
}

// The visitor's own letters

// beginning: the text that was shown when the letter was chosen. settings: of now.
export function addLetter(beginning, letter, settings) {
  const isOnPaper = shown !== null && text().startsWith(beginning);
  const at = beginning.length;
  const yours = isOnPaper ? within(shown.yours, at) : at ? [[0, at]] : [];
  const last = yours.at(-1);
  if (last?.[1] === at) yours[yours.length - 1] = [last[0], at + letter.length];
  else yours.push([at, at + letter.length]);
  const composed = isOnPaper ? shown.composed : beginning;
  edit(beginning + letter, { yours, composed, settings });
}

export function removeLetter(settings) {
  const left = withoutLast(text());
  edit(left, { yours: within(shown.yours, left.length), composed: shown.composed, settings });
  say("The last letter is gone. Press Continue to carry on.");
}

const within = (parts, end) =>
  parts.filter(([begin]) => begin < end).map(([begin, partEnd]) => [begin, Math.min(partEnd, end)]);

// Letters that follow each other are undone together.
function edit(text, known) {
  dropAsked();
  shown?.stop();
  if (!shown?.isEdited) remember();
  // By the name that the model has on every server, for links. The server has given it.
  const { model: id } = known.settings;
  const named = id === SHIPPED ? USUAL_MODEL : shown?.settings.model === id ? shown.request.model : id;
  const request = { ...known.settings, model: named, seed_text: text };
  const state = { shownUnits: text.length, status: "ended", seconds: 0, isEdited: true };
  shown = newText(request, { ...known, ...state, text, origin: request });
  choice = null;
  say("");
}

// Undo

function dropAsked() {
  const text = asked;
  asked = null; // first, or it would be taken for one that has come
  text?.stop();
}

function remember() {
  earlier.push(shown && { ...shown.state, isPaused: true, choices: [] });
  earlier = earlier.slice(-MOST_EARLIER);
}

export const canUndo = () => asked !== null || earlier.length > 0;

export function undo() {
  if (asked) {
    // Nothing of it has come, or it was refused: it has changed nothing.
    const { isOpen } = asked;
    dropAsked();
    return say(isOpen ? "Stopped." : "");
  }
  if (!earlier.length) return say("There is nothing to undo.");
  shown?.stop();
  place(earlier.pop());
  say("Undone.");
}

const textOf = (state) => state && newText(state.request, state);

function place(state) {
  shown = textOf(state);
  choice = null;
}

// Puts the latest of the earlier texts for which `isWanted` holds on the paper again. Returns
// whether there is one, or it is there already.
export function showAgain(isWanted) {
  if (shown && isWanted(shown)) {
    dropAsked();
    say("");
    return true;
  }
  const at = earlier.findLastIndex((state) => state && isWanted(textOf(state)));
  if (at >= 0) turnTo(at);
  return at >= 0;
}

export function showEmpty() {
  if (shown) return turnTo(earlier.lastIndexOf(null));
  dropAsked();
  say("");
}

// For a network that has just learned.
export function welcome() {
  showEmpty();
  say("Your network is ready to write. Press Write, or type how the text starts.");
}

// at: among the earlier texts; -1 for the empty paper if it is not among them.
function turnTo(at) {
  dropAsked();
  shown?.stop();
  const [state] = at < 0 ? [null] : earlier.splice(at, 1);
  remember();
  place(state);
  say("");
}

// isSame: it is the text on the paper, which goes on.
function read(writing, isSame = false) {
  dropAsked();
  shown?.stop();
  if (isSame) {
    shown = writing;
  } else {
    asked = writing;
    if (shown) shown.isPaused = true;
  }
  notice = "";
  if (!writing.isFromAddress) remarked = "";
  let { status } = writing;
  writing.subscribe(() => {
    if (writing === asked && writing.status !== "asked" && writing.status !== "refused") {
      arrive(writing);
    }
    if (writing !== latest()) return;
    // What was said of the text stays while more of it comes.
    if (writing.status !== status && !writing.isPaused) notice = "";
    status = writing.status;
    changed();
    if (writing.status === "ended") lookForCopies(writing);
  });
  changed();
  writing.read();
}

function arrive(writing) {
  remember();
  // What the visitor wrote need not be shown by and by.
  const [, end] = writing.yours[0] ?? [0, 0];
  if (!writing.shownUnits) writing.shownUnits = Math.min(end, writing.text.length);
  [shown, asked, choice] = [writing, null, null];
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

// Nothing of what was written is kept.
export function forget() {
  dropAsked();
  shown?.stop();
  [shown, earlier] = [null, []];
}

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

// The first visit

// A text that came with the page writes itself, if the visitor has seen none yet and did not ask
// for one. first: a request, and the piece that answers it, as the server sends pieces.
export function showFirst({ piece, ...request }) {
  if (shown || asked || earlier.length || asksForSomething(location.search)) return;
  if (!isFirstVisit()) return;
  const { seed_text } = request;
  shown = newText(
    { ...request, model: USUAL_MODEL, length: countCharacters(piece.text) },
    { text: seed_text, yours: [[0, seed_text.length]], shownUnits: seed_text.length },
  );
  Object.assign(shown, { origin: shown.request, settings: shown.request, isFirst: true, composed: "" });
  shown.takePiece(piece);
  shown.status = "ended";
  changed();
}

function isFirstVisit() {
  try {
    const isFirst = !localStorage.getItem(VISITED_KEY);
    localStorage.setItem(VISITED_KEY, "yes");
    return isFirst;
  } catch {
    return false; // the browser keeps nothing: every visit would be the first
  }
}

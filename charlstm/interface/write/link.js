// Links: the page's address follows the tab and the text on the paper, and the page follows its
// address, when it opens and on Back and Forward.
import { SHIPPED, USUAL_MODEL, readAddress, searchOf, withSearch } from "../browser/address.js";
import { lastChosenModel, listsAreLoaded } from "../browser/chosen_model.js";
import { setLabel } from "../browser/gradio_button.js";
import { toClipboard } from "../browser/clipboard.js";
import { firstSeed, throwDice } from "../browser/dice.js";
import { ask } from "../browser/server.js";
import { countCharacters } from "../browser/written_text.js";
import { nowForm } from "./form.js";
import * as paper from "./paper.js";

const UNCHANGED = { __type__: "update" }; // in Gradio's words: this output stays as it is
const FORM_KEY = "charlstm-form";
const FORM_PARTS = ["model", "seed_text", "temperature", "length", "random_seed"];
// Characters: longer ones do not survive every way of sending, nor every server after a reload.
const MOST_ADDRESS = 2000;
const MOST_FAULTS = 5; // of an address that are named
let tab = "write"; // as the server sends the page
let hasChosen = false; // the visitor, a tab
// Tabs that were opened by a click or because the address says so, of which Gradio has still to
// report that they are chosen: it may do so when the address has moved on.
const selected = [];
let limits = null;
let isFilled = false; // the form, with what the page opened with
let isFollowing = false; // the page is about to follow its address: it must not be changed

// The request that gives a text in one go. One that was stopped ends where it stands.
function requestOf(writing) {
  const { origin, request, status, text } = writing;
  const isWhole = writing.isOpen || status === "ended";
  const end = isWhole ? countCharacters(request.seed_text) + request.length : countCharacters(text);
  const [least, most] = limits.lengths;
  const writtenAfter = ({ seed_text, temperature, random_seed }) => ({
    model: request.model,
    seed_text,
    temperature,
    length: Math.max(least, end - countCharacters(seed_text)),
    random_seed,
  });
  const whole = writtenAfter(origin);
  // A model that has learned on since would write the beginning otherwise.
  const isByOneModel = (origin.name ?? request.model) === request.model;
  return isByOneModel && whole.length <= most ? whole : writtenAfter(request);
}

export async function share() {
  if (tab !== "write") return shareTab();
  const writing = paper.shownText();
  if (!writing) return paper.say("There is no text to share yet: press Write first.");
  const request = requestOf(writing);
  const address = new URL(document.baseURI);
  address.search = searchOf("write", request);
  address.hash = "";
  if (address.href.length > MOST_ADDRESS) {
    const length = address.href.length.toLocaleString("en");
    return paper.say(
      `What the text begins with is too long for a link: the address would have ${length} ` +
        `characters, and ${MOST_ADDRESS.toLocaleString("en")} are the most. Copy the text instead.`,
    );
  }
  const isPhone = window.matchMedia("(pointer: coarse)").matches;
  if (isPhone && navigator.share) {
    try {
      await navigator.share({ title: "A text by charlstm", url: address.href });
      return paper.say("Shared.");
    } catch (error) {
      if (error.name === "AbortError") return; // the visitor thought better of it
    }
  }
  if (!(await toClipboard(address.href))) return paper.say(`Copy this link by hand: ${address}`);
  const condition = request.model === USUAL_MODEL ? "" : ", as long as this server has the model";
  paper.say(`Link copied. Whoever opens it sees the same text being written${condition}.`);
}

// Where no text is shown, the link leads to the tab.
async function shareTab() {
  const isCopied = await toClipboard(location.href);
  setLabel("#share", isCopied ? "Link copied" : "Not copied");
  setTimeout(() => setLabel("#share", "Share"), 2000);
}

// The address follows

// At once: Gradio says it later, when the page may already have been told to show another tab.
document.addEventListener(
  "click",
  (event) => {
    const name = event.target.closest?.('[role="tab"]')?.dataset.tabId;
    if (!name) return;
    hasChosen = true;
    if (name === tab) return;
    selected.push(name);
    tab = name;
    if (!isFollowing) follow("pushState");
  },
  { capture: true },
);

// As Gradio says it, of a tab that a button or an answer has opened.
export function tabChosen(name) {
  const place = selected.indexOf(name);
  if (place >= 0) return void selected.splice(0, place + 1); // known already
  if (name === tab) return;
  tab = name;
  if (!isFollowing) follow("pushState");
}

let followed = { writing: null, status: "" };
const noteFollowed = () => {
  const writing = paper.shownText();
  followed = { writing, status: writing?.status ?? "" };
};

paper.onPaper(() => {
  const writing = paper.shownText();
  const status = writing?.status ?? "";
  if (isFollowing || (writing === followed.writing && status === followed.status)) return;
  // The text that an address asked for stands under that address, with all its settings in it; so
  // does one that was stopped.
  const isEdited = writing?.isEdited && followed.writing?.isEdited; // a step for all the letters
  const isAnother = writing !== followed.writing && !writing?.isFromAddress && !isEdited;
  if (writing) writing.isFromAddress = false; // once: after Undo it is a text like all others
  noteFollowed();
  follow(isAnother ? "pushState" : "replaceState");
});

const isSame = (request, other) =>
  request && other ? FORM_PARTS.every((part) => request[part] === other[part]) : request === other;
const heldRequest = () => history.state?.request ?? null;

// method: of `history`. An entry holds the request too, of which an address may be too long.
function follow(method) {
  if (!limits) return;
  const writing = paper.shownText();
  const request = tab === "write" && writing ? requestOf(writing) : null;
  let address = withSearch(searchOf(tab, request));
  if (address.length > MOST_ADDRESS) address = withSearch(searchOf(tab, null));
  if (address === location.href && isSame(request, heldRequest())) return;
  try {
    history[method]({ request }, "", address);
  } catch {
    // Safari allows a hundred changes in half a minute: the address stays behind the page.
  }
}

// The page follows

window.addEventListener("popstate", () => {
  const button = document.querySelector("#follow-address");
  if (!button || !limits) return; // the page is not there yet: it will follow when it is
  isFollowing = true;
  button.click(); // see followAddress
});

window.addEventListener("pagehide", () => {
  try {
    // What was just chosen or typed may not have gone through Gradio yet.
    const form = nowForm();
    const model = lastChosenModel() ?? form.model;
    const seed_text = document.querySelector("#seed-text textarea")?.value ?? form.seed_text;
    const left = { ...form, model, seed_text };
    if (limits && isFilled) sessionStorage.setItem(FORM_KEY, JSON.stringify(FORM_PARTS.map((part) => left[part])));
  } catch {
    // There is no room: the form begins anew.
  }
});

// When the page opens. Returns [tabs, model, seed text, temperature, length, random seed]. What was
// there before a reload is there again; so it is for whoever comes back and asks for nothing else.
export async function openPage(givenLimits, seed) {
  limits = givenLimits;
  const [navigation] = performance.getEntriesByType("navigation");
  const isReload = navigation?.type !== "navigate";
  const { tab: asked, request, faults } = readAddress(location.search, limits);
  const kept = isReload || !request ? keptForm() : null;
  if (!kept) {
    const answer = await openAddress(firstSeed(seed));
    if (hasChosen) follow("replaceState");
    return answer;
  }
  if (!hasChosen) tab = asked;
  if (!isReload) remark(faults);
  noteFollowed();
  if (!request) follow("replaceState");
  if (kept[0] !== SHIPPED) await listsAreLoaded();
  return [selectFirst(), ...kept];
}

// The form shows what openPage has answered. A page that is left before keeps what was kept.
export function formIsFilled() {
  isFilled = true;
}

// The form is not kept when the page is left.
export function forgetForm() {
  limits = null;
}

function keptForm() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(FORM_KEY));
    return Array.isArray(kept) && kept.length === FORM_PARTS.length ? kept : null;
  } catch {
    return null;
  }
}

// On Back and Forward; as openPage.
export async function followAddress() {
  return openAddress();
}

// seed: the random seed if the address has none; without it the one that is shown stays.
async function openAddress(seed) {
  isFollowing = true;
  try {
    const { tab: asked, request, faults } = readAddress(location.search, limits);
    const held = heldRequest();
    const wanted = held ?? request;
    const isBack = seed === undefined;
    const show = isBack ? () => select(tab) : selectFirst;
    if (isBack || !hasChosen) {
      if (asked !== tab) selected.push(asked);
      tab = asked;
    }
    if (!wanted) {
      remark(faults);
      if (isBack && tab === "write") paper.showEmpty();
      return [show(), UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED, seed ?? UNCHANGED];
    }
    const model = await idOf(wanted.model, faults);
    remark(faults);
    const filled = {
      model: model ?? SHIPPED,
      seed_text: wanted.seed_text ?? "",
      temperature: wanted.temperature ?? 0.8,
      length: wanted.length ?? 500,
      random_seed: wanted.random_seed ?? seed ?? throwDice(),
    };
    const name = wanted.model ?? USUAL_MODEL;
    const isWanted = (writing) => isSame(requestOf(writing), { ...filled, model: name });
    if (wanted.seed_text !== null && !paper.showAgain(isWanted)) {
      paper.begin(filled, { isFromAddress: true });
    }
    if (filled.model !== SHIPPED) await listsAreLoaded();
    return [show(), ...Object.values(filled)];
  } finally {
    noteFollowed();
    isFollowing = false;
  }
}

function remark(faults) {
  const named = faults.slice(0, MOST_FAULTS);
  const others = faults.length - named.length;
  if (others) named.push(`So ${others > 1 ? "are" : "is"} ${others.toLocaleString("en")} more.`);
  paper.remark(named.length ? `Of the link: ${named.join(" ")}` : "");
}

// The id of a model here, by the name that it has everywhere; null if there is none.
async function idOf(name, faults) {
  if (name === null) return null;
  try {
    return (await ask("which_model", name)).id;
  } catch (error) {
    faults.push(error.message);
    return null;
  }
}

const select = (name) => ({ selected: name, __type__: "update" });

// While the page opens, a tab that the visitor has already chosen is not taken back.
const selectFirst = () => (hasChosen || tab === "write" ? UNCHANGED : select(tab));

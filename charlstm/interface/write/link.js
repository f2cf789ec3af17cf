// Links: the page's address follows the tab and the text on the paper, and the page follows its
// address, when it opens and on Back and Forward.
import { readAddress, searchOf, withSearch } from "../browser/address.js";
import { toClipboard } from "../browser/clipboard.js";
import { firstSeed, throwDice } from "../browser/dice.js";
import { ask } from "../browser/server.js";
import { countCharacters } from "../browser/written_text.js";
import * as paper from "./paper.js";

const UNCHANGED = { __type__: "update" }; // in Gradio's words: this output stays as it is
const FORM_KEY = "charlstm-form";
const MOST_ADDRESS = 2000; // characters; longer ones do not survive every way of sending
const SHIPPED = "shipped"; // id of the model that every installation has
let tab = "write";
let limits = null;
let form = null; // model, seed text, temperature, length, random seed, as the page shows them
let isFollowing = false; // the page is about to follow its address: it must not be changed

// The request that gives the text on the paper in one go.
export function requestOf(writing) {
  const count = countCharacters(writing.text);
  const isWhole = writing.isOpen || writing.status === "ended";
  const { origin, request } = writing;
  const seed = countCharacters(origin.seed_text);
  // A text that was stopped ends where it stands.
  const end = isWhole ? countCharacters(request.seed_text) + request.length : count;
  const [least, most] = limits.lengths;
  const whole = { ...origin, model: request.model, length: Math.max(least, end - seed) };
  return whole.length <= most ? whole : request;
}

function linkTo(writing) {
  const address = new URL(document.baseURI);
  address.search = searchOf("write", requestOf(writing));
  address.hash = "";
  return address.href;
}

export async function share() {
  const writing = paper.shownText();
  if (!writing) return paper.say("There is no text to share yet: press Write first.");
  const address = linkTo(writing);
  if (address.length > MOST_ADDRESS) {
    const length = address.length.toLocaleString("en");
    return paper.say(
      `What the text begins with is too long for a link: the address would have ${length} ` +
        `characters, and ${MOST_ADDRESS.toLocaleString("en")} are the most. Copy the text instead.`,
    );
  }
  const isPhone = window.matchMedia("(pointer: coarse)").matches;
  if (isPhone && navigator.share) {
    try {
      await navigator.share({ title: "A text by charlstm", url: address });
      return paper.say("Shared.");
    } catch (error) {
      if (error.name === "AbortError") return; // the visitor thought better of it
    }
  }
  if (!(await toClipboard(address))) return paper.say(`Copy this link by hand: ${address}`);
  const isUsual = !new URL(address).searchParams.has("model");
  paper.say(
    `Link copied. Whoever opens it sees the same text being written${
      isUsual ? "." : ", as long as this server has the model."
    }`,
  );
}

// The address follows

export function tabChosen(name) {
  if (name === tab) return;
  tab = name;
  if (!isFollowing) follow();
}

let followed = { writing: null, status: "" };

paper.onPaper(() => {
  const writing = paper.shownText();
  const status = writing?.status ?? "";
  if (isFollowing || (writing === followed.writing && status === followed.status)) return;
  followed = { writing, status };
  follow();
});

function follow() {
  const writing = paper.shownText();
  if (!limits || writing?.status === "refused") return;
  const address = withSearch(searchOf(tab, writing && requestOf(writing)));
  if (address === location.href) return;
  // A text that an address asked for stands under that address, with all its settings in it.
  const isRefined = tab === "write" && writing?.isFromAddress;
  const isStopped = writing?.status === "stopped";
  history[isRefined || isStopped ? "replaceState" : "pushState"](null, "", address);
}

// The page follows

window.addEventListener("popstate", () => {
  isFollowing = true;
  document.querySelector("#follow-address").click(); // see openAddress
});

// What the page shows now, whenever something of it changes.
export function formChanged(...values) {
  form = values;
}

window.addEventListener("pagehide", () => {
  try {
    if (form) sessionStorage.setItem(FORM_KEY, JSON.stringify(form));
  } catch {
    // There is no room: the form begins anew.
  }
});

// When the page opens. Returns [tabs, model, seed text, temperature, length, random seed].
export async function openPage(givenLimits, seed) {
  limits = givenLimits;
  const [navigation] = performance.getEntriesByType("navigation");
  const kept = navigation?.type === "navigate" ? null : keptForm();
  if (!kept) return followAddress(firstSeed(seed));
  tab = readAddress(location.search, limits).tab;
  return [select(tab), ...kept];
}

function keptForm() {
  try {
    return JSON.parse(sessionStorage.getItem(FORM_KEY));
  } catch {
    return null;
  }
}

// On Back and Forward. Returns as openPage.
export async function followAddress(seed) {
  isFollowing = true;
  try {
    const { tab: asked, request, faults } = readAddress(location.search, limits);
    tab = asked;
    const remark = () => paper.remark(faults.length ? `Of the link: ${faults.join(" ")}` : "");
    if (!request) {
      remark();
      return [select(tab), UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED, seed ?? UNCHANGED];
    }
    const model = await idOf(request.model, faults);
    remark();
    const filled = {
      model: model ?? SHIPPED,
      seed_text: request.seed_text ?? "",
      temperature: request.temperature ?? 0.8,
      length: request.length ?? 500,
      random_seed: request.random_seed ?? seed ?? throwDice(),
    };
    if (request.seed_text !== null && !paper.showAgain((writing) => isAsked(writing))) {
      paper.begin(filled, { isFromAddress: true });
    }
    return [select(tab), ...Object.values(filled)];
  } finally {
    isFollowing = false;
  }
}

// Whether an earlier text is the one that the address asks for.
function isAsked(writing) {
  return withSearch(searchOf("write", requestOf(writing))) === location.href;
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

// What the page's address says: which tab, and which text. A link is such an address.
//
//     ?tab=watch        ?text=ROMEO%3A&t=0.8&n=500&seed=7        and &model=NAME for another model

// The name of the model that every installation has: links leave it out.
export const USUAL_MODEL = "tiny-shakespeare";
export const SHIPPED = "shipped"; // its id in every installation
const SHOWN_CHARACTERS = 60; // of what a stranger may have put into an address
const OURS = ["tab", "text", "t", "n", "seed", "model"];
// Not ours, but put there by Gradio, by the host, or by those who count clicks.
const OTHERS = /^(__|utm_)|^(stage|view|deep_link|fbclid|gclid)$/;

// limits: tabs, and the lowest and highest temperature, length and random seed.
// Returns {tab, request, faults}: the request's parts that are not given are null; it is null if no
// text is asked for. Faults are sentences about what was ignored.
export function readAddress(search, limits) {
  const parameters = new URLSearchParams(search);
  const faults = [];
  for (const name of new Set(parameters.keys())) {
    if (!OURS.includes(name) && !OTHERS.test(name)) {
      faults.push(`“${short(name)}” is ignored: there is no such setting.`);
    } else if (OURS.includes(name) && parameters.getAll(name).length > 1) {
      faults.push(`“${name}” is given more than once: only the first counts.`);
    }
  }
  const number = (name, words, [lowest, highest], pattern) => {
    const value = parameters.get(name);
    if (value === null) return null;
    const isGood = pattern.test(value) && Number(value) >= lowest && Number(value) <= highest;
    if (isGood) return Number(value);
    faults.push(
      `The ${words} “${short(value)}” is ignored: it is not from ${lowest} to ` +
        `${highest.toLocaleString("en")}.`,
    );
    return null;
  };
  const temperature = number("t", "temperature", limits.temperatures, /^\d{1,3}(\.\d{1,20})?$/);
  const length = number("n", "length", limits.lengths, /^\d{1,6}$/);
  const random_seed = number("seed", "random seed", limits.randomSeeds, /^\d{1,12}$/);
  let tab = parameters.get("tab");
  if (tab !== null && !limits.tabs.includes(tab)) {
    faults.push(`The tab “${short(tab)}” is ignored: there is none of that name.`);
    tab = null;
  }
  let text = parameters.get("text");
  if (text !== null && [...text].length > limits.seedCharacters) {
    const most = limits.seedCharacters.toLocaleString("en");
    faults.push(`The text is ignored: it has more than ${most} characters.`);
    text = null;
  }
  const model = parameters.get("model");
  const hasRequest = [text, temperature, length, random_seed, model].some((part) => part !== null);
  const request = { model, seed_text: text, temperature, length, random_seed };
  return { tab: tab ?? "write", request: hasRequest ? request : null, faults };
}

// Whether an address asks for a tab or a text.
export function asksForSomething(search) {
  const parameters = new URLSearchParams(search);
  return OURS.some((name) => parameters.has(name));
}

// The address's part after the path. request: null where the tab shows no text that was asked for.
export function searchOf(tab, request) {
  const parameters = new URLSearchParams();
  if (tab !== "write") parameters.set("tab", tab);
  else if (request) {
    parameters.set("text", request.seed_text);
    parameters.set("t", request.temperature);
    parameters.set("n", request.length);
    parameters.set("seed", request.random_seed);
    if (request.model !== USUAL_MODEL) parameters.set("model", request.model);
  }
  return parameters.toString();
}

// The page's address with another part of ours; what others put there stays.
export function withSearch(search) {
  const address = new URL(location.href);
  for (const name of OURS) address.searchParams.delete(name);
  const rest = address.searchParams.toString();
  address.search = [search, rest].filter(Boolean).join("&");
  return address.href;
}

// Part of a sentence: not too long, and without characters that turn or hide what follows them.
const short = (value) => {
  const characters = [...value];
  const isWhole = characters.length <= SHOWN_CHARACTERS;
  const shown = isWhole ? value : `${characters.slice(0, SHOWN_CHARACTERS).join("")}…`;
  return shown.replace(/\p{C}/gu, "\ufffd");
};

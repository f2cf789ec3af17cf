// What the Write tab's buttons do in the browser, before the server is asked or instead of it.
import { toClipboard } from "../browser/clipboard.js";
import { rollSeed } from "../browser/dice.js";
import { holdsText, statusHTML, text, writingStatus } from "./page.js";
import { beginRequest, lastRequest } from "./request.js";
import { remember } from "./undo.js";

// [seed text, random seed]
export function fillExample(example, isAlwaysNew, seed) {
  return [example, rollSeed(isAlwaysNew, seed)];
}

// The three that ask the server; Gradio passes the form and the number of the request before.

export function writeAnew(...inputs) {
  remember();
  return beginRequest(inputs.slice(0, -1));
}

// The text on the page takes the place of the seed text.
export function goOn(...inputs) {
  const [model, , ...settings] = inputs.slice(0, -1);
  remember();
  return beginRequest([model, holdsText() ? text() : "", ...settings]);
}

export function tryAgain(...inputs) {
  document.querySelector("#status .broken")?.remove();
  return beginRequest(lastRequest() ?? inputs.slice(0, -1));
}

// The status after Copy.
export async function copy() {
  if (!holdsText()) return statusHTML("There is no text to copy yet.");
  if (!(await toClipboard(text()))) {
    return statusHTML("The browser does not let the page copy: select the text by hand.");
  }
  return statusHTML("Copied.", writingStatus() ? "writing" : "");
}

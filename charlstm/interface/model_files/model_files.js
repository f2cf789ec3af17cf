// Models travel: their files are downloaded and loaded, and they are renamed and deleted.
import { modelsChanged } from "../browser/chosen_model.js";
import { ask } from "../browser/server.js";
import { HEADER, visitorSecret } from "../browser/visitor.js";
import { shownTraining, showTraining } from "../train/shown_training.js";

export const ENDING = ".safetensors";
const MEGABYTE = 1e6;
const SAFE = /^https?:\/\//;

const fileAddress = (parameters) => {
  const address = new URL("model-file", document.baseURI);
  address.search = new URLSearchParams(parameters);
  return address;
};

// What is said of the model, below its buttons.
class ModelNote extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "status");
  }

  // canUndo: offers to bring back what was deleted; address: of a page that the sentence is about.
  say(sentence, { canUndo = false, address = "" } = {}) {
    this.replaceChildren(sentence);
    if (address) {
      const link = document.createElement("a");
      if (SAFE.test(address)) link.href = address;
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = address;
      this.append(" ", link);
    }
    if (!canUndo) return;
    const undo = document.createElement("button");
    undo.type = "button";
    undo.textContent = "Undo";
    undo.addEventListener("click", () => bringBack(this.closest("#train-now") !== null));
    this.append(" ", undo);
  }
}

customElements.define("model-note", ModelNote);

// On the tab that is shown; each tab with such buttons has a note.
function say(...what) {
  const notes = [...document.querySelectorAll("model-note")];
  const isOnShownTab = (note) => note.closest('[role="tabpanel"]')?.checkVisibility();
  (notes.find(isOnShownTab) ?? notes[0])?.say(...what);
}

// One thing at a time: a button that is pressed twice does its work once.
let isAtWork = false;
async function work(begun, act) {
  if (isAtWork) return;
  isAtWork = true;
  say(begun);
  try {
    await act();
  } catch (error) {
    say(error.message);
  } finally {
    isAtWork = false;
  }
}

export function download(model) {
  return work("Fetching the file …", async () => {
    const response = await fetch(fileAddress({ model: model ?? "" }));
    if (!response.ok) throw new Error((await response.json()).error);
    const file = await response.blob();
    const given = response.headers.get("Content-Disposition") ?? "";
    const name = decodeURIComponent(given.split("filename*=UTF-8''")[1] ?? `model${ENDING}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    const size = (file.size / MEGABYTE).toFixed(1);
    say(`${name} (${size} MB) is downloaded. Drop it on any charlstm page to load it there.`);
  });
}

// The model of the training that the Train tab shows.
export const downloadShown = () => download(shownTraining());

export function chooseFile() {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ENDING;
  input.addEventListener("change", () => load(input.files[0]));
  input.click();
}

export function load(file) {
  const name = file.name;
  return work(`Loading ${name} …`, async () => {
    const answer = await send(file, (share) => say(`Loading ${name}: ${Math.round(100 * share)} % …`));
    modelsChanged(answer.model);
    say(answer.sentence);
  });
}

// Not with fetch, which does not say how much has been sent.
function send(file, onShare) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", fileAddress({ name: file.name }));
    request.setRequestHeader(HEADER, visitorSecret());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable && event.loaded < event.total) onShare(event.loaded / event.total);
    });
    request.addEventListener("error", () =>
      reject(new Error("The file did not reach the server: try again in a moment.")),
    );
    request.addEventListener("load", () => {
      const answer = request.response;
      if (answer?.model) resolve(answer);
      else reject(new Error(answer?.error ?? "The server does not answer: try again in a moment."));
    });
    request.send(file);
  });
}

// The name is typed in a box below the buttons. Returns what stands in it.
export function beginRenaming() {
  const box = document.querySelector("#model-title");
  const isOpen = box.classList.toggle("open");
  if (isOpen) setTimeout(() => box.querySelector("input, textarea")?.select(), 50); // once filled
  return document.querySelector("#model input")?.value ?? "";
}

export function rename(model, title) {
  return work("…", async () => {
    const answer = await ask("rename_model", model ?? "", title ?? "");
    document.querySelector("#model-title").classList.remove("open");
    modelsChanged();
    say(answer.sentence);
  });
}

export function remove(model) {
  return work("…", async () => {
    const answer = await ask("delete_model", model ?? "");
    modelsChanged();
    say(answer.sentence, { canUndo: answer.can_undo });
  });
}

// Also the deletion of a training that has no model.
export const removeShown = () => remove(shownTraining());

// isShownThere: whether the Train tab is to show it again.
function bringBack(isShownThere) {
  return work("…", async () => {
    const answer = await ask("bring_back_model");
    modelsChanged(answer.model);
    if (isShownThere) showTraining(answer.model);
    say(answer.sentence);
  });
}

export function getFromHub(name) {
  return work("Getting it from the Hub …", async () => {
    const answer = await ask("get_from_hub", name ?? "");
    modelsChanged(answer.model);
    say(answer.sentence);
  });
}

export function putOnHub(model, name, isPublic) {
  return work("Putting it on the Hub …", async () => {
    const answer = await ask("put_on_hub", model ?? "", name ?? "", isPublic);
    say(answer.sentence, { address: answer.address });
  });
}

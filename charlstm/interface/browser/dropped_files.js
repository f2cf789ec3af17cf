// A file may be dropped anywhere on the page: a model is loaded, a text is taken to the Train tab.
// Without this the browser would leave the page for the file.
import { ENDING, load } from "../model_files/model_files.js";

const PATIENCE_MS = 5000;
const FILE_BOX = "#upload"; // Gradio's, which takes a text by itself

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
const isForBox = (event) => event.target.closest?.(FILE_BOX) != null;
const openTab = (id) => document.querySelector(`[role="tab"][data-tab-id="${id}"]`)?.click();

document.addEventListener("dragover", (event) => {
  if (carriesFiles(event)) event.preventDefault();
});

document.addEventListener(
  "drop",
  (event) => {
    if (!carriesFiles(event)) return;
    const files = [...event.dataTransfer.files];
    const model = files.find((file) => file.name.endsWith(ENDING));
    if (!model && isForBox(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (model) loadModel(model);
    else if (files.length) learnFrom(files[0]);
  },
  { capture: true },
);

function loadModel(file) {
  openTab("write");
  const more = document.querySelector("#more");
  if (!more.classList.contains("open")) document.querySelector("#more-button").click();
  load(file);
}

// The box for a file is there once Gradio has shown it.
async function learnFrom(file) {
  openTab("train");
  document.querySelector('#source input[value="upload"]')?.click();
  const began = performance.now();
  let input = null;
  while (!(input = document.querySelector(`${FILE_BOX} input[type="file"]`))) {
    if (performance.now() - began > PATIENCE_MS) return;
    await new Promise((seen) => requestAnimationFrame(seen));
  }
  const carried = new DataTransfer();
  carried.items.add(file);
  input.files = carried.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

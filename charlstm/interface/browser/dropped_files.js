// A file may be dropped anywhere on the page: a model is loaded, a text is taken to the Train tab.
// Without this the browser would leave the page for the file. A long text that is pasted there is
// taken as a file, too; other boxes refuse it.
import { ENDING, load } from "../model_files/model_files.js";

const PATIENCE_MS = 5000;
const LONG_TEXT = 200_000; // UTF-16 units: a pasted text that is longer becomes a file
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
    else if (files.length) learnFrom(files);
  },
  { capture: true },
);

// A box of text that long would be slow at each key.
document.addEventListener(
  "paste",
  (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const box = event.target.closest?.("textarea, input");
    if (text.length < LONG_TEXT || !box) return;
    event.preventDefault();
    event.stopPropagation();
    if (!box.closest("#pasted")) return refuse(box, text.length);
    learnFrom([new File([text], "pasted text.txt", { type: "text/plain" })]);
  },
  { capture: true },
);

// Says beside a box, as the browser does for what cannot be sent, that nothing was pasted.
function refuse(box, units) {
  box.setCustomValidity(
    `You pasted about ${units.toLocaleString("en")} characters, too many for this box: it was ` +
      "left as it was. To train on a text, paste it on the Train tab.",
  );
  box.reportValidity();
  const forget = () => box.setCustomValidity("");
  for (const event of ["input", "blur"]) box.addEventListener(event, forget, { once: true });
}

function loadModel(file) {
  openTab("write");
  const more = document.querySelector("#more");
  if (!more.classList.contains("open")) document.querySelector("#more-button").click();
  load(file);
}

async function learnFrom(files) {
  openTab("train");
  (await appearing('#source input[value="upload"]'))?.click();
  const input = await appearing(`${FILE_BOX} input[type="file"]`);
  if (!input) return;
  const carried = new DataTransfer();
  for (const file of files) carried.items.add(file);
  input.files = carried.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// An element that Gradio makes once it is to be seen; null if it does not.
async function appearing(selector) {
  const began = performance.now();
  while (performance.now() - began < PATIENCE_MS) {
    const element = document.querySelector(selector);
    if (element) return element;
    await new Promise((seen) => requestAnimationFrame(seen));
  }
  return null;
}

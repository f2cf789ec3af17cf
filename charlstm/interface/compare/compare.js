// The Compare tab: several texts written side by side.
import { escapeHTML } from "../browser/characters.js";
import { rollSeed } from "../browser/dice.js";
import { setUsable } from "../browser/gradio_button.js";
import { GrowingText } from "../browser/growing_text.js";
import { progressWords } from "../browser/progress_words.js";
import { ask } from "../browser/server.js";
import { WrittenText } from "../browser/written_text.js";

const listeners = new Set();
let shown = null; // the comparison on the page: {mode, columns, writer}; null if there is none yet
const kept = new Map(); // the last comparison of each mode, for whoever comes back to it
let asked = null; // one that was asked for, of which nothing has come: `shown` stays until then
let notice = ""; // a sentence instead of what is known of the comparison

const textsOf = (comparison) => comparison?.columns.map((column) => column.writing) ?? [];
const isOpen = (comparison) => textsOf(comparison).some((writing) => writing.isOpen);
const end = (comparison) => textsOf(comparison).forEach((writing) => writing.stop());

function changed() {
  for (const listener of listeners) listener();
}

function say(sentence) {
  notice = sentence;
  changed();
}

// Returns the random seed of the new comparison, for its box. settings: those of both modes.
export function write(isAlwaysNew, mode, seed_text, length, seed, ...settings) {
  const random_seed = rollSeed(isAlwaysNew, seed);
  begin(mode, settings, { seed_text: seed_text ?? "", length, random_seed });
  return random_seed;
}

async function begin(mode, settings, request) {
  end(asked);
  const comparison = { mode, columns: [], writer: "", request };
  asked = comparison;
  say("");
  try {
    const answer = await ask("comparison", mode, request.seed_text, ...settings);
    if (asked !== comparison) return; // another one was asked for meanwhile, or Stop pressed
    comparison.writer = answer.writer;
    comparison.columns = answer.columns.map(({ name, detail, model, temperature }) => ({
      name,
      detail,
      facts: null, // HTML
      writing: new WrittenText({ ...request, model, temperature }),
    }));
  } catch (error) {
    if (asked !== comparison) return;
    asked = null;
    return say(error.message);
  }
  end(shown);
  for (const column of comparison.columns) {
    column.writing.subscribe(() => arrived(comparison, column));
    column.writing.read();
  }
  changed();
}

function arrived(comparison, column) {
  if (comparison !== (asked ?? shown)) return;
  const texts = textsOf(comparison);
  if (asked && texts.every((writing) => writing.status === "refused")) {
    asked = null; // what was there before stays
    return say(texts[0].sentence);
  }
  // Not before every model has answered: refused ones say so in their columns.
  if (asked && texts.some((writing) => writing.status === "writing" || writing.text)) {
    [shown, asked] = [comparison, null];
  }
  notice = "";
  changed();
  if (column.writing.status === "ended") findFacts(comparison, column);
}

async function findFacts(comparison, column) {
  const { seed_text } = comparison.request;
  try {
    const { facts } = await ask("facts", seed_text, column.writing.text.slice(seed_text.length));
    const unknown = escapeHTML(column.writing.unknown);
    column.facts = [...facts, unknown].filter(Boolean).join("<br>");
  } catch (error) {
    column.facts = escapeHTML(error.message);
  }
  if (comparison === shown) changed();
}

// What belongs to the other mode makes room.
export function changeMode(mode) {
  if (asked) end(asked);
  asked = null;
  if (shown) kept.set(shown.mode, shown);
  if (shown?.mode !== mode) shown = kept.get(mode) ?? null;
  say("");
  for (const column of shown?.columns ?? []) {
    if (column.writing.status === "ended" && column.facts === null) findFacts(shown, column);
  }
}

export function stop() {
  if (!isOpen(shown) && !asked) return;
  const stopped = asked;
  asked = null;
  end(stopped);
  end(shown);
  say("Stopped.");
}

class ComparedTexts extends HTMLElement {
  connectedCallback() {
    this.update = () => this.show();
    listeners.add(this.update);
    this.update();
  }

  disconnectedCallback() {
    listeners.delete(this.update);
  }

  show() {
    this.empty ??= this.innerHTML; // what is said before the first comparison
    if (!shown) {
      if (this.comparison) this.innerHTML = this.empty;
      this.comparison = null;
      return;
    }
    if (shown !== this.comparison) this.build();
    for (const [index, { writing, facts }] of shown.columns.entries()) {
      const column = this.children[index];
      const isRefused = writing.status === "refused";
      if (isRefused && !writing.text) {
        writing.text = writing.request.seed_text; // what was to be continued
        writing.yours = [[0, writing.text.length]];
      }
      this.pages[index].show(writing);
      const html = isRefused ? escapeHTML(writing.sentence) : facts;
      let said = column.querySelector(".facts");
      if (html === null || said?.heldHTML === html) continue;
      if (!said) {
        said = document.createElement("p");
        column.append(said);
      }
      said.className = isRefused ? "facts advice" : "facts";
      said.innerHTML = said.heldHTML = html;
    }
  }

  build() {
    this.comparison = shown;
    this.innerHTML = shown.columns
      .map(
        ({ name, detail }) => `<section class="compared"><header>
        <h2>${escapeHTML(name)} <small>${escapeHTML(detail)}</small></h2>
        <button type="button" class="copy-figures copy-column"
        aria-label="Copy the text: ${escapeHTML(name)}">Copy</button></header>
        <div class="page" dir="auto"></div></section>`,
      )
      .join("");
    this.pages = [...this.querySelectorAll(".page")].map((page) => new GrowingText(page));
  }
}

class CompareStatus extends HTMLElement {
  connectedCallback() {
    this.innerHTML ||= '<p role="status"></p>';
    this.update = () => this.show();
    listeners.add(this.update);
    this.update();
    requestAnimationFrame(this.update); // the button may come after this
  }

  disconnectedCallback() {
    listeners.delete(this.update);
  }

  show() {
    const comparison = asked ?? shown;
    const status = this.firstElementChild;
    const isWriting = asked !== null || isOpen(comparison);
    status.classList.toggle("writing", isWriting);
    setUsable("#compare-stop", isWriting);
    const said = notice || (comparison ? words(comparison) : "");
    if (status.textContent !== said) status.textContent = said;
  }
}

// While it is written, and what was written: by which model unless the columns name it.
function words(comparison) {
  const texts = textsOf(comparison);
  const open = texts.filter((writing) => writing.isOpen);
  if (open.length || comparison === asked) return progressWords(open);
  const ended = texts.filter((writing) => writing.status === "ended");
  if (ended.length < texts.length && texts.some((writing) => writing.status === "stopped")) {
    return "Stopped.";
  }
  if (!ended.length) return ""; // each column says what went wrong
  const { length, random_seed } = comparison.request;
  const by = comparison.writer ? ` by “${comparison.writer}”` : "";
  const seconds = Math.max(...ended.map((writing) => writing.seconds)).toFixed(1);
  return (
    `${ended.length} ${ended.length === 1 ? "text" : "texts"} of ` +
    `${length.toLocaleString("en")} characters${by} in ${seconds} s, ` +
    `with the random seed ${random_seed}.`
  );
}

// Such a button copies what it carries: here it is given the text when it is pressed.
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest(".copy-column");
    if (!button) return;
    const column = button.closest(".compared");
    button.dataset.text = shown.columns[[...column.parentNode.children].indexOf(column)].writing.text;
  },
  true, // before the listener that copies
);

customElements.define("compared-texts", ComparedTexts);
customElements.define("compare-status", CompareStatus);

// <inside-view>: a text coloured by surprise, or by what a cell does; values on hover and focus.
import { escapeHTML } from "../browser/characters.js";
import { chosenModel } from "../browser/chosen_model.js";
import { exactly } from "../browser/exact_figures.js";
import { percent } from "../browser/probabilities.js";
import { AGAIN_MS, ASKING_AGAIN, ask, newestOnly } from "../browser/server.js";
import { View } from "../browser/view.js";
import { text } from "../write/paper.js";
import { ColouredText, MOST_COLOURED } from "./coloured_text.js";

const STRONGEST_NATS = 6; // from here on the colour does not change

const inFigures = (number) =>
  number < 100 ? number.toFixed(1) : Math.round(number).toLocaleString("en");

class InsideView extends View {
  build() {
    this.innerHTML = `<section class="inside">
      <div class="inside-top"><fieldset class="inside-modes"><legend>Colour it by</legend>
      <label><input type="radio" name="inside-mode" value="surprise" checked> Surprise</label>
      <label><input type="radio" name="inside-mode" value="cells"> Cells</label></fieldset>
      <div class="inside-actions"><button type="button" class="take">Use the text from Write</button>
      <span class="examples"></span></div></div>
      <div class="inside-columns"><div class="inside-main"><div class="legend">
        <span class="low"></span><i></i><span class="high"></span></div>
        <div class="inside-reading"></div>
        <button type="button" class="edit">Change this text</button>
        <p class="quiet unknown" role="status"></p></div><div class="inside-side">
        <div class="inside-surprise figures-told" role="status"></div>
        <div class="inside-cells" hidden><p class="quiet cells-told" role="status"></p>
          <button type="button" class="search" hidden>Look for them now</button>
          <ul class="cell-list"></ul>
          <div class="any-cell"><label>Layer <input type="number" class="layer" min="1" value="1">
          </label><label>Cell <input type="number" class="cell" min="1" value="1"></label>
          <button type="button" class="previous" aria-label="Previous cell">◀</button>
          <button type="button" class="next" aria-label="Next cell">▶</button></div>
          <p class="quiet any-told"></p></div>
      </div></div></section>`;
    this.reading = new ColouredText(this.querySelector(".inside-reading"), {
      label: "The text that the network reads",
      placeholder: "Type or paste a text: each letter is coloured by what the network makes of it.",
      changed: () => this.update(),
    });
    this.mode = "surprise";
    this.chosen = { layer: 1, cell: 1 };
    this.colour = newestOnly((...asked) => this.colourOnce(...asked));
    this.reading.text = this.written();
    this.listen();
  }

  listen() {
    const on = (selector, event, does) => {
      for (const element of this.querySelectorAll(selector)) {
        element.addEventListener(event, () => does(element));
      }
    };
    on(".edit", "click", () => this.reading.edit());
    on(".take", "click", () => this.takeWritten());
    on("[name=inside-mode]", "change", (radio) => this.changeMode(radio.value));
    on(".search", "click", () => this.searchCells());
    on(".layer, .cell", "input", () => this.chooseNumbers());
    on(".previous", "click", () => this.step(-1));
    on(".next", "click", () => this.step(1));
  }

  written() {
    return [...text()].slice(0, MOST_COLOURED).join("");
  }

  takeWritten() {
    const written = this.written();
    if (written) this.read(written);
    else this.querySelector(".take").textContent = "No text yet: write one on the Write tab";
  }

  read(text) {
    this.reading.text = text;
    this.querySelector(".take").textContent = "Use the text from Write";
    this.update();
  }

  async modelChanged(model) {
    await this.loadCells(ask("cells", model), model);
    this.update();
  }

  changeMode(mode) {
    this.mode = mode;
    this.reading.forgetValue();
    this.querySelector(".inside-surprise").hidden = mode !== "surprise";
    this.querySelector(".inside-cells").hidden = mode !== "cells";
    this.update();
  }

  // Names and texts that suit the model. Until the visitor has read another text, the first is read.
  showExamples(examples) {
    const buttons = examples.map(([name, text]) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "example", textContent: name });
      button.addEventListener("click", () => this.read(text));
      return button;
    });
    this.querySelector(".examples").replaceChildren(...buttons);
    const text = this.reading.text;
    if (!text && !this.wasFilled || text && text === this.filled) {
      this.filled = this.reading.text = examples[0]?.[1] ?? "";
    }
    this.wasFilled = true;
  }

  // The list of cells

  async loadCells(answer, model) {
    const status = this.querySelector(".cells-told");
    try {
      const { layers, cells, was_searched, examples } = await answer;
      if (model !== chosenModel()) return;
      this.showExamples(examples);
      this.layers = layers;
      this.querySelector(".search").hidden = was_searched;
      status.textContent = cells.length
        ? "Found without labels, on a text that the network wrote by itself:"
        : was_searched
          ? "No cell of this network follows anything we looked for closely enough."
          : "Nobody has looked for cells with a meaning in this model yet.";
      const list = this.querySelector(".cell-list");
      list.replaceChildren(...cells.map((cell) => this.item(cell)));
      this.choose(...(cells.length ? [cells[0].layer, cells[0].cell] : [1, 1]));
    } catch (error) {
      status.textContent = error.isSilence ? ASKING_AGAIN : error.message;
      if (error.isSilence) setTimeout(() => this.askAgain(model), AGAIN_MS);
    }
  }

  // Whatever was not answered.
  askAgain(model) {
    if (!this.isConnected || model !== chosenModel()) return;
    if (this.layers) this.update();
    else this.modelChanged(model);
  }

  item({ layer, cell, sentence, words, measure }) {
    const item = document.createElement("li");
    item.innerHTML = `<button type="button" class="named"><b>${escapeHTML(sentence)}</b>
      <span>${escapeHTML(words)}</span></button>${exactly("How exactly", escapeHTML(measure))}`;
    const button = item.firstChild;
    Object.assign(button.dataset, { layer, cell });
    button.addEventListener("click", () => this.choose(layer, cell));
    return item;
  }

  async searchCells() {
    const status = this.querySelector(".cells-told");
    const button = this.querySelector(".search");
    button.disabled = true;
    status.textContent = "It writes a text of 32,000 characters and reads it again …";
    await this.loadCells(ask("search_cells", chosenModel()), chosenModel());
    button.disabled = false;
  }

  choose(layer, cell) {
    this.chosen = { layer, cell };
    this.querySelector(".layer").value = layer;
    this.querySelector(".cell").value = cell;
    this.querySelector(".layer").max = this.layers.length;
    this.querySelector(".cell").max = this.layers[layer - 1] ?? 1;
    const cells = this.layers.map((units, place) => `layer ${place + 1}: ${units} cells`);
    this.querySelector(".any-told").textContent = `Or any cell by its number (${cells.join(", ")}).`;
    for (const button of this.querySelectorAll(".named")) {
      const isChosen = Number(button.dataset.layer) === layer && Number(button.dataset.cell) === cell;
      button.setAttribute("aria-pressed", isChosen);
    }
    if (this.mode === "cells") this.update();
  }

  chooseNumbers() {
    const [layer, cell] = [".layer", ".cell"].map((name) => this.querySelector(name).valueAsNumber);
    if (Number.isInteger(layer) && Number.isInteger(cell)) this.choose(layer, cell);
  }

  // To the next cell, through all layers and round again.
  step(by) {
    let { layer, cell } = this.chosen;
    const count = this.layers.length;
    cell += by;
    if (cell < 1 || cell > (this.layers[layer - 1] ?? 0)) {
      layer = ((layer - 1 + by + count) % count) + 1;
      cell = by > 0 ? 1 : this.layers[layer - 1];
    }
    this.choose(layer, cell);
  }

  // The colours

  update() {
    if (chosenModel() === null) return;
    this.colour(chosenModel(), this.reading.text, this.mode, this.chosen.layer, this.chosen.cell);
  }

  async colourOnce(model, text, mode, layer, cell) {
    const status = this.querySelector(".unknown");
    try {
      if (mode === "surprise") this.showSurprise(text, await ask("surprise", model, text));
      else this.showCell(text, await ask("cell", model, text, layer, cell), layer, cell);
      status.classList.remove("refused");
    } catch (error) {
      const asksAgain = error.isSilence && this.layers;
      status.textContent = asksAgain ? ASKING_AGAIN : error.message; // what is coloured stays
      status.classList.add("refused");
      if (asksAgain) setTimeout(() => this.askAgain(model), AGAIN_MS);
    }
  }

  showSurprise(text, answer) {
    this.querySelector(".unknown").textContent = answer.unknown;
    this.querySelector(".figures-told").innerHTML = answer.mean_nats === null
      ? "<p>There is nothing to read yet: type something.</p>"
      : `<p>On average it was as unsure as when choosing among
         <b class="perplexity">${inFigures(answer.perplexity)}</b> equally likely letters.
         ${beside(answer)}</p>
         ${exactly("The exact figures of this text", `The number of letters is called
         <i>perplexity</i>. Its natural logarithm is the mean surprise, or <i>loss</i>:
         <b class="mean">${answer.mean_nats.toFixed(2)} nats</b> here,
         ${Math.log(answer.vocabulary_size).toFixed(2)} nats for random guessing.`)}`;
    this.legend("surprise", "expected", "a great surprise");
    this.reading.show(text, answer.nats, {
      strength: (nats) => Math.min(1, nats / STRONGEST_NATS),
      words: (nats) => `${surpriseInWords(nats)} (${nats.toFixed(2)} nats)`,
      kind: "surprise",
    });
  }

  showCell(text, answer, layer, cell) {
    this.querySelector(".unknown").textContent = answer.unknown;
    this.legend("cell", "−1", "+1");
    this.reading.show(text, answer.values, {
      strength: (value) => value,
      words: (value) => `cell ${cell} of layer ${layer}: ${signed(value)}`,
      kind: "cell",
    });
  }

  legend(kind, low, high) {
    const legend = this.querySelector(".legend");
    legend.dataset.kind = kind;
    legend.querySelector(".low").textContent = low;
    legend.querySelector(".high").textContent = high;
  }
}

function beside({ perplexity, vocabulary_size: all }) {
  return perplexity > all
    ? `That is worse than random guessing among ${all}: it was sure of other letters.`
    : `Random guessing would choose among ${all}.`;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

function surpriseInWords(nats) {
  const likely = percent(Math.exp(-nats));
  if (nats < 0.7) return `expected, ${likely} likely`;
  if (nats < 2.3) return `one of those it thought of, ${likely} likely`;
  if (nats < 4.6) return `a surprise, ${likely} likely`;
  return `a great surprise, ${likely} likely`;
}

// From the Write tab: shows this tab, with what stands on the page. Returns an update of the tabs.
export function lookInside() {
  document.querySelector("inside-view")?.takeWritten();
  return { __type__: "update", selected: "inside" };
}

customElements.define("inside-view", InsideView);

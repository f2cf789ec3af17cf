// <how-it-works>: one text, character by character, and what the network makes of it.
import { inWords, signOf } from "../browser/characters.js";
import { chosenModel } from "../browser/chosen_model.js";
import { bend, likeliest, percent } from "../browser/probabilities.js";
import { ask, newestOnly } from "../browser/server.js";
import { View } from "../browser/view.js";
import { fill, made } from "./elements.js";
import { NetworkDrawing, stateSize } from "./network.js";
import { NextDraw } from "./next_draw.js";
import { StateGrids } from "./state.js";
import { drawCurve, fillGlossary, trainingInWords } from "./words.js";

const REMEMBERED = 200; // moments, so that stepping back and forth asks for nothing
const count = (number) => number.toLocaleString("en");

class HowItWorks extends View {
  build() {
    this.find = (selector) => this.querySelector(selector);
    this.most = Number(this.dataset.most);
    this.grids = new StateGrids(this.find(".layers"), this.find(".cell-value"));
    this.network = new NetworkDrawing(this);
    this.refresh = newestOnly(() => this.refreshOnce());
    this.next = new NextDraw(this, (place, character) => this.append(place, character));
    this.moments = new Map();
    this.tiles = [];
    this.facts = this.shown = null;
    this.firstText = this.dataset.text;
    this.listen();
    this.startAgain();
    // A tab that is not looked at asks for nothing.
    this.isVisible = false;
    new IntersectionObserver((entries) => {
      this.isVisible = entries.at(-1).isIntersecting;
      if (!this.isVisible) this.next.keep(false);
      else this.refresh();
    }).observe(this);
  }

  modelChanged() {
    this.next.calmDown();
    if (this.isVisible) this.refresh();
  }

  listen() {
    const on = (selector, kind, react) =>
      this.find(selector).addEventListener(kind, (event) => react(event));
    on("#how-text", "input", (event) => {
      if (!event.isComposing) this.type(event.target.value);
    });
    on("#how-text", "compositionend", (event) => this.type(event.target.value));
    on(".back", "click", () => this.go(this.read - 1));
    on(".forward", "click", () => this.go(this.read + 1));
    on(".tiles", "click", ({ target }) => {
      const place = [...this.find(".tiles").children].indexOf(target.closest("button"));
      if (place >= 0) this.go(place + 1);
    });
    on(".tiles", "keydown", (event) => {
      const steps = {
        ArrowLeft: this.read - 1,
        ArrowRight: this.read + 1,
        Home: 1,
        End: this.tiles.length,
      };
      if (!(event.key in steps)) return;
      event.preventDefault();
      this.go(Math.max(1, steps[event.key]));
      this.find(".tiles").children[this.read - 1]?.focus();
    });
    on(".anew", "click", () => this.startAgain());
    on("#how-right", "change", () => {
      this.hasSupposed = true;
      this.showSurprise();
    });
  }

  // The text and how many of its tiles are read. -1 is all: the server says how many there are.

  startAgain() {
    this.type(this.firstText);
    this.find(".drawn").textContent = "";
  }

  type(text) {
    this.next.calmDown();
    const characters = [...text.replace(/\r\n?/g, "\n")].slice(0, this.most);
    this.typed = characters.length; // what comes after these was drawn
    this.setText(characters);
  }

  // A drawn character takes the place of what followed in the text.
  append(place, character) {
    this.typed = Math.min(this.typed, place);
    this.setText([...[...this.text].slice(0, place), character]);
  }

  setText(characters) {
    const box = this.find("#how-text");
    this.text = characters.join("");
    if (box.value !== this.text) box.value = this.text;
    this.find(".count").textContent = `${characters.length} of ${this.most} characters`;
    this.read = -1;
    if (this.isVisible) this.refresh();
  }

  go(read) {
    if (!this.shown || read < 0 || read > this.tiles.length) return;
    this.next.calmDown();
    this.read = read;
    this.showPlace();
    this.refresh();
  }

  async refreshOnce() {
    const model = chosenModel();
    if (model === null) return; // until Gradio has loaded the lists
    try {
      if (model !== this.model) {
        const facts = await ask("how_model", model);
        if (model !== chosenModel()) return this.refresh();
        this.model = model;
        this.moments.clear();
        this.showModel(facts);
      }
      const [text, read] = [this.text, this.read];
      const isShown = text === this.shown?.text && read >= 0;
      const known = isShown && this.moments.get(this.keyOf(read));
      const answer = known || (await ask("how_moment", model, text, read));
      const isStale = model !== chosenModel() || text !== this.text || read !== this.read;
      if (isStale) return this.refresh();
      this.showTrouble("");
      this.show(text, answer);
    } catch (error) {
      this.next.calmDown();
      this.showTrouble(error.message);
    }
  }

  showTrouble(trouble) {
    this.classList.toggle("in-trouble", trouble !== "");
    this.find(".trouble").textContent = trouble;
  }

  keyOf(read) {
    return JSON.stringify(this.tiles.slice(0, read));
  }

  show(text, answer) {
    this.tiles = answer.tiles ?? this.tiles;
    this.read = answer.read;
    const { read, layers, scores, moved } = answer;
    this.moments.set(this.keyOf(read), { read, layers, scores, moved });
    if (this.moments.size > REMEMBERED) this.moments.delete(this.moments.keys().next().value);
    this.shown = { text, ...answer };
    this.showTiles();
    this.showPlace();
    const before = read ? this.moments.get(this.keyOf(read - 1))?.layers : null;
    this.grids.show(layers, before);
    this.find(".moved").textContent = this.movedInWords();
    this.next.show({
      characters: this.characters,
      scores,
      text,
      next: this.nextId() ?? null,
      typed: this.typed,
      most: this.most,
      place: read - this.tiles.filter(([, , isGiven]) => isGiven).length,
    });
    const odds = bend(scores, 1);
    const [[best, probability]] = likeliest(odds, 1);
    const last = this.tiles[read - 1];
    const reading = last?.[1] == null ? "nothing new" : `${inWords(last[0])}, number ${last[1]}`;
    this.network.show(reading, inWords(this.characters[best]), probability);
    if (!this.hasSupposed) this.find("#how-right").value = this.nextId() ?? best;
    this.showSurprise();
  }

  showModel(facts) {
    this.facts = facts;
    const isUntouched = this.text === this.firstText;
    this.firstText = facts.first_text;
    if (isUntouched) this.setText([...this.firstText]);
    this.characters = facts.characters;
    this.hasSupposed = false;
    this.shown = null;
    this.read = -1; // another model may have other tiles
    const size = count(stateSize(facts.parts));
    this.find(".state-size").textContent = `${size} numbers`;
    this.find(".vocabulary summary").textContent =
      `All ${count(this.characters.length)} characters that this model knows`;
    fill(
      this.find(".known"),
      this.characters,
      () => made("span"),
      (chip, character, id) => {
        chip.replaceChildren(made("b", "", signOf(character)), made("small", "", id));
        chip.title = `${inWords(character)}: number ${id}`;
      },
    );
    fill(
      this.find("#how-right"),
      this.characters,
      () => made("option"),
      (option, character, id) => {
        option.textContent = signOf(character);
        option.value = id;
      },
    );
    this.grids.resize(
      facts.parts.filter(({ name }) => name.startsWith("lstm")).map(({ units }) => units),
    );
    this.find(".story-of").textContent = trainingInWords(facts.learned);
    this.find(".weights-count").textContent = `${count(facts.parameters)} weights`;
    drawCurve(this.find(".learning-curve"), facts.learned.losses);
    this.network.draw(facts);
    fillGlossary(this.find(".words"), facts);
  }

  showTiles() {
    const make = () => {
      const tile = made("button");
      tile.type = "button";
      tile.append(made("b"), made("small"));
      return tile;
    };
    fill(this.find(".tiles"), this.tiles, make, (tile, [character, id, isGiven, readAs]) => {
      const words = [inWords(character), id === null ? "not known, skipped" : `number ${id}`];
      if (readAs !== character) words.push(`not known, read as ${inWords(readAs)}`);
      if (isGiven) words.push("a line's beginning, read before your text");
      tile.firstChild.textContent = signOf(character);
      tile.lastChild.textContent = id ?? "?";
      tile.title = words.join(": ");
      tile.setAttribute("aria-label", tile.title);
      tile.classList.toggle("given", isGiven);
      tile.classList.toggle("not-known", id === null);
    });
    const given = this.tiles.find(([, , isGiven]) => isGiven);
    this.find(".beginning").textContent = given
      ? `Before your text it always reads ${inWords(given[0])} (the dashed tile): so it knows ` +
        "that a line begins."
      : "";
    const unknown = [...new Set(this.tiles.filter(([, id]) => id === null).map(([c]) => c))];
    const others = this.tiles.filter(([character, , , readAs]) => readAs !== character);
    const readAs = new Map(others.map(([character, , , other]) => [character, other]));
    const pairs = [...readAs].map(([one, other]) => `${inWords(one)} as ${inWords(other)}`);
    const sentences = [];
    if (unknown.length) {
      const all = unknown.map(inWords).join(", ");
      sentences.push(`This model never saw ${all}: it has no number for that and skips it.`);
    }
    if (pairs.length) sentences.push(`Read as what it knows: ${pairs.join(", ")}.`);
    this.find(".unknown").textContent = sentences.join(" ");
  }

  // Which tile is marked; at once, before the server has answered.
  showPlace() {
    const tiles = [...this.find(".tiles").children];
    tiles.forEach((tile, place) => {
      tile.classList.toggle("read", place < this.read);
      tile.tabIndex = place === Math.max(0, this.read - 1) ? 0 : -1;
      if (place === this.read - 1) tile.setAttribute("aria-current", "true");
      else tile.removeAttribute("aria-current");
    });
    this.find(".back").disabled = this.read <= 0;
    this.find(".forward").disabled = this.read >= this.tiles.length;
    const [character, id] = this.tiles[this.read - 1] ?? [];
    const number = id === null ? "which it skips" : `number ${id}`;
    this.find(".where").textContent = this.read
      ? `${this.read} of ${this.tiles.length} tiles read, the last one ${inWords(character)}, ` +
        `${number}.`
      : "Nothing is read yet.";
    const row = this.find(".tiles");
    const tile = tiles[Math.max(0, this.read - 1)];
    if (tile) row.scrollLeft = tile.offsetLeft - (row.clientWidth - tile.offsetWidth) / 2;
  }

  movedInWords() {
    const size = count(stateSize(this.facts.parts));
    if (!this.read) return `Before the first character all ${size} numbers are 0.`;
    const [character, id] = this.tiles[this.read - 1];
    if (id === null) return `${inWords(character)} was skipped: nothing changed.`;
    return `Reading ${inWords(character)} changed ${count(this.shown.moved)} of ${size} numbers ` +
      "by more than 0.1.";
  }

  nextId() {
    return this.tiles[this.read]?.[1];
  }

  showSurprise() {
    const id = this.find("#how-right").value;
    if (!this.shown || id === "") return;
    const logarithms = this.shown.scores;
    const nats =
      Math.log(logarithms.reduce((sum, score) => sum + Math.exp(score), 0)) - logarithms[id];
    this.find(".surprise").textContent =
      `The model gave it ${percent(Math.exp(-nats))}, so the loss is ${nats.toFixed(2)} nats.`;
  }
}

customElements.define("how-it-works", HowItWorks);

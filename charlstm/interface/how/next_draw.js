// From scores to the next character: the odds at a temperature, the line from 0 to 1, the draw.
import { inWords, signOf } from "../browser/characters.js";
import { bend, likeliest, percent } from "../browser/probabilities.js";
import { fill, made } from "./elements.js";

const BARS = 8;
const LABELLED = 0.04; // of the line: room enough for a character on a phone
const PAUSE_MS = 1100; // between a draw and the next character: time to see where it fell

// Steps 4 and 5. `append(place, character)` is called with what was drawn to stand at a place.
export class NextDraw {
  constructor(root, append) {
    this.find = (selector) => root.querySelector(selector);
    Object.assign(this, { append, moment: null, pending: null, wanted: null, isKeeping: false });
    this.find(".temperature input").addEventListener("input", () => this.showOdds());
    this.find(".draw").addEventListener("click", () => this.drawWith(Math.random()));
    this.find(".keep").addEventListener("click", () => this.keep(!this.isKeeping));
    this.find(".line").addEventListener("click", (event) => {
      const box = this.find(".line").getBoundingClientRect();
      this.drawWith(Math.max(0, Math.min(0.999999, (event.clientX - box.left) / box.width)));
    });
  }

  // A moment: the model's characters, the scores of the next one, the text and how much of it
  // (place) is read, how much was typed, the id that came next in the text, if one did.
  show(moment) {
    Object.assign(this, { moment, isFresh: true });
    this.showOdds();
    this.showSoFar();
    const number = this.wanted ?? (this.isKeeping ? Math.random() : null);
    this.wanted = null;
    if (number !== null) this.draw(number);
  }

  // The visitor does something else: a draw that waits is forgotten.
  calmDown() {
    clearTimeout(this.timer);
    Object.assign(this, { pending: null, wanted: null, isFresh: false });
    this.keep(false);
    if (this.moment) this.showLine();
  }

  showOdds() {
    const temperature = Number(this.find(".temperature input").value);
    this.find(".temperature output").textContent = temperature.toFixed(2);
    if (!this.moment) return;
    const { characters, scores, next } = this.moment;
    this.odds = bend(scores, temperature);
    const best = likeliest(this.odds, BARS);
    const make = () => {
      const row = made("li");
      row.append(made("b"), made("span", "track"), made("span", "percent"));
      row.children[1].append(made("i"));
      return row;
    };
    fill(this.find(".bars"), best, make, (row, [id, probability]) => {
      Object.assign(row.dataset, { id, probability });
      row.title = inWords(characters[id]);
      row.children[0].textContent = signOf(characters[id]);
      row.children[1].firstChild.style.width = `${100 * probability}%`;
      row.children[2].textContent = percent(probability);
    });
    const others = this.odds.length - best.length;
    const rest = 1 - best.reduce((sum, [, probability]) => sum + probability, 0);
    this.find(".others").textContent =
      others > 0
        ? `The other ${others.toLocaleString("en")} together: ${percent(Math.max(0, rest))}.`
        : "";
    this.find(".came").textContent =
      next === null
        ? ""
        : `In your text came ${inWords(characters[next])}: ${percent(this.odds[next])}.`;
    const entropy = -this.odds.reduce((sum, p) => sum + (p ? p * Math.log(p) : 0), 0);
    this.find(".hesitates").textContent =
      "At this temperature the guess is as open as one among " +
      `${Math.exp(entropy).toFixed(1)} equally likely characters.`;
    this.showLine();
  }

  showLine() {
    const { characters } = this.moment;
    fill(
      this.find(".pieces"),
      this.odds,
      () => made("span"),
      (piece, probability, id) => {
        piece.style.width = `${100 * probability}%`;
        piece.title = `${inWords(characters[id])}: ${percent(probability)}`;
        piece.textContent = probability >= LABELLED ? signOf(characters[id]) : "";
        piece.classList.toggle("hit", id === this.pending?.id);
      },
    );
    this.find(".marker").hidden = !this.pending;
  }

  drawWith(number) {
    this.keep(false);
    if (this.isFresh && !this.pending) return this.draw(number);
    this.wanted = number; // pressed during the pause, or before the odds are there
    if (this.pending) this.commit();
  }

  draw(number) {
    if (!this.isFresh || this.pending) return;
    const { characters, place, most } = this.moment;
    if (place < 0) return this.refuse("First it must read how a line begins: press →.");
    if (place >= most) {
      return this.refuse(`The ${most} characters are full. Start again, or step back.`);
    }
    let sum = 0;
    const ends = this.odds.map((probability) => (sum += probability));
    const id = ends.findIndex((end) => end > number * sum);
    this.pending = { id, place };
    this.showLine();
    const marker = this.find(".marker");
    marker.style.transition = "none";
    marker.style.left = "0%";
    marker.getBoundingClientRect(); // settles it there, so that it runs from there
    marker.style.transition = "";
    marker.style.left = `${100 * number}%`;
    this.find(".drawn").textContent =
      `The number ${number.toFixed(4)} falls on ${inWords(characters[id])} ` +
      `(${percent(this.odds[id])}).`;
    this.showSoFar();
    this.timer = setTimeout(() => this.commit(), PAUSE_MS);
  }

  commit() {
    clearTimeout(this.timer);
    const { id, place } = this.pending;
    Object.assign(this, { pending: null, isFresh: false });
    this.append(place, this.moment.characters[id]);
  }

  refuse(words) {
    this.keep(false);
    this.find(".drawn").textContent = words;
  }

  keep(isKeeping) {
    this.isKeeping = isKeeping;
    this.find(".keep").setAttribute("aria-pressed", String(isKeeping));
    this.find(".keep").textContent = isKeeping ? "Stop" : "Keep drawing";
    if (isKeeping) this.draw(Math.random());
  }

  showSoFar() {
    const { text, place, typed } = this.moment;
    const characters = [...text];
    const read = Math.max(0, place);
    const parts = [
      ["typed", characters.slice(0, Math.min(read, typed))],
      ["grown", characters.slice(typed, Math.max(read, typed))],
      ["newest", this.pending ? [this.moment.characters[this.pending.id]] : []],
      ["later", this.pending ? [] : characters.slice(read)],
    ];
    fill(
      this.find(".so-far"),
      parts,
      () => made("span"),
      (span, [name, shown]) => {
        span.className = name;
        span.textContent = shown.join("");
      },
    );
  }
}

// A text whose characters are coloured by a value each; the value itself is shown on hover, on
// touch and, by the arrow keys, on focus.

import { nameOf } from "../browser/characters.js";

export class ColouredText {
  constructor(place) {
    place.innerHTML = `<div class="coloured-frame"><div class="coloured" tabindex="0" role="group"
      aria-label="The coloured text. Arrow keys go from character to character."></div>
      <div class="value-tip" hidden></div></div>
      <p class="quiet value-told" role="status">Point at a character to see its value, or go
      through them by the arrow keys.</p>`;
    this.frame = place.querySelector(".coloured-frame");
    this.field = place.querySelector(".coloured");
    this.tip = place.querySelector(".value-tip");
    this.valueText = place.querySelector(".value-told");
    this.text = null;
    this.spans = [];
    this.current = null; // the place of the character whose value is shown
    this.field.addEventListener("pointerover", (event) => this.pointAt(event.target));
    this.field.addEventListener("pointerdown", (event) => this.pointAt(event.target));
    this.field.addEventListener("pointerleave", () => this.hide());
    this.field.addEventListener("focus", () => this.focus());
    this.field.addEventListener("blur", () => this.hide());
    this.field.addEventListener("keydown", (event) => this.go(event));
  }

  // values: a number or null for each code point of the text. how: strength (value) -> -1 to 1,
  // words (value) -> what the value means, kind: which colours.
  show(text, values, how) {
    if (text !== this.text) this.build(text);
    this.values = values;
    this.how = how;
    this.field.dataset.kind = how.kind;
    this.spans.forEach((span, place) => {
      const value = values[place];
      const strength = value === null ? 0 : how.strength(value);
      span.style.setProperty("--strength", Math.abs(strength).toFixed(2));
      span.className = value === null ? "skipped" : strength < 0 ? "negative" : "positive";
      span.classList.toggle("strong", Math.abs(strength) >= 0.5);
      if (this.characters[place] === "\n") span.classList.add("line-end");
    });
    if (this.current !== null) this.showValue(this.current);
  }

  build(text) {
    this.text = text;
    this.characters = [...text];
    this.spans = this.characters.map((character, place) => {
      const span = document.createElement("span");
      span.textContent = character;
      span.dataset.place = place;
      return span;
    });
    this.field.replaceChildren(...this.spans);
    this.hide();
    this.current = null;
  }

  pointAt(target) {
    const place = target.dataset?.place;
    if (place !== undefined) this.showValue(Number(place));
  }

  focus() {
    // By the keyboard; who clicked points at a character already.
    if (this.current === null && this.spans.length) this.showValue(0);
    else if (this.current !== null) this.showValue(this.current);
  }

  go(event) {
    if (!this.spans.length) return;
    const last = this.spans.length - 1;
    const here = this.current ?? 0;
    const places = {
      ArrowLeft: here - 1,
      ArrowRight: here + 1,
      ArrowUp: this.inNextLine(here, -1),
      ArrowDown: this.inNextLine(here, 1),
      Home: 0,
      End: last,
    };
    if (!(event.key in places)) return;
    event.preventDefault();
    this.showValue(Math.max(0, Math.min(last, places[event.key])));
  }

  // The character that stands above or below, as the lines are broken now.
  inNextLine(here, by) {
    const from = this.spans[here].getClientRects()[0];
    let place = here;
    let best = null;
    let line = null;
    for (place += by; this.spans[place]; place += by) {
      const box = this.spans[place].getClientRects()[0];
      if (!box || Math.abs(box.top - from.top) < from.height / 2) continue;
      line ??= box.top;
      if (Math.abs(box.top - line) > from.height / 2) break;
      const distance = Math.abs(box.left - from.left);
      if (best === null || distance < best[1]) best = [place, distance];
    }
    return best ? best[0] : here;
  }

  showValue(place) {
    this.spans[this.current]?.classList.remove("current");
    this.current = place;
    const span = this.spans[place];
    span.classList.add("current");
    const [sign, name] = nameOf(this.characters[place]);
    const value = this.values[place];
    const words = value === null ? "skipped: the network does not know it" : this.how.words(value);
    const said = `${sign === name ? `“${sign}”` : name}: ${words}`;
    this.valueText.textContent = said;
    this.tip.textContent = said;
    this.tip.hidden = false;
    const frame = this.frame.getBoundingClientRect();
    const box = span.getClientRects()[0] ?? frame;
    const left = box.left - frame.left - 12;
    this.tip.style.left = `${Math.max(0, Math.min(left, frame.width - this.tip.offsetWidth))}px`;
    this.tip.style.top = `${box.top - frame.top - this.tip.offsetHeight - 6}px`;
  }

  hide() {
    this.tip.hidden = true;
    this.spans[this.current]?.classList.remove("current");
  }
}

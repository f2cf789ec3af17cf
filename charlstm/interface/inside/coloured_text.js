// A text box whose characters are coloured by a value each; the value itself is shown on hover, on
// touch and, as the caret moves, by the keyboard.
//
// The colours lie behind a text area whose own background is clear, on a copy of its text that is
// laid out alike. So the text stays one run of letters, which join where their script joins them,
// and typing, selecting and undoing stay the browser's.

import { nameOf } from "../browser/characters.js";

export const MOST_COLOURED = 4000; // characters; a longer text stands without colours
const HINT = "Point at a letter, or move the caret, to see its value.";

export class ColouredText {
  // changed: called when the visitor has changed the text.
  constructor(place, { label, placeholder, changed }) {
    place.innerHTML = `<div class="coloured-frame"><div class="coloured-scroll">
      <div class="coloured" aria-hidden="true" dir="auto"></div>
      <textarea id="inside-text" rows="1" spellcheck="false" autocomplete="off" dir="auto"></textarea>
      </div><div class="value-tip" hidden></div></div>
      <p class="quiet value-told" role="status">${HINT}</p>`;
    this.frame = place.querySelector(".coloured-frame");
    this.scroller = place.querySelector(".coloured-scroll");
    this.field = place.querySelector(".coloured");
    this.box = place.querySelector("textarea");
    this.tip = place.querySelector(".value-tip");
    this.valueText = place.querySelector(".value-told");
    this.box.setAttribute("aria-label", label);
    this.box.placeholder = placeholder;
    this.characters = []; // what stands in the copy
    this.spans = []; // one for each character; none where the text is too long
    this.values = []; // of the first characters: those that are known
    this.how = null;
    this.current = null; // the place of the character whose value is shown
    this.box.addEventListener("input", () => {
      this.lay();
      changed();
    });
    this.box.addEventListener("pointermove", (event) => this.pointAt(event));
    this.box.addEventListener("pointerdown", (event) => this.pointAt(event));
    this.box.addEventListener("pointerleave", () => this.hide());
    // On a touch screen a tap shows a value; the keys would cover half of the text.
    this.box.addEventListener("mousedown", (event) => {
      if (this.wasTouched && document.activeElement !== this.box) event.preventDefault();
    });
    this.box.addEventListener("blur", () => this.hide());
    this.box.addEventListener("keyup", (event) => this.caretMoved(event));
    this.scroller.addEventListener("scroll", () => this.hide());
  }

  get text() {
    return this.box.value;
  }

  // Replaces the text: by an example, say.
  set text(text) {
    this.box.value = text;
    this.values = [];
    this.lay();
    this.forgetValue();
    this.scroller.scrollTop = 0;
  }

  // The last value belongs to a text that is no longer shown.
  forgetValue() {
    this.hide();
    this.valueText.textContent = HINT;
  }

  edit() {
    this.box.focus();
  }

  // values: a number or null for each code point of the text. how: strength (value) -> -1 to 1,
  // words (value) -> what the value means, kind: which colours.
  show(text, values, how) {
    if (text !== this.text) return; // changed meanwhile: its own values will come
    this.values = values;
    this.how = how;
    this.field.dataset.kind = how.kind;
    this.spans.forEach((_, place) => this.paint(place));
    if (this.current !== null) this.showValue(this.current);
  }

  // Lays out the copy anew. A character's value depends on those before it alone: up to the first
  // one that was changed the colours stay.
  lay() {
    const characters = [...this.text];
    this.hide();
    if (characters.length > MOST_COLOURED) {
      this.characters = [];
      this.spans = [];
      this.values = [];
      this.field.textContent = this.text;
      return;
    }
    if (!this.spans.length) this.field.replaceChildren();
    let same = 0;
    while (same < this.spans.length && this.characters[same] === characters[same]) same += 1;
    for (const span of this.spans.splice(same)) span.remove();
    const added = characters.slice(same).map((character) => {
      const span = document.createElement("span");
      span.textContent = character;
      span.className = character === "\n" ? "line-end" : "";
      return span;
    });
    this.field.append(...added);
    this.spans.push(...added);
    this.characters = characters;
    this.values = this.values.slice(0, same);
  }

  paint(place) {
    const [span, value] = [this.spans[place], this.values[place]];
    const strength = value === null ? 0 : this.how.strength(value);
    span.style.setProperty("--strength", Math.abs(strength).toFixed(2));
    const names = [value === null ? "skipped" : strength < 0 ? "negative" : "positive"];
    if (Math.abs(strength) >= 0.5) names.push("strong");
    if (this.characters[place] === "\n") names.push("line-end");
    if (place === this.current && !this.tip.hidden) names.push("current");
    span.className = names.join(" ");
  }

  pointAt(event) {
    this.wasTouched = event.pointerType === "touch";
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    const place = this.spans.indexOf(under.find((element) => element.parentElement === this.field));
    if (place >= 0) this.showValue(place);
    else this.hide();
  }

  // The character before the caret is the one that it has just passed.
  caretMoved(event) {
    if (!/^(Arrow|Home|End|Page)/.test(event.key)) return;
    const before = [...this.text.slice(0, this.box.selectionStart)].length;
    if (this.spans.length) this.showValue(Math.max(0, before - 1));
  }

  showValue(place) {
    const value = this.values[place];
    this.hide();
    this.current = place;
    if (value === undefined) return; // not known yet: shown as soon as it is
    const span = this.spans[place];
    span.classList.add("current");
    const [sign, name] = nameOf(this.characters[place]);
    const words = value === null ? "skipped: the network does not know it" : this.how.words(value);
    const said = `${sign === name ? `“${sign}”` : name}: ${words}`;
    this.valueText.textContent = said;
    this.tip.textContent = said;
    this.tip.hidden = false;
    const frame = this.frame.getBoundingClientRect();
    const box = span.getClientRects()[0] ?? frame;
    const left = box.left - frame.left - 12;
    const above = box.top - frame.top - this.tip.offsetHeight - 6;
    this.tip.style.left = `${Math.max(0, Math.min(left, frame.width - this.tip.offsetWidth))}px`;
    this.tip.style.top = `${above >= 0 ? above : box.bottom - frame.top + 6}px`;
  }

  hide() {
    this.tip.hidden = true;
    this.spans[this.current]?.classList.remove("current");
    this.current = null;
  }
}

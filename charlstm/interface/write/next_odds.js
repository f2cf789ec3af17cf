// <next-odds>: what comes next: the five likeliest letters, and the one that was drawn. A letter
// that is clicked lands on the paper.
import { chosenModel } from "../browser/chosen_model.js";
import { endInLine, escapeHTML, nameOf } from "../browser/characters.js";
import { bend, likeliest, percent } from "../browser/probabilities.js";
import { AGAIN_MS, ASKING_AGAIN, ask, newestOnly } from "../browser/server.js";
import { View } from "../browser/view.js";
import { nowForm, onForm } from "./form.js";
import * as paper from "./paper.js";
import { nowSpeed, onSpeed } from "./pace.js";

const SHOWN = 5;
const MOST_READ = 2000; // characters before the next one: the network remembers no more of them
const TAIL = 14; // characters shown of what was written so far

class NextOdds extends View {
  build() {
    const row = `<li><button type="button" class="odd" disabled><span class="sign"></span>
      <span class="track"><i></i></span><span class="percent"></span></button></li>`;
    this.innerHTML = `<section class="next-odds" aria-labelledby="next-odds-title">
      <h2 id="next-odds-title">What comes next?</h2>
      <p class="after" dir="auto"></p>
      <ol class="odds">${row.repeat(SHOWN)}</ol>
      <div class="below"><p class="rest"></p>
      <button type="button" class="back">Undo letter</button></div>
      <p class="told" role="status"></p></section>`;
    this.buttons = [...this.querySelectorAll(".odd")];
    this.back = this.querySelector(".back");
    this.answer = null; // {model, text, characters, log_probabilities, unknown}
    this.fetch = newestOnly((model, text) => this.fetchOnce(model, text));
    for (const button of this.buttons) {
      // What was seen when the pointer went down counts, also if a text is being written.
      button.addEventListener("pointerdown", () => (this.seen = { ...button.dataset }));
      button.addEventListener("click", (event) => {
        const { beginning, character } = event.detail && this.seen ? this.seen : button.dataset;
        paper.addLetter(beginning, character, nowForm());
      });
    }
    this.back.addEventListener("click", () => paper.removeLetter(nowForm()));
    paper.onPaper(() => this.update());
    onForm(() => this.update());
    onSpeed(() => this.update());
  }

  modelChanged() {
    this.update();
  }

  // Whether the next letter is that of what the visitor types now, and not of the paper.
  get isTyping() {
    const shown = paper.shownText();
    return !shown || (!paper.isWriting() && shown.composed !== nowForm().seed_text);
  }

  get text() {
    return this.isTyping ? nowForm().seed_text : paper.text();
  }

  update() {
    const { text } = this;
    const choice = paper.nowChoice();
    const waits = nowSpeed() === "Step"; // for the visitor, letter by letter
    const isMoving = paper.isWriting() || (waits && choice);
    this.back.disabled = !paper.text();
    if (isMoving && choice) return this.drawChoice(choice);
    if (this.isOf(text)) return this.drawAnswer(text);
    const isStill = waits || !paper.isWriting();
    if (chosenModel() !== null && isStill) this.fetch(chosenModel(), text);
  }

  isOf(text) {
    return this.answer?.text === text && this.answer.model === chosenModel();
  }

  async fetchOnce(model, text) {
    try {
      const answer = await ask("odds", model, [...text].slice(-MOST_READ).join(""));
      if (model !== chosenModel()) return;
      this.answer = { ...answer, model, text };
      this.hasFailed = false;
      this.say(this.isTyping ? answer.unknown : ""); // of the paper it is said below it
      this.update();
    } catch (error) {
      this.answer = null;
      this.say(error.isSilence ? ASKING_AGAIN : error.message);
      this.hasFailed = true;
      for (const button of this.buttons) button.disabled = true;
      if (error.isSilence) setTimeout(() => this.hasFailed && this.update(), AGAIN_MS);
    }
  }

  say(sentence) {
    const status = this.querySelector(".told");
    if (status.textContent !== sentence) status.textContent = sentence;
  }

  // How a letter of the text was drawn, or the next one will be, as the server said.
  drawChoice({ at, likeliest: characters, probabilities, drawn }) {
    const { text, shownUnits } = paper.shownText();
    const isDrawn = at < shownUnits;
    const chosen = isDrawn ? String.fromCodePoint(text.codePointAt(at)) : null;
    const rows = [...characters].map((character, rank) => [
      character,
      // In thousandths: the largest and the smallest stand for what is not certain.
      Math.min(0.9999, Math.max(0.0001, probabilities[rank] / 1000)),
    ]);
    this.draw(rows, text.slice(0, at), chosen, drawn / 1000);
  }

  drawAnswer(text) {
    const { characters, log_probabilities } = this.answer;
    const probabilities = bend(log_probabilities, nowForm().temperature);
    const rows = likeliest(probabilities, SHOWN).map(([id, value]) => [characters[id], value]);
    this.draw(rows, text, null, 0, characters.length - rows.length);
  }

  // rows: [character, probability] each. chosen: the character that was drawn, or null.
  draw(rows, beginning, chosen, chosenProbability, others = null) {
    if (this.hasFailed) this.say("");
    this.hasFailed = false;
    const after = beginning ? `after “${endInLine(beginning, TAIL)}”` : "at the very beginning";
    setText(this.querySelector(".after"), after);
    let rest = 1;
    this.buttons.forEach((button, rank) => {
      button.parentNode.hidden = rank >= rows.length;
      if (rank >= rows.length) return;
      const [character, probability] = rows[rank];
      const [sign, name] = nameOf(character);
      rest -= probability;
      Object.assign(button.dataset, { character, beginning, probability });
      button.disabled = false;
      button.classList.toggle("drawn", character === chosen);
      const said = sign === name ? sign : `${sign}, ${name}`;
      button.setAttribute("aria-label", `${said}, ${percent(probability)}: add it`);
      button.title = sign === name ? "" : name;
      setText(button.querySelector(".percent"), percent(probability));
      setText(button.querySelector(".sign"), sign);
      button.querySelector("i").style.width = `${100 * probability}%`;
    });
    const isAmongRest = chosen !== null && !rows.some(([character]) => character === chosen);
    this.drawRest(Math.max(0, rest), others, isAmongRest ? [chosen, chosenProbability] : null);
  }

  drawRest(rest, others, drawn) {
    const element = this.querySelector(".rest");
    element.classList.toggle("drawn", drawn !== null);
    element.hidden = others === 0;
    const count = others ? `The other ${others}` : "All others";
    const html = drawn
      ? `Another one: <b>${escapeHTML(nameOf(drawn[0])[0])}</b> ${percent(drawn[1])}`
      : `${count}: ${percent(rest)}`;
    if (element.heldHTML !== html) element.innerHTML = element.heldHTML = html;
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

customElements.define("next-odds", NextOdds);

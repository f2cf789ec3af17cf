// <next-odds>: the five likeliest next characters as bars; a click adds one to the seed text.
import { chosenModel } from "../browser/chosen_model.js";
import { escapeHTML, nameOf } from "../browser/characters.js";
import { bend, likeliest, percent } from "../browser/probabilities.js";
import { ask, newestOnly } from "../browser/server.js";
import { View } from "../browser/view.js";
import { nowTyped, onTyped, typeText } from "./typed.js";

const SHOWN = 5;

class NextOdds extends View {
  build() {
    const bars = `<button type="button" class="odd" disabled><span class="percent"></span>
      <span class="column"><i></i></span><span class="sign"></span></button>`;
    this.innerHTML = `<section class="next-odds" aria-label="What comes next">
      <p class="quiet told"><b>What comes next?</b> <span role="status"></span></p>
      <div class="odds">${bars.repeat(SHOWN)}</div>
      <p class="quiet rest"></p>
      <div class="odds-actions"><button type="button" class="back">Back one step</button>
      <button type="button" class="on">Let it go on from here</button></div></section>`;
    this.buttons = [...this.querySelectorAll(".odd")];
    this.answer = null;
    this.fetch = newestOnly((model, text) => this.fetchOnce(model, text));
    for (const button of this.buttons) {
      button.addEventListener("click", () => typeText(nowTyped().text + button.dataset.character));
    }
    this.querySelector(".back").addEventListener("click", () => {
      typeText([...nowTyped().text].slice(0, -1).join(""));
    });
    this.querySelector(".on").addEventListener("click", () => {
      document.querySelector("#write-button").click();
    });
    onTyped(() => this.update());
  }

  modelChanged() {
    this.answer = null;
    this.update();
  }

  update() {
    const { text } = nowTyped();
    this.querySelector(".back").disabled = text === "";
    const isKnown = this.answer && this.answer.text === text;
    if (isKnown) this.draw();
    else if (chosenModel() !== null) this.fetch(chosenModel(), text);
  }

  async fetchOnce(model, text) {
    try {
      const answer = await ask("odds", model, text);
      if (model !== chosenModel()) return;
      this.answer = { ...answer, text };
      this.say(answer.unknown || "Click one to add it yourself, or let the network draw.");
      this.draw();
    } catch (error) {
      this.answer = null;
      this.say(error.message);
      for (const button of this.buttons) button.disabled = true;
    }
  }

  say(sentence) {
    const status = this.querySelector(".told span");
    if (status.textContent !== sentence) status.textContent = sentence;
  }

  draw() {
    const { temperature } = nowTyped();
    const probabilities = bend(this.answer.log_probabilities, temperature);
    const shown = likeliest(probabilities, SHOWN);
    let rest = 1;
    this.buttons.forEach((button, rank) => {
      button.hidden = rank >= shown.length;
      if (button.hidden) return;
      const [id, probability] = shown[rank];
      const character = this.answer.characters[id];
      const [sign, name] = nameOf(character);
      rest -= probability;
      // A click must add what was seen when the pointer went down.
      button.dataset.character = character;
      button.dataset.probability = probability;
      button.disabled = false;
      button.setAttribute("aria-label", `Add ${name}: ${percent(probability)}`);
      button.title = sign === name ? "" : name;
      button.querySelector(".percent").textContent = percent(probability);
      button.querySelector(".sign").textContent = sign;
      button.querySelector("i").style.height = `${100 * probability}%`;
    });
    const others = this.answer.characters.length - shown.length;
    this.querySelector(".rest").innerHTML = others > 0
      ? escapeHTML(`The other ${others} characters together: ${percent(Math.max(0, rest))}. ` +
          `Temperature ${temperature}: ${effectInWords(temperature)}`)
      : "";
  }
}

function effectInWords(temperature) {
  if (temperature < 0.95) return "the likely ones are favoured.";
  if (temperature <= 1.05) return "the odds as the network learned them.";
  return "the unlikely ones get a chance.";
}

customElements.define("next-odds", NextOdds);

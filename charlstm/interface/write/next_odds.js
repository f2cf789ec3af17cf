// <next-odds>: the five likeliest next characters as bars; a click adds one to the seed text.
Object.assign(window.charlstm, (() => {
  const { ask, escapeHTML, nameOf, newestOnly, theModel, View } = window.charlstm;
  const SHOWN = 5;
  const now = { text: "", temperature: 0.8 }; // what the seed box and the slider show

  // Probabilities at a temperature, from their logarithms at temperature 1.
  function bend(logProbabilities, temperature) {
    const scores = logProbabilities.map((logarithm) => logarithm / temperature);
    const highest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - highest));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  }

  // [place in the list, probability] of the likeliest, the likeliest first.
  function likeliest(probabilities, count) {
    const places = probabilities.map((probability, place) => [place, probability]);
    return places.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, count);
  }

  function percent(probability) {
    const value = 100 * probability;
    if (value > 99.5 && probability < 1) return `${Math.min(99.9, value).toFixed(1)} %`;
    if (value >= 9.95) return `${value.toFixed(0)} %`;
    return value >= 0.05 ? `${value.toFixed(1)} %` : "< 0.1 %";
  }

  function typed(text, temperature) {
    Object.assign(now, { text: text ?? "", temperature: Number(temperature) || now.temperature });
    document.dispatchEvent(new CustomEvent("charlstm-typed"));
  }

  // As if it had been typed: Gradio listens to the box.
  function type(text) {
    const box = document.querySelector("#seed-text textarea");
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

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
        button.addEventListener("click", () => type(now.text + button.dataset.character));
      }
      this.querySelector(".back").addEventListener("click", () => {
        type([...now.text].slice(0, -1).join(""));
      });
      this.querySelector(".on").addEventListener("click", () => {
        document.querySelector("#write-button").click();
      });
      document.addEventListener("charlstm-typed", () => this.update());
    }

    modelChanged() {
      this.answer = null;
      this.update();
    }

    update() {
      this.querySelector(".back").disabled = now.text === "";
      const isKnown = this.answer && this.answer.text === now.text;
      if (isKnown) this.draw();
      else if (theModel() !== null) this.fetch(theModel(), now.text);
    }

    async fetchOnce(model, text) {
      try {
        const answer = await ask("odds", model, text);
        if (model !== theModel()) return;
        this.answer = { ...answer, text };
        this.tell(answer.unknown || "Click one to add it yourself, or let the network draw.");
        this.draw();
      } catch (error) {
        this.answer = null;
        this.tell(error.message);
        for (const button of this.buttons) button.disabled = true;
      }
    }

    tell(sentence) {
      const told = this.querySelector(".told span");
      if (told.textContent !== sentence) told.textContent = sentence;
    }

    draw() {
      const probabilities = bend(this.answer.log_probabilities, now.temperature);
      const shown = likeliest(probabilities, SHOWN);
      let rest = 1;
      this.buttons.forEach((button, rank) => {
        button.hidden = rank >= shown.length;
        if (button.hidden) return;
        const [place, probability] = shown[rank];
        const character = this.answer.characters[place];
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
            `Temperature ${now.temperature}: ${heat(now.temperature)}`)
        : "";
    }
  }

  function heat(temperature) {
    if (temperature < 0.95) return "the likely ones are favoured.";
    if (temperature <= 1.05) return "the odds as the network learned them.";
    return "the unlikely ones get a chance.";
  }

  customElements.define("next-odds", NextOdds);
  return { bend, likeliest, percent, typed };
})());

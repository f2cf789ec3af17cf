// The Train tab's report of a training. The server sends what has changed, while it is looked at.
import { LiveView } from "../browser/live_view.js";
import {
  chosenTraining,
  onTrainingChosen,
  setShownTraining,
  showTraining,
} from "./shown_training.js";

// Gradio's buttons, by the names of the parts that say whether they can be seen and pressed.
const BUTTONS = {
  write: "write-with-training",
  stop: "stop-training",
  resume: "resume-training",
};

class TrainingReport extends LiveView {
  build() {
    this.innerHTML = `
      <label class="training-choice" hidden><span>Training</span><select></select></label>
      <p class="connection quiet" role="status"></p>
      <div class="training-now"></div>`;
    this.choice = this.querySelector("label");
    this.list = this.querySelector("select");
    this.list.addEventListener("change", () => showTraining(this.list.value));
    this.parts = {};
    this.drawn = new WeakMap(); // what elements show
    // Trainings that were there at first, or were seen to begin. One that is not among them and
    // runs has just begun.
    this.known = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.endChoosing = onTrainingChosen(() => this.refresh());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.endChoosing();
  }

  newsAddress() {
    return addressOf(chosenTraining());
  }

  refuse(sentence) {
    this.sayOfConnection(sentence);
  }

  take(news) {
    const isFirst = !("shown" in this.parts);
    Object.assign(this.parts, news);
    this.settle(this.parts.shown, isFirst);
    const { trainings, shown, status, charts, sample } = this.parts;
    setShownTraining(shown);
    if (news.trainings) this.showList(trainings);
    this.list.value = shown ?? "";
    this.draw(this.querySelector(".training-now"), status);
    this.draw(document.querySelector("#charts .live-part"), charts);
    this.draw(document.querySelector("#sample .live-part"), sample);
    for (const [name, id] of Object.entries(BUTTONS)) {
      const button = document.getElementById(id);
      button.toggleAttribute("data-shown", this.parts[name].shown);
      button.disabled = !this.parts[name].enabled;
    }
    this.showWhatHasBegun();
  }

  // Whoever has not chosen a training stays with the first one that is shown.
  settle(shown, isItsStream) {
    if (chosenTraining() !== "" || shown === null) return;
    if (isItsStream) this.keepStreamAs(addressOf(shown));
    showTraining(shown);
  }

  showList(trainings) {
    this.choice.hidden = trainings.length < 2;
    this.list.replaceChildren(...trainings.map(([title, name]) => new Option(title, name)));
  }

  // Nothing is touched that stays as it is. The server escapes what is not its own.
  draw(element, markup) {
    if (this.drawn.get(element) === markup) return;
    this.drawn.set(element, markup);
    element.innerHTML = markup;
  }

  showWhatHasBegun() {
    const { trainings, running } = this.parts;
    const names = trainings.map(([, name]) => name);
    this.known ??= new Set(names);
    if (running === null || running !== names[0] || this.known.has(running)) return;
    this.known.add(running);
    showTraining(running);
  }
}

const addressOf = (name) => `news?training=${encodeURIComponent(name)}`;

customElements.define("training-report", TrainingReport);

// The Train tab's report of a training. The server sends what has changed, while it is looked at.
import { setLabel } from "../browser/gradio_button.js";
import { LiveView } from "../browser/live_view.js";
import { addCrosshair, readAgain } from "../charts/crosshair.js";
import {
  chosenTraining,
  onTrainingChosen,
  setShownTraining,
  showTraining,
} from "./shown_training.js";

// Gradio's buttons, by the names of the parts that say whether they can be seen and pressed.
const BUTTONS = {
  write: ["write-with-training", "download-training"],
  stop: ["stop-training"],
  resume: ["resume-training"],
  keep: ["keep-training"],
  delete: ["delete-training"],
};
const PARTS = ["sample", "charts", "details"];
// What is shown: "form", "training", or "started" for a training of which no news has come yet;
// null while it is not known.
let view = null;

const setup = () => document.querySelector("#train-setup");
const partOf = (name) => document.querySelector(`#${name} .live-part`);

export function showView(chosen) {
  view = chosen;
  document.querySelector("training-report").showView();
}

// Of a training that this visitor has just started: it may have to wait for its turn.
export function showStarted(name) {
  showTraining(name);
  showView("started");
}

// Where one button was another one may stand now: a press that was meant for the first does nothing.
const SETTLE_MS = 800;
let settling = null;

const shownButtons = () =>
  [...document.querySelectorAll("#training-actions button[data-shown]")]
    .map((button) => button.id)
    .join();

function settleButtons() {
  const bar = document.querySelector("#training-actions");
  clearTimeout(settling);
  bar.toggleAttribute("data-settling", true);
  settling = setTimeout(() => bar.toggleAttribute("data-settling", false), SETTLE_MS);
}

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
    addCrosshair(partOf("charts"));
  }

  connectedCallback() {
    super.connectedCallback();
    this.observer.observe(setup());
    this.endChoosing = onTrainingChosen(() => this.refresh());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.endChoosing();
  }

  // While the form is shown it hears what happens, too.
  isSeen() {
    return (this.offsetParent ?? setup().offsetParent) !== null && !document.hidden;
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
    const { trainings, shown, status } = this.parts;
    setShownTraining(shown);
    if (news.trainings) this.showList(trainings);
    this.list.value = shown ?? "";
    this.draw(this.querySelector(".training-now"), status);
    for (const name of PARTS) this.draw(partOf(name), this.parts[name]);
    readAgain(partOf("charts"));
    const before = shownButtons();
    for (const [name, ids] of Object.entries(BUTTONS)) {
      const { shown: isShown, enabled, label } = this.parts[name];
      for (const id of ids) {
        const button = document.getElementById(id);
        button.toggleAttribute("data-shown", isShown);
        button.disabled = !enabled;
        if (label) setLabel(`#${id}`, label);
      }
    }
    this.showWhatHasBegun();
    this.showView();
    if (!isFirst && shownButtons() !== before) settleButtons();
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

  showView() {
    const { trainings, running } = this.parts;
    if (!trainings) return;
    if (view !== "started") view ??= trainings.length ? "training" : "form"; // it stays
    else if (trainings.length) view = "training";
    const isForm = view !== "training";
    const isOther = setup().hasAttribute("data-away") === isForm;
    setup().toggleAttribute("data-away", !isForm);
    document.querySelector("#train-now").toggleAttribute("data-away", isForm);
    document.querySelector("#new-training").toggleAttribute("data-shown", running === null);
    document.querySelector("#back-to-training").toggleAttribute("data-shown", trainings.length > 0);
    if (isOther && this.isSeen()) window.scrollTo({ top: 0 }); // on a phone Start is further down
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
    view = "training";
    showTraining(running);
  }
}

const addressOf = (name) => `news?training=${encodeURIComponent(name)}`;

customElements.define("training-report", TrainingReport);

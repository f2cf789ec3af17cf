// The tab "Watch it learn": a slider over the moments of a training. All of a story is here after
// one question; of a training that goes on the page asks for what is new while it is looked at.
import { ask, newestOnly } from "../browser/server.js";
import { View } from "../browser/view.js";
import { chosenTraining, onTrainingChosen } from "./chosen_training.js";

const ASK_EVERY_MS = 2000;
const PLAY_S = 20; // the whole story
const SVG = "http://www.w3.org/2000/svg";
class TrainingStory extends View {
  build() {
    this.innerHTML = `
      <div class="watch-controls">
        <button type="button" class="watch-play" disabled>Play</button>
        <input type="range" min="0" max="0" value="0" step="1" disabled
          aria-label="Moment of the training">
        <button type="button" class="watch-follow" hidden aria-pressed="true">Newest</button>
      </div>
      <div class="watch-now"><strong class="watch-when"></strong><span class="watch-loss"></span>
      </div>
      <p class="watch-said" role="status"></p>
      <div class="watch-columns">
        <div class="watch-text" tabindex="0" role="region" aria-label="What it wrote"></div>
        <div class="watch-side"><div class="watch-chart"></div><p class="watch-note"></p></div>
      </div>`;
    for (const name of ["play", "follow", "when", "loss", "said", "text", "chart", "note"]) {
      this[`${name}Part`] = this.querySelector(`.watch-${name}`);
    }
    this.slider = this.querySelector("input");
    this.mark = makeMark();
    this.forget(null);
    this.refresh = newestOnly((isEntered) => this.ask(isEntered));
    this.playPart.addEventListener("click", () => (this.isPlaying ? this.pause() : this.play()));
    this.followPart.addEventListener("click", () => this.follow(!this.isFollowing));
    this.slider.addEventListener("input", () => this.moved());
    // Only when it is let go: a screen reader would chatter while it is dragged.
    this.slider.addEventListener("change", () => this.say());
    // A press alone pauses: whoever takes hold of the slider wants it to stay.
    this.slider.addEventListener("pointerdown", () => this.hold());
  }

  connectedCallback() {
    super.connectedCallback();
    // Also when the same one is chosen again: it may have been resumed meanwhile.
    this.endChoosing = onTrainingChosen(() => this.refresh(true));
    this.onSeen = () => this.refresh(false);
    document.addEventListener("visibilitychange", this.onSeen);
    // The tab may be chosen before the page shows it: nothing is asked before that.
    this.observer = new IntersectionObserver(this.onSeen);
    this.observer.observe(this);
    this.timer = setInterval(() => this.isLive && this.refresh(false), ASK_EVERY_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.endChoosing();
    document.removeEventListener("visibilitychange", this.onSeen);
    this.observer.disconnect();
    clearInterval(this.timer);
    this.pause();
  }

  isSeen() {
    return this.offsetParent !== null && !document.hidden;
  }

  // Of another story nothing is known.
  forget(story) {
    this.story = story;
    this.known = new Map(); // moments by their keys
    this.moments = [];
    this.places = []; // of the moments on the curve
    this.place = 0; // of the moment that is shown
    this.isLive = false;
    this.isFollowing = false;
    this.isPlaying = false;
    this.hasFailed = false;
    this.chartMarkup = null;
  }

  async ask(isEntered) {
    const story = chosenTraining();
    if (story === null || !this.isSeen()) return;
    const isAnother = story !== this.story;
    if (!isAnother && !isEntered && !this.isLive && !this.hasFailed) return; // it is all here
    const keys = isAnother ? [] : [...this.known.keys()];
    const held = isAnother || this.isFollowing ? "" : (this.moments[this.place]?.key ?? "");
    let answer;
    try {
      answer = await ask("story", story, keys, held);
    } catch (error) {
      if (story !== chosenTraining()) return;
      if (isAnother) this.take(story, { order: [], moments: [], chart: "", live: false });
      this.notePart.textContent = error.message;
      this.hasFailed = true;
      return;
    }
    if (story === chosenTraining()) this.take(story, answer);
  }

  take(story, answer) {
    const isAnother = story !== this.story;
    if (isAnother) this.forget(story);
    this.hasFailed = false;
    for (const moment of answer.moments) this.known.set(moment.key, moment);
    const shown = this.moments[this.place]?.key; // it may have been moved while we asked
    const isFirst = !this.moments.length;
    this.moments = answer.order.map((key) => this.known.get(key)).filter(Boolean);
    this.known = new Map(this.moments.map((moment) => [moment.key, moment]));
    this.isLive = answer.live;
    if (isFirst) this.isFollowing = answer.live;
    if (answer.chart !== null) this.draw(answer.chart);
    setText(this.notePart, answer.note);
    const last = Math.max(0, this.moments.length - 1);
    this.slider.max = last;
    this.slider.disabled = this.playPart.disabled = !this.moments.length;
    this.followPart.hidden = !answer.live;
    const at = answer.order.indexOf(shown);
    if (this.isFollowing) this.show(last);
    else if (isFirst) this.show(0);
    else this.show(at >= 0 ? at : Math.min(this.place, last));
    this.showButtons();
  }

  draw(markup) {
    if (markup === this.chartMarkup) return;
    this.chartMarkup = markup;
    this.chartPart.innerHTML = markup; // drawn by the server, which escapes what is not its own
    const plot = this.chartPart.querySelector("[data-marks]");
    this.places = plot ? JSON.parse(plot.dataset.marks) : [];
    if (!plot) return;
    plot.querySelector("svg").append(this.mark);
    const axis = plot.querySelector("[data-x-end-s]");
    this.mark.firstChild.setAttribute("y2", axis.getAttribute("y1"));
  }

  show(place) {
    this.place = place;
    const moment = this.moments[place];
    setText(this.whenPart, moment?.when ?? "");
    setText(this.lossPart, moment?.loss ?? "");
    if (setText(this.textPart, moment?.text ?? "")) this.textPart.scrollTop = 0;
    this.slider.value = place;
    this.slider.setAttribute("aria-valuetext", moment?.when ?? "nothing yet");
    const at = moment && this.places[place];
    this.mark.setAttribute("visibility", at ? "visible" : "hidden");
    if (!at) return;
    const [line, dot] = this.mark.children;
    line.setAttribute("x1", at[0]);
    line.setAttribute("x2", at[0]);
    line.setAttribute("y1", at[1]);
    dot.setAttribute("cx", at[0]);
    dot.setAttribute("cy", at[1]);
  }

  say() {
    const moment = this.moments[this.place];
    if (moment) this.saidPart.textContent = moment.loss;
  }

  hold() {
    this.pause();
    this.follow(false);
  }

  moved() {
    this.hold();
    this.show(Number(this.slider.value));
  }

  follow(isFollowing) {
    this.isFollowing = isFollowing && this.isLive;
    if (this.isFollowing) {
      this.isPlaying = false;
      this.show(this.moments.length - 1);
    }
    this.showButtons();
  }

  play() {
    this.follow(false);
    const isAtEnd = this.place >= this.moments.length - 1;
    if (isAtEnd) this.show(0);
    this.isPlaying = true;
    this.showButtons();
    let exact = this.place; // counted in moments: each is shown for as long
    let before = performance.now();
    const go = (now) => {
      if (!this.isPlaying) return;
      if (!this.isSeen()) return this.pause();
      const seconds = Number(this.dataset.playS ?? PLAY_S);
      exact += (Math.max(0, now - before) / 1000 / seconds) * this.moments.length;
      before = now;
      const place = Math.min(Math.floor(exact), this.moments.length - 1);
      if (place !== this.place) this.show(place);
      if (exact < this.moments.length) return requestAnimationFrame(go);
      this.pause();
      this.say();
      this.follow(true);
    };
    requestAnimationFrame(go);
  }

  pause() {
    this.isPlaying = false;
    this.showButtons();
  }

  showButtons() {
    setText(this.playPart, this.isPlaying ? "Pause" : "Play");
    this.followPart.setAttribute("aria-pressed", this.isFollowing);
  }
}

// Nothing is touched that stays as it is.
function setText(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

// A line down to the time axis, and a dot on the curve.
function makeMark() {
  const mark = document.createElementNS(SVG, "g");
  const line = document.createElementNS(SVG, "line");
  const dot = document.createElementNS(SVG, "circle");
  mark.setAttribute("class", "watch-mark");
  dot.setAttribute("r", 6);
  mark.append(line, dot);
  return mark;
}

customElements.define("training-story", TrainingStory);

// The tab "Watch it learn": a slider over the moments of a training. All of a replay is here after
// the first news; of a training that goes on, the server sends what is new while it is looked at.
import { LiveView } from "../browser/live_view.js";
import { unitsAt } from "../charts/crosshair.js";
import { chosenTraining, onTrainingChosen } from "./chosen_training.js";

const PLAY_S = 20; // the whole story
const SVG = "http://www.w3.org/2000/svg";

class TrainingStory extends LiveView {
  build() {
    this.innerHTML = `
      <p class="watch-lead">One network at many moments of its training. Press Play, or move the
        slider.</p>
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
        <div class="watch-text" dir="auto" tabindex="0" role="region"
          aria-label="What it wrote"></div>
        <div class="watch-side"><div class="watch-chart"></div><p class="watch-note"></p>
          <p class="connection quiet" role="status"></p></div>
      </div>`;
    for (const name of ["play", "follow", "when", "loss", "said", "text", "chart", "note"]) {
      this[`${name}Part`] = this.querySelector(`.watch-${name}`);
    }
    this.slider = this.querySelector("input");
    this.mark = makeMark();
    this.forget(null);
    this.playPart.addEventListener("click", () => (this.isPlaying ? this.pause() : this.play()));
    this.followPart.addEventListener("click", () => this.follow(!this.isFollowing));
    this.slider.addEventListener("input", () => this.moved());
    // Only when it is let go: a screen reader would chatter while it is dragged.
    this.slider.addEventListener("change", () => this.say());
    // A press alone pauses: whoever takes hold of the slider wants it to stay.
    this.slider.addEventListener("pointerdown", () => this.hold());
    this.chartPart.addEventListener("click", (event) => this.goTo(event));
  }

  connectedCallback() {
    super.connectedCallback();
    // Also when the same one is chosen again: it may have been resumed meanwhile.
    this.endChoosing = onTrainingChosen(() => {
      this.isWhole = false;
      this.refresh();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.endChoosing();
    this.pause();
  }

  newsAddress() {
    const story = chosenTraining();
    if (story === null || (story === this.story && this.isWhole)) return null;
    return `news?replay=${encodeURIComponent(story)}`;
  }

  // Of another story nothing is known.
  forget(story) {
    this.story = story;
    this.known = new Map(); // moments by their keys
    this.order = []; // the keys of those that the server knows
    this.moments = [];
    this.marks = new Map(); // where moments lie on the curve, by their keys
    this.place = 0; // of the moment that is shown
    this.isWhole = false; // whether no more news will come
    this.isLive = false;
    this.isFollowing = false;
    this.isPlaying = false;
    this.chartMarkup = null;
  }

  refuse(sentence) {
    if (chosenTraining() !== this.story) this.take({ order: [], chart: "", live: false, note: "" });
    this.isWhole = true;
    setText(this.notePart, sentence);
  }

  take(news) {
    if (chosenTraining() !== this.story) this.forget(chosenTraining());
    for (const [name, part] of Object.entries(news)) {
      if (name.startsWith("moment ")) this.known.set(part.key, part);
    }
    const held = this.moments[this.place];
    const isFirst = !this.moments.length;
    this.order = news.order ?? this.order;
    this.isLive = news.live ?? this.isLive;
    if (isFirst) this.isFollowing = this.isLive;
    this.moments = this.order.map((key) => this.known.get(key));
    if (held && !this.isFollowing) this.keep(held);
    this.known = new Map(this.moments.map((moment) => [moment.key, moment]));
    if ("chart" in news) this.draw(news.chart);
    if ("note" in news) setText(this.notePart, news.note);
    const last = Math.max(0, this.moments.length - 1);
    this.slider.max = last;
    this.slider.disabled = this.playPart.disabled = !this.moments.length;
    this.followPart.hidden = !this.isLive;
    const at = this.moments.indexOf(this.known.get(held?.key));
    if (this.isFollowing) this.show(last);
    else if (isFirst) this.show(0);
    else this.show(at >= 0 ? at : Math.min(this.place, last));
    this.showButtons();
    this.isWhole = !this.isLive;
    this.refresh();
  }

  // The moment that is looked at stays, even if the server keeps it no longer.
  keep(held) {
    if (this.order.includes(held.key)) return;
    const next = this.moments.findIndex((moment) => moment.step > held.step);
    this.moments.splice(next < 0 ? this.moments.length : next, 0, held);
  }

  draw(markup) {
    if (markup === this.chartMarkup) return;
    this.chartMarkup = markup;
    this.chartPart.innerHTML = markup; // drawn by the server, which escapes what is not its own
    const plot = this.chartPart.querySelector("[data-marks]");
    if (!plot) return;
    const marks = JSON.parse(plot.dataset.marks);
    const before = this.marks;
    this.marks = new Map(this.order.map((key, index) => [key, marks[index]]));
    for (const { key } of this.moments) {
      // A moment that the server keeps no longer has its mark where it was.
      if (!this.marks.has(key)) this.marks.set(key, before.get(key));
    }
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
    const at = moment && this.marks.get(moment.key);
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

  // To the moment that is nearest to where the curve was clicked.
  goTo(event) {
    const plot = this.chartPart.querySelector("svg");
    if (!plot || !this.moments.length) return;
    const x = unitsAt(plot, event);
    const distance = ({ key }) => Math.abs((this.marks.get(key)?.[0] ?? Infinity) - x);
    const nearest = this.moments.reduce((best, one) => (distance(one) < distance(best) ? one : best));
    this.hold();
    this.show(this.moments.indexOf(nearest));
    this.say();
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

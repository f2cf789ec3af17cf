// <written-paper> and <paper-status>: the Write tab's text, and what is said about it.
import { escapeHTML } from "../browser/characters.js";
import { progressWords } from "../browser/progress_words.js";
import { countCharacters } from "../browser/written_text.js";
import { GrowingText } from "../browser/growing_text.js";
import {
  copiedSentence,
  currentNotice,
  currentRemark,
  isPaused,
  isWriting,
  latest,
  onPaper,
  restore,
  showFirst,
  shownText,
  text,
  tryAgain,
} from "./paper.js";
import { nowSpeed, onSpeed } from "./pace.js";

const NEAR_END = 40; // pixels: whoever has scrolled up by more reads, and is not disturbed

const FIRST = "A neural network writes this, letter by letter."; // one line on a phone
const isNearEnd = (page) => page.scrollHeight - page.scrollTop - page.clientHeight < NEAR_END;

class WrittenPaper extends HTMLElement {
  connectedCallback() {
    this.empty ??= this.innerHTML; // what the page says before anything was written
    this.endSubscription = onPaper(() => this.update());
    this.update();
    restore();
    showFirst(JSON.parse(this.dataset.first));
  }

  disconnectedCallback() {
    this.endSubscription();
  }

  update() {
    const writing = shownText();
    if (!writing) {
      if (this.page) this.innerHTML = this.empty;
      this.page = null;
      return;
    }
    if (!this.page) {
      this.innerHTML = `<div class="page" tabindex="0" role="region" aria-label="The paper"
        ><div class="lines" dir="auto"></div></div>`;
      this.page = this.firstChild;
      this.follows = true;
      this.page.addEventListener("scroll", () => {
        this.follows = isNearEnd(this.page);
      });
      // What stands around it may take room from it, or give it back.
      new ResizeObserver(() => this.follow()).observe(this.page);
      this.text = new GrowingText(this.page.firstChild);
    }
    const { page } = this;
    const isAnother = this.writing !== writing;
    this.writing = writing;
    this.text.show(writing, writing.shownUnits);
    page.classList.toggle("writing", isWriting());
    this.follows ||= isAnother;
    this.follow();
  }

  // The paper follows its end, unless the visitor reads further up.
  follow() {
    if (this.page && this.follows) this.page.scrollTop = this.page.scrollHeight;
  }
}

class PaperStatus extends HTMLElement {
  connectedCallback() {
    // The element stays, so that a screen reader hears its changes: not those of the count.
    this.innerHTML ||= `<p role="status"></p><p class="count" aria-hidden="true"></p>
      <p class="copied"></p><p class="remark"></p>`;
    [this.status, this.count, this.copied, this.remark] = this.children;
    const ends = [onPaper, onSpeed].map((subscribe) => subscribe(() => this.update()));
    this.endSubscription = () => ends.forEach((end) => end());
    this.addEventListener("click", (event) => {
      if (event.target.closest(".try-again")) tryAgain();
    });
    this.update();
  }

  disconnectedCallback() {
    this.endSubscription();
  }

  update() {
    const isQuiet = isWriting() || isPaused() || currentNotice();
    this.status.classList.toggle("writing", isWriting());
    setHTML(this.status, words());
    setHTML(this.count, counted());
    setHTML(this.copied, isQuiet ? "" : escapeHTML(copiedSentence()));
    setHTML(this.remark, escapeHTML(currentRemark()));
  }
}

// How far a text is that is shown by and by.
function counted() {
  const shown = shownText();
  if (!shown || shown !== latest() || !isWriting()) return "";
  if (shown.isFirst || shown.isLost || !shown.isReady) return "";
  const whole = countCharacters(shown.request.seed_text) + shown.request.length;
  const left = whole - countCharacters(text());
  return left > 0 ? `${left.toLocaleString("en")} letters to go` : "";
}

function words() {
  const writing = latest();
  if (currentNotice()) return escapeHTML(currentNotice());
  if (!writing) return "";
  if (isWriting() && writing.isFirst) return FIRST;
  const unknown = escapeHTML(writing.unknown);
  if (isWriting() && nowSpeed() === "Step" && writing === shownText()) {
    return `Letter by letter. ${unknown}`.trim();
  }
  if (isWriting()) {
    return `${writing.isOpen ? progressWords([writing]) : "Writing …"} ${unknown}`.trim();
  }
  if (writing.status === "refused") {
    const again = '<button type="button" class="try-again">Try again</button>';
    return `${escapeHTML(writing.sentence)} ${again}`;
  }
  if (writing.isEdited) return "Your letter. Press Continue to carry on.";
  if (isPaused() || writing.status === "stopped") return "Paused. Press Continue to carry on.";
  if (writing.isFirst) return "Your turn: how should a text start?";
  const length = writing.request.length.toLocaleString("en");
  const seconds = writing.seconds.toFixed(1);
  // The server writes faster than one reads.
  const shown = nowSpeed() === "Instant" ? "" : ", shown slowly";
  return `${length} letters in ${seconds} s${shown}. ${unknown}`.trim();
}

function setHTML(element, html) {
  if (element.heldHTML !== html) element.innerHTML = element.heldHTML = html;
}

customElements.define("written-paper", WrittenPaper);
customElements.define("paper-status", PaperStatus);

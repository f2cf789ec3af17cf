// <written-paper> and <paper-status>: the Write tab's text, and what is said about it.
import { escapeHTML } from "../browser/characters.js";
import { progressWords } from "../browser/progress_words.js";
import { GrowingText } from "../browser/growing_text.js";
import {
  copiedSentence,
  currentNotice,
  currentRemark,
  isWriting,
  latest,
  onPaper,
  restore,
  shownText,
  tryAgain,
} from "./paper.js";

class WrittenPaper extends HTMLElement {
  connectedCallback() {
    this.empty ??= this.innerHTML; // what the page says before anything was written
    this.endSubscription = onPaper(() => this.update());
    this.update();
    restore();
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
      this.innerHTML = '<div class="page"></div>';
      this.page = new GrowingText(this.firstChild);
    }
    this.page.show(writing);
  }
}

class PaperStatus extends HTMLElement {
  connectedCallback() {
    // The element stays, so that a screen reader hears its changes.
    this.innerHTML ||= '<p role="status"></p><p class="copied"></p><p class="remark"></p>';
    [this.status, this.copied, this.remark] = this.children;
    this.endSubscription = onPaper(() => this.update());
    this.addEventListener("click", (event) => {
      if (event.target.closest(".try-again")) tryAgain();
    });
    this.update();
  }

  disconnectedCallback() {
    this.endSubscription();
  }

  update() {
    this.status.classList.toggle("writing", isWriting());
    setHTML(this.status, words());
    setHTML(this.copied, isWriting() || currentNotice() ? "" : escapeHTML(copiedSentence()));
    setHTML(this.remark, escapeHTML(currentRemark()));
  }
}

function words() {
  const writing = latest();
  if (currentNotice()) return escapeHTML(currentNotice());
  if (!writing) return "";
  if (writing.isOpen) return progressWords([writing]);
  if (writing.status === "stopped") return "Stopped. Continue goes on from here.";
  if (writing.status === "refused") {
    const again = '<button type="button" class="try-again">Try again</button>';
    return `${escapeHTML(writing.sentence)} ${again}`;
  }
  const length = writing.request.length.toLocaleString("en");
  const sentence = `${length} characters in ${writing.seconds.toFixed(1)} s. ${writing.unknown}`;
  return escapeHTML(sentence.trim());
}

function setHTML(element, html) {
  if (element.heldHTML !== html) element.innerHTML = element.heldHTML = html;
}

customElements.define("written-paper", WrittenPaper);
customElements.define("paper-status", PaperStatus);

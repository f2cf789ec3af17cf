// A text that the server writes: asked for, received as it is written, and, when the connection
// breaks, asked for again from where it broke off. Its characters are kept here, not in the
// document.
import { readEvents } from "./event_reader.js";

// A connection that is back by then was never lost, as far as the visitor is concerned.
const QUIET_MS = 3000;
// The server gives a sign of life every two seconds. Without one the network is gone, which the
// browser may not notice for minutes.
const SILENT_MS = 7000;
const LOOK_EVERY_MS = 500;
const WAITS_MS = [100, 300, 700, 1500, 3000]; // before it is asked for again; then the last
const BUSY_STATUSES = new Set([429, 502, 503, 504]); // the server, or a proxy, for the time being

export const countCharacters = (text) => {
  let count = 0;
  for (const _ of text) count += 1; // characters as the server counts them, not UTF-16 units
  return count;
};

class Refused extends Error {}

// How many of the likeliest characters the server names with each one that it draws.
const CHANCES = 5;

export class WrittenText {
  #listeners = new Set();
  #abort = new AbortController();
  #wake = () => {};

  // request: model, seed_text, temperature, length and random_seed, as the server reads them.
  // known: what is known of the text already, such as the text that it continues.
  constructor(request, known = {}) {
    this.request = request;
    this.text = ""; // what has come, the seed text included
    // All places are counted in UTF-16 units, as JavaScript does.
    this.yours = []; // parts that the visitor wrote: [begin, end] each
    this.shownUnits = 0; // how much of it the visitor has seen, where a text is shown by and by
    this.isPaused = false; // no more of it is shown for the time being
    this.wantsChoices = false;
    // How each character was drawn, in order: {at, likeliest, probabilities, drawn}, where `at` is
    // its place, the rest as the server says it. Whoever shows the text takes them away.
    this.choices = [];
    this.status = "asked"; // then writing, and one of ended, stopped, refused
    this.isReady = true; // the server can write at once
    this.isLost = false; // there has been no connection for a while
    this.unknown = ""; // a sentence about characters that were skipped
    this.sentence = ""; // why it was refused
    this.askedAt = timeNow();
    this.seconds = null; // from the question to the end
    Object.assign(this, known);
  }

  get isOpen() {
    return this.status === "asked" || this.status === "writing";
  }

  // What can be stored, and given to the constructor again: new WrittenText(s.request, s).
  get state() {
    return { ...this };
  }

  // Returns a function that ends the subscription.
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop() {
    if (!this.isOpen) return;
    this.#end("stopped");
    this.#abort.abort();
    this.#wake();
  }

  // Ask for it, or for the rest of it. Resolves when it is over.
  async read() {
    let tries = 0;
    let lostTimer = null;
    const found = () => {
      clearTimeout(lostTimer);
      lostTimer = null;
      if (this.isLost) this.#change({ isLost: false });
    };
    while (this.isOpen) {
      const before = this.text.length;
      try {
        await this.#readOnce(found);
      } catch (error) {
        if (error instanceof Refused) this.#end("refused", error.message);
      }
      if (!this.isOpen) break;
      lostTimer ??= setTimeout(() => this.isOpen && this.#change({ isLost: true }), QUIET_MS);
      // An answer that brought nothing is no reason to hurry.
      if (this.text.length > before) tries = 0;
      await this.#wait(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
      tries += 1;
    }
    clearTimeout(lostTimer);
  }

  async #readOnce(found) {
    this.#abort = new AbortController();
    let signAt = Date.now();
    const watch = setInterval(() => {
      if (Date.now() - signAt > SILENT_MS) this.#abort.abort();
    }, LOOK_EVERY_MS);
    try {
      const response = await fetch(new URL("write", document.baseURI), {
        method: "POST",
        headers: { Accept: "text/event-stream", "Content-Type": "application/json" },
        body: JSON.stringify({
          ...this.request,
          from: countCharacters(this.text),
          chances: this.wantsChoices ? CHANCES : 0,
        }),
        cache: "no-store",
        signal: this.#abort.signal,
      });
      if (!response.ok && !BUSY_STATUSES.has(response.status)) {
        throw new Refused(await sentenceOf(response));
      }
      if (!response.ok) return;
      await readEvents(
        response,
        (kind, data) => {
          if (!this.isOpen) return;
          found();
          this.#take(kind, data);
        },
        () => (signAt = Date.now()),
      );
    } finally {
      clearInterval(watch);
      this.#abort.abort(); // what is left of a refused or broken answer
    }
  }

  #take(kind, data) {
    if (kind === "begin") {
      const text = this.text + data.text;
      this.#change({
        // From now on by the name that means the same model, also after it has learned on.
        request: { ...this.request, model: data.model },
        text,
        yours: this.yours.length ? this.yours : [[0, text.length]],
        unknown: data.unknown,
        isReady: data.is_ready,
        status: "writing",
      });
    } else if (kind === "piece") {
      this.takePiece(data);
    } else if (kind === "end") {
      this.#end("ended");
    } else if (kind === "error") {
      this.#end("refused", data.error);
    }
  }

  // data: as the server sends it.
  takePiece(data) {
    if (data.likeliest) this.#keepChoices(data);
    this.#change({ text: this.text + data.text, isReady: true });
  }

  #keepChoices({ text, likeliest, probabilities, drawn }) {
    let at = this.text.length;
    [...text].forEach((character, index) => {
      this.choices.push({
        at,
        likeliest: likeliest[index],
        probabilities: probabilities[index],
        drawn: drawn[index],
      });
      at += character.length;
    });
  }

  #end(status, sentence = "") {
    const seconds = Math.max(0, timeNow() - this.askedAt) / 1000;
    this.#change({ status, sentence, isLost: false, seconds });
  }

  #change(changes) {
    Object.assign(this, changes);
    for (const listener of this.#listeners) listener(this);
  }

  // Until the time is over, or sooner: when the network is back, or the page is looked at again.
  async #wait(milliseconds) {
    const waking = new AbortController();
    const options = { signal: waking.signal };
    await new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, milliseconds);
      window.addEventListener("online", resolve, options);
      document.addEventListener("visibilitychange", () => document.hidden || resolve(), options);
    });
    waking.abort();
  }
}

// In milliseconds, comparable over a reload. Of Date.now() a clock that is set would make hours.
function timeNow() {
  return performance.timeOrigin + performance.now();
}

async function sentenceOf(response) {
  try {
    const { error } = await response.json();
    if (error) return error;
  } catch {
    // No sentence of ours: something between the page and the server refused.
  }
  return `The server refused (status ${response.status}): try again in a moment.`;
}

// The server's news as they come: a stream of server-sent events, opened again whenever it is cut.
//
// Not the browser's own EventSource: that gives up for good when a server that is just starting
// answers with an error, and it cannot tell a quiet connection from a dead one. The server sends a
// comment every two seconds, by which this one can.
const SILENCE_MS = 7000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;
const PATIENCE_MS = 3000;

export class NewsStream {
  #onEvent;
  #onLost;
  #closing = null; // aborts what is being read
  #patience = null; // a timer, while nothing is heard of the server
  #isLost = false;

  // onEvent: called with the kind of each event, and its data.
  // onLost: called with true after three seconds without the server, and with false once it is back.
  constructor(onEvent, onLost) {
    this.#onEvent = onEvent;
    this.#onLost = onLost;
  }

  open(address) {
    this.close();
    this.address = address; // may be changed: it is used whenever the stream is opened again
    this.#closing = new AbortController();
    this.#readAgainAndAgain(this.#closing.signal);
  }

  close() {
    this.#closing?.abort();
    this.#closing = null;
    this.#setHeard();
  }

  async #readAgainAndAgain(signal) {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      this.#patience ??= setTimeout(() => this.#setLost(), PATIENCE_MS);
      if (await this.#read(signal)) pause = FIRST_PAUSE_MS;
      if (signal.aborted) return;
      this.#patience ??= setTimeout(() => this.#setLost(), PATIENCE_MS);
      // Not everybody at the same moment: a server that has just started would meet a crowd.
      await rest(pause * (0.5 + Math.random()), signal);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }

  // Reads until the stream ends; returns whether there were news.
  async #read(signal) {
    let hadNews = false;
    let text = "";
    for await (const piece of piecesOf(this.address, signal)) {
      this.#setHeard();
      const events = (text + piece).split("\n\n");
      text = events.pop();
      for (const event of events.map(parse)) {
        if (signal.aborted) return hadNews; // the event before was the last one to be heard
        if (event === null) continue;
        hadNews ||= event.kind === "news";
        this.#onEvent(event.kind, event.data);
      }
    }
    return hadNews;
  }

  #setLost() {
    this.#isLost = true;
    this.#onLost(true);
  }

  #setHeard() {
    clearTimeout(this.#patience);
    this.#patience = null;
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#onLost(false);
  }
}

// An answer's text, piece by piece, until it ends, is cut, or is no more wanted.
async function* piecesOf(address, signal) {
  const cutting = new AbortController();
  const cut = () => cutting.abort();
  signal.addEventListener("abort", cut);
  let silence = setTimeout(cut, SILENCE_MS);
  try {
    const response = await fetch(address, { cache: "no-store", signal: cutting.signal });
    if (!response.ok) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      clearTimeout(silence);
      silence = setTimeout(cut, SILENCE_MS);
      yield value;
    }
  } catch {
    // It was cut, or never came about.
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", cut);
    cut();
  }
}

// An event as it was sent; null for a comment.
function parse(event) {
  const fields = new Map(
    event.split("\n").map((line) => {
      const end = line.indexOf(": ");
      return [line.slice(0, end), line.slice(end + 2)];
    }),
  );
  if (!fields.has("data")) return null;
  return { kind: fields.get("event"), data: JSON.parse(fields.get("data")) };
}

// Waits for some time; less if the network comes back, or if nothing is wanted any more.
function rest(milliseconds, signal) {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}

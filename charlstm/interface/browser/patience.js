// Noticing that no more of a text comes. Pieces come every few tenths of a second, in a crowd every
// two seconds. When none comes for longer, the server or the network is gone, and the page would go
// on saying “Writing”.
export const PATIENCE_S = 6;

export class Patience {
  #words;
  #text = "";
  #newsAt = Date.now();

  // words: HTML to say when the patience is over.
  constructor(words) {
    this.#words =
      '<span class="broken">Nothing came for some seconds: the connection may be broken. ' +
      `${words}</span>`;
  }

  begin(text) {
    this.#text = text;
    this.#newsAt = Date.now();
  }

  isNew(text) {
    return text !== this.#text;
  }

  get quietS() {
    return (Date.now() - this.#newsAt) / 1000;
  }

  // To be called regularly. status: the element that says “Writing”, or null when it is not
  // written; its data-patience may give it more seconds. text: what has come so far.
  check(status, text) {
    if (!status || this.isNew(text)) {
      this.begin(text);
      status?.querySelector(".broken")?.remove();
    } else if (!status.querySelector(".broken")) {
      if (this.quietS > Number(status.dataset.patience ?? PATIENCE_S)) {
        status.insertAdjacentHTML("beforeend", ` ${this.#words}`);
      }
    }
  }
}

// Shows a text while it is written. Only what is new is added to the document, so that what a
// visitor has selected stays selected. What the visitor wrote looks different from what the network
// wrote.
export class GrowingText {
  // page: the element to show it in.
  constructor(page) {
    this.page = page;
    this.#clear();
  }

  #clear() {
    this.page.replaceChildren();
    this.drawn = ""; // what is in the document
    this.yours = "[]"; // whose it is
    this.last = null; // the text node at the end, and whose it is
    this.isLastYours = false;
  }

  // writing: a WrittenText. end: how much of it to show.
  show({ text, yours }, end = text.length) {
    const shown = text.slice(0, end);
    const drawnYours = JSON.stringify(yours.filter(([begin]) => begin < this.drawn.length));
    // A part that was seen to its end only now began before.
    if (!shown.startsWith(this.drawn) || drawnYours !== this.yours) this.#clear();
    let at = this.drawn.length;
    for (const [begin, partEnd] of yours) {
      if (partEnd <= at) continue;
      this.#append(shown.slice(at, begin), false);
      this.#append(shown.slice(Math.max(at, begin), partEnd), true);
      at = Math.max(at, Math.min(partEnd, end));
    }
    this.#append(shown.slice(at), false);
    this.drawn = shown;
    this.yours = JSON.stringify(yours.filter(([begin]) => begin < shown.length));
  }

  #append(text, isYours) {
    if (!text) return;
    if (this.last && this.isLastYours === isYours) return this.last.appendData(text);
    this.last = document.createTextNode(text);
    this.isLastYours = isYours;
    if (!isYours) return this.page.append(this.last);
    const part = document.createElement("span");
    part.className = "seed";
    part.append(this.last);
    this.page.append(part);
  }
}

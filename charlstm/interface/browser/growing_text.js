// Shows a text while it is written. Only what is new is added to the document, so that what a
// visitor has selected stays selected.
export class GrowingText {
  // page: the element to show it in.
  constructor(page) {
    page.innerHTML = '<span class="seed"></span>';
    this.seed = page.firstChild;
    this.rest = document.createTextNode("");
    page.append(this.rest);
  }

  // writing: a WrittenText; another one than before replaces it, unless it goes on from there.
  show(writing) {
    const seedUnits = writing.seedUnits ?? 0;
    const isAnother = writing !== this.writing;
    this.writing = writing;
    const { textContent } = this.seed;
    const goesOn = !isAnother || writing.text.startsWith(textContent + this.rest.data);
    if (seedUnits !== textContent.length || !goesOn) {
      this.seed.textContent = writing.text.slice(0, seedUnits);
      this.rest.data = "";
    }
    const drawn = seedUnits + this.rest.length;
    if (writing.text.length > drawn) this.rest.appendData(writing.text.slice(drawn));
  }
}

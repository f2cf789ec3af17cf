// Which of a tab's requests may still change the page.
//
// The server's pieces of a text are on their way for a while: some arrive after Stop, after Undo,
// or after the next text was asked for. So every request has a number, which the server sends back
// with every piece, into components that nobody sees. A piece is shown only while its request is
// the latest one and has not ended.
export const UNCHANGED = { __type__: "update" }; // in Gradio's words: this output stays as it is

export class LatestRequest {
  #number = 0;
  #isOpen = false;

  // A new request, whose number is returned; whatever arrives for earlier ones is not shown.
  begin() {
    this.#isOpen = true;
    this.#number += 1;
    return this.#number;
  }

  // Nothing more is shown of the request.
  end() {
    this.#isOpen = false;
  }

  // What the page's components get when `arrived` is there for the request of a number.
  show(arrived, number) {
    const isShown = this.#isOpen && number === this.#number;
    return isShown ? arrived : arrived.map(() => UNCHANGED);
  }
}

// What all views share: asking the server, the chosen model, names for characters.
//
// A view is an element of its own, such as <next-odds>: it builds itself when the page shows it,
// and asks the server for figures, never for drawings.
Object.assign(window.charlstm, (() => {
  let model = null; // the id of the model that is chosen on the page

  function chooseModel(id) {
    if (id === model) return;
    model = id;
    document.dispatchEvent(new CustomEvent("charlstm-model", { detail: id }));
  }

  // The server's answer, or an Error with a sentence for the visitor.
  async function ask(name, ...data) {
    let answer;
    try {
      const response = await fetch(`gradio_api/run/${name}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ data }),
      });
      answer = (await response.json()).data?.[0];
    } catch {
      answer = null;
    }
    if (!answer) throw new Error("The server does not answer: try again in a moment.");
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  // Calls one after the other; of those that come while one is at work only the newest is made.
  // After each it rests for twice the time it took: a server that is busy is asked less often.
  function newestOnly(work) {
    let isAtWork = false;
    let next = null;
    return async (...given) => {
      next = given;
      if (isAtWork) return;
      isAtWork = true;
      try {
        while (next) {
          const now = next;
          next = null;
          const began = performance.now();
          await work(...now);
          const rest = 2 * (performance.now() - began);
          await new Promise((done) => setTimeout(done, rest));
        }
      } finally {
        isAtWork = false;
      }
    };
  }

  // [sign, name] of a character, for people.
  const NAMES = { "\n": ["↵", "line break"], " ": ["␣", "space"], "\t": ["⇥", "tab"] };

  function nameOf(character) {
    return NAMES[character] ?? [character, character];
  }

  function escapeHTML(text) {
    const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;" };
    return text.replace(/[&<>"\r]/g, (character) => signs[character]);
  }

  class View extends HTMLElement {
    connectedCallback() {
      if (!this.isBuilt) {
        this.isBuilt = true;
        this.build();
      }
      this.onModel = () => this.modelChanged(model);
      document.addEventListener("charlstm-model", this.onModel);
      if (model !== null) this.onModel();
    }

    disconnectedCallback() {
      document.removeEventListener("charlstm-model", this.onModel);
    }

    build() {} // once: fill the element
    modelChanged() {} // when it is shown, and whenever another model is chosen
  }

  const theModel = () => model;
  return { ask, chooseModel, theModel, newestOnly, nameOf, escapeHTML, View };
})());

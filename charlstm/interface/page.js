// What the page does without asking the server: dice, undo, copy, and keeping
// the text when the page reloads.
window.charlstm = (() => {
  const pages = []; // what stood there before, the latest last
  const page = () => document.querySelector("#page .page");
  const holdsText = () => page() && !page().classList.contains("empty");
  const isWriting = () => document.querySelector("#status .writing");
  const say = (words, kind = "") => `<p role="status" class="${kind}">${words}</p>`;

  function throwDice() {
    return Math.floor(Math.random() * 1000000);
  }

  function roll(always, number) {
    return always || number === null ? throwDice() : number;
  }

  // Before a new text replaces the one that stands there.
  function remember() {
    if (page()) pages.push(page().outerHTML);
    if (pages.length > 50) pages.shift();
  }

  function undo(current) {
    if (isWriting()) return [current, say("Still writing: press Stop first.", "writing")];
    while (pages.length) {
      const before = pages.pop();
      if (before !== page().outerHTML) return [before, say("Undone.")];
    }
    return [current, say("There is nothing to undo.")];
  }

  function textSoFar() {
    remember();
    return holdsText() ? page().textContent : "";
  }

  function stopped(status) {
    return isWriting() ? say("Stopped. Continue goes on from here.") : status;
  }

  // The page reloads when the connection was lost: the text is not to be lost with it.
  window.addEventListener("pagehide", () => {
    if (holdsText()) sessionStorage.setItem("charlstm-page", page().outerHTML);
  });

  function restore(current) {
    return sessionStorage.getItem("charlstm-page") ?? current;
  }

  async function toClipboard(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Browsers hide the clipboard from pages that come over plain HTTP: the old way still works.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      return copied;
    }
  }

  async function copy() {
    if (!holdsText()) return say("There is no text to copy yet.");
    if (!(await toClipboard(page().textContent))) {
      return say("The browser does not let the page copy: select the text by hand.");
    }
    return say("Copied.", isWriting() ? "writing" : "");
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy-figures");
    if (!button) return;
    const copied = await toClipboard(button.dataset.text);
    button.textContent = copied ? "Copied" : "Select them by hand";
  });

  return { throwDice, roll, remember, undo, textSoFar, stopped, restore, copy };
})();

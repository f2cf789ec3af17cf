// What the page does without asking the server: dice, undo, copy.
window.charlstm = (() => {
  const history = [];
  const page = () => document.querySelector("#page .page");
  const holdsText = () => page() && !page().classList.contains("empty");

  function throwDice() {
    return Math.floor(Math.random() * 1000000);
  }

  // Before a new text replaces the one that stands there.
  function remember() {
    if (!holdsText()) return;
    history.push(page().outerHTML);
    if (history.length > 50) history.shift();
  }

  function undo(current) {
    return history.length ? history.pop() : current;
  }

  function textSoFar() {
    remember();
    return holdsText() ? page().textContent : "";
  }

  async function copy() {
    const say = (words) => `<p role="status">${words}</p>`;
    if (!holdsText()) return say("There is no text to copy yet.");
    const text = page().textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Browsers hide the clipboard from pages that come over plain HTTP: the old way still works.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      if (!copied) return say("The browser does not let the page copy: select the text by hand.");
    }
    return say("Copied.");
  }

  return { throwDice, remember, undo, textSoFar, copy };
})();

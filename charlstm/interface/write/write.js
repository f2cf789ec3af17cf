// What the page does without asking the server: dice, undo, copy, keeping the
// text when the page reloads, and noticing when no more of it comes.
window.charlstm = (() => {
  const pages = []; // what stood there before, the latest last
  const page = () => document.querySelector("#page .page");
  const holdsText = () => page() && !page().classList.contains("empty");
  const text = () => page()?.textContent ?? "";
  const isWriting = () => document.querySelector("#status .writing");
  const say = (words, kind = "") => `<p role="status" class="${kind}">${words}</p>`;

  function throwDice() {
    return Math.floor(Math.random() * 1000000);
  }

  function roll(always, number) {
    return always || number === null ? throwDice() : number;
  }

  const KEPT =
    'What stands here is kept. <button type="button" class="try-again">Try again</button>';
  let lastWish = null; // what was last asked of the server, for trying again
  let isWaiting = false; // for the first words of it

  function asked(...wish) {
    lastWish = wish;
    isWaiting = true;
    lastNews = { text: text(), at: Date.now() };
    return wish;
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

  // The page reloads when the connection was lost: the text is not to be lost with it, nor what
  // was asked for if it was not yet all there.
  window.addEventListener("pagehide", () => {
    if (holdsText()) sessionStorage.setItem("charlstm-page", page().outerHTML);
    const isOpen =
      isWriting() ||
      (isWaiting && text() === lastNews.text) ||
      document.querySelector("#status .try-again");
    sessionStorage.setItem("charlstm-wish", JSON.stringify(isOpen ? lastWish : null));
  });

  function restore(current, status) {
    lastWish = JSON.parse(sessionStorage.getItem("charlstm-wish"));
    return [
      sessionStorage.getItem("charlstm-page") ?? current,
      lastWish ? say(`The connection broke. ${KEPT}`) : status,
    ];
  }

  // Pieces come every few tenths of a second, in a crowd every two seconds. When none comes for
  // longer, the server or the network is gone, and Gradio would go on saying “Writing”.
  const PATIENCE_S = 6;
  const BROKEN =
    `<span class="broken">Nothing came for some seconds: the connection may be broken. ${KEPT}` +
    "</span>";
  let lastNews = { text: "", at: Date.now() };

  async function serverAnswers() {
    try {
      return (await fetch("gradio_api/app_id", { cache: "no-store" })).ok;
    } catch {
      return false;
    }
  }

  // A wish of which not a word has come was refused, or the server is gone.
  async function doubt() {
    lastNews.at = Date.now();
    if (await serverAnswers()) isWaiting = false;
  }

  setInterval(() => {
    const status = isWriting();
    if (status || text() !== lastNews.text) isWaiting = false;
    const quietS = (Date.now() - lastNews.at) / 1000;
    if (isWaiting) {
      if (quietS > PATIENCE_S) doubt();
    } else if (!status || text() !== lastNews.text) {
      lastNews = { text: text(), at: Date.now() };
      status?.querySelector(".broken")?.remove();
    } else if (!status.querySelector(".broken")) {
      if (quietS > Number(status.dataset.patience ?? PATIENCE_S)) {
        status.insertAdjacentHTML("beforeend", ` ${BROKEN}`);
      }
    }
  }, 500);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".try-again");
    if (!button) return;
    document.querySelector("#again").click();
    // Gradio lets nothing be asked until the server is there again; then it reloads the page.
    if (!(await serverAnswers())) button.textContent = "Try again (no server answers yet)";
  });

  function tryAgain(...form) {
    document.querySelector("#status .broken")?.remove();
    return asked(...(lastWish ?? form));
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

  return { throwDice, roll, asked, remember, tryAgain, undo, textSoFar, stopped, restore, copy };
})();

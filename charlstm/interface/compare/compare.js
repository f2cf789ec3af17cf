// The Compare tab: the text of a column to the clipboard, and noticing that no more of it comes.
(() => {
  // The page copies what such a button carries: here it is given the text when it is pressed.
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest(".copy-column");
      if (!button) return;
      button.dataset.text = button.closest(".compared").querySelector(".page").textContent;
    },
    true,
  );

  const PATIENCE_S = 6; // as on the Write tab
  const BROKEN =
    ' <span class="broken">Nothing came for some seconds: the connection may be broken. ' +
    "What stands here is kept.</span>";
  let before = "";
  let newsAt = Date.now();

  setInterval(() => {
    const status = document.querySelector("#compare-status .writing");
    const text = document.querySelector("#compare-columns")?.textContent;
    if (!status || text !== before) {
      before = text;
      newsAt = Date.now();
      status?.querySelector(".broken")?.remove();
    } else if (!status.querySelector(".broken")) {
      const patienceS = Number(status.dataset.patience ?? PATIENCE_S);
      if (Date.now() - newsAt > patienceS * 1000) status.insertAdjacentHTML("beforeend", BROKEN);
    }
  }, 500);
})();

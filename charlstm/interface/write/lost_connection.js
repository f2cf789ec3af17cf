// When no more of a text comes, the Write tab says so, and offers to ask for it again.
import { Patience, PATIENCE_S } from "../browser/patience.js";
import { ownServerAnswers, serverAnswers } from "../browser/server.js";
import { text, writingStatus } from "./page.js";

export const KEPT =
  'What stands here is kept. <button type="button" class="try-again">Try again</button>';
const LOOK_EVERY_MS = 500;
const patience = new Patience(KEPT);
let isExpecting = false; // the first words of what was asked for

export function expectFirstWords() {
  isExpecting = true;
  patience.begin(text());
}

export function expectNothing() {
  isExpecting = false;
}

export const isExpectingFirstWords = () => isExpecting && !patience.isNew(text());

// Of what was asked for no word has come: it was refused, or the server is gone. A server that was
// started since knows nothing of it: Gradio reloads the page then, and it can be asked for again.
async function askWhetherServerIsThere() {
  patience.begin(text());
  if (await ownServerAnswers()) isExpecting = false;
}

setInterval(() => {
  if (writingStatus() || patience.isNew(text())) isExpecting = false;
  if (!isExpecting) patience.check(writingStatus(), text());
  else if (patience.quietS > PATIENCE_S) askWhetherServerIsThere();
}, LOOK_EVERY_MS);

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".try-again");
  if (!button) return;
  document.querySelector("#again").click();
  // Gradio lets nothing be asked until the server is there again; then it reloads the page.
  if (!(await serverAnswers())) button.textContent = "Try again (no server answers yet)";
});

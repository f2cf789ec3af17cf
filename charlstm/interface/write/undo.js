// Undo: the texts that were on the page before, the latest last.
import { page, statusHTML, writingStatus } from "./page.js";
import { endRequest } from "./request.js";

const MOST_PAGES = 50;
const pages = [];

// Call this before a new text replaces the one on the page.
export function remember() {
  if (page()) pages.push(page().outerHTML);
  if (pages.length > MOST_PAGES) pages.shift();
}

// [page, status]
export function undo(current) {
  if (writingStatus()) return [current, statusHTML("Still writing: press Stop first.", "writing")];
  while (pages.length) {
    const before = pages.pop();
    if (before === page().outerHTML) continue;
    endRequest(); // what is still said about the text that goes would bring it back
    return [before, statusHTML("Undone.")];
  }
  return [current, statusHTML("There is nothing to undo.")];
}

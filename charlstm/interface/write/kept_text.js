// The page reloads by itself after a lost connection. Its text is kept over a reload, and so is
// what was asked for, unless all of it has come.
import { UNCHANGED } from "../browser/latest_request.js";
import { isExpectingFirstWords, KEPT } from "./lost_connection.js";
import { holdsText, page, statusHTML, writingStatus } from "./page.js";
import { isRequestBroken, lastRequest, restoreRequest } from "./request.js";

const PAGE_KEY = "charlstm-page";
const REQUEST_KEY = "charlstm-request";
let isRestored = false;

window.addEventListener("pagehide", () => {
  // A page that reloads again before it was ready must not forget what it has not shown yet.
  if (!isRestored && !lastRequest()) return;
  if (holdsText()) sessionStorage.setItem(PAGE_KEY, page().outerHTML);
  const isOpen = writingStatus() || isExpectingFirstWords() || isRequestBroken();
  sessionStorage.setItem(REQUEST_KEY, JSON.stringify(isOpen ? lastRequest() : null));
});

// [page, status] after a reload; both stay as they are if a new text was asked for meanwhile.
export function restore() {
  isRestored = true;
  if (lastRequest()) return [UNCHANGED, UNCHANGED];
  const request = JSON.parse(sessionStorage.getItem(REQUEST_KEY));
  restoreRequest(request);
  return [
    sessionStorage.getItem(PAGE_KEY) ?? UNCHANGED,
    request ? statusHTML(`The connection broke. ${KEPT}`) : UNCHANGED,
  ];
}

// What the Write tab has asked of the server. A form is what Gradio passes for a request: model,
// seed text, temperature, length, random seed.
import { LatestRequest } from "../browser/latest_request.js";
import { expectFirstWords, expectNothing, isExpectingFirstWords } from "./lost_connection.js";
import { statusHTML, writingStatus } from "./page.js";

const requests = new LatestRequest();
let lastForm = null; // for trying again
let isBroken = false; // its text did not come before the page reloaded, and was not asked for since

// What is sent to the server: the form and the number of this request.
export function beginRequest(form) {
  lastForm = form;
  isBroken = false;
  expectFirstWords();
  return [...form, requests.begin()];
}

export function endRequest() {
  requests.end();
}

export const lastRequest = () => lastForm;
export const isRequestBroken = () => isBroken;

// After a reload: the form whose text did not come, or null.
export function restoreRequest(form) {
  lastForm = form;
  isBroken = form !== null;
}

// [page, status] when they arrive from the server for the request of a number.
export function showArrived(page, status, number) {
  return requests.show([page, status], number);
}

// The status after Stop.
export function stop(status) {
  const isOpen = writingStatus() || isExpectingFirstWords();
  requests.end();
  expectNothing();
  return isOpen ? statusHTML("Stopped. Continue goes on from here.") : status;
}

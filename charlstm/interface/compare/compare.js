// The Compare tab: what its buttons do in the browser, and noticing that no more comes.
import { LatestRequest } from "../browser/latest_request.js";
import { Patience } from "../browser/patience.js";

const LOOK_EVERY_MS = 500;
const requests = new LatestRequest();
const patience = new Patience("What stands here is kept.");
const writingStatus = () => document.querySelector("#compare-status .writing");

// What is sent to the server: the form and the number of this request, instead of the last one's.
export function beginRequest(...inputs) {
  return [...inputs.slice(0, -1), requests.begin()];
}

// [...columns, status] when they arrive from the server for the request of a number.
export function showArrived(...outputs) {
  return requests.show(outputs.slice(0, -1), outputs.at(-1));
}

// The status after Stop.
export function stop(status) {
  requests.end();
  return writingStatus() ? '<p role="status">Stopped.</p>' : status;
}

// Such a button copies what it carries: here it is given the text when it is pressed.
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest(".copy-column");
    if (!button) return;
    button.dataset.text = button.closest(".compared").querySelector(".page").textContent;
  },
  true, // before the listener that copies
);

setInterval(() => {
  patience.check(writingStatus(), document.querySelector("#compare-columns")?.textContent);
}, LOOK_EVERY_MS);

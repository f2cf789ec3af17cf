// The text on the page of the Write tab, and the status below it.
export const page = () => document.querySelector("#page .page");
export const holdsText = () => page() !== null && !page().classList.contains("empty");
export const text = () => page()?.textContent ?? "";

// The element that says “Writing”, or null.
export const writingStatus = () => document.querySelector("#status .writing");
export const statusHTML = (words, kind = "") => `<p role="status" class="${kind}">${words}</p>`;

// What is said while texts are written.
const GETTING_READY =
  "Getting ready: a few seconds, only when charlstm is started for the first time …";
const LOST_BEFORE = "The connection is lost. The writing begins as soon as it is back …";
const LOST_SINCE =
  "The connection is lost. What stands here is kept, and goes on as soon as it is back …";

// texts: those that are still open.
export function progressWords(texts) {
  const isLost = texts.some((text) => text.isLost);
  if (isLost) return texts.some((text) => text.text) ? LOST_SINCE : LOST_BEFORE;
  return texts.every((text) => text.isReady) ? "Writing …" : GETTING_READY;
}

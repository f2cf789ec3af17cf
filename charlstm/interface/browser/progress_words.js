// What is said while texts are written.
const GETTING_READY =
  "Getting ready: some seconds, only when charlstm is started for the first time …";
const LOST =
  "The connection is lost. What stands here is kept, and goes on as soon as it is back …";

// texts: those that are still open.
export function progressWords(texts) {
  if (texts.some((text) => text.isLost)) return LOST;
  return texts.every((text) => text.isReady) ? "Writing …" : GETTING_READY;
}

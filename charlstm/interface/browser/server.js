// Asking the server for figures, and how often.

// For whoever asks again when the server was silent: after how long, and what is said meanwhile.
export const AGAIN_MS = 3000;
export const ASKING_AGAIN = "The server does not answer. Asking again …";

// The server's answer, or an Error with a sentence for the visitor; with `isSilence` if the server
// did not answer at all.
export async function ask(name, ...data) {
  let answer;
  try {
    const response = await fetch(`gradio_api/run/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ data }),
    });
    answer = (await response.json()).data?.[0];
  } catch {
    answer = null;
  }
  if (!answer) {
    const silence = new Error("The server does not answer: try again in a moment.");
    throw Object.assign(silence, { isSilence: true });
  }
  if (answer.error) throw new Error(answer.error);
  return answer;
}

// Wraps an asynchronous function so that one call runs at a time. Of the calls that come
// meanwhile only the newest is made. After each call it rests for twice the time that the call
// took, so that a busy server is asked less often.
export function newestOnly(work) {
  let isAtWork = false;
  let next = null;
  return async (...given) => {
    next = given;
    if (isAtWork) return;
    isAtWork = true;
    try {
      while (next) {
        const now = next;
        next = null;
        const began = performance.now();
        await work(...now);
        const rest = 2 * (performance.now() - began);
        await new Promise((done) => setTimeout(done, rest));
      }
    } finally {
      isAtWork = false;
    }
  };
}

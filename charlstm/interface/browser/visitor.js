// The secret by which a public page knows a visitor's own trainings: it is made up here, stays in
// this browser, and goes along with each request to this server, also with those that Gradio makes.
const KEY = "charlstm-visitor";
export const HEADER = "X-Charlstm-Visitor";
const SECRET = /^[0-9a-f]{64}$/;
let secret = null;

export function visitorSecret() {
  if (secret !== null) return secret;
  try {
    secret = localStorage.getItem(KEY);
  } catch {
    secret = null; // the browser keeps nothing: it lasts as long as the page
  }
  if (!SECRET.test(secret ?? "")) {
    const numbers = crypto.getRandomValues(new Uint8Array(32));
    secret = [...numbers].map((number) => number.toString(16).padStart(2, "0")).join("");
    try {
      localStorage.setItem(KEY, secret);
    } catch {
      // as above
    }
  }
  return secret;
}

const plainFetch = window.fetch.bind(window);

// Gradio has no other way to add a header to its own requests.
window.fetch = (asked, options) => {
  const address = new URL(asked instanceof Request ? asked.url : asked, document.baseURI);
  if (address.origin !== location.origin) return plainFetch(asked, options);
  const given = options?.headers ?? (asked instanceof Request ? asked.headers : {});
  const headers = new Headers(given);
  headers.set(HEADER, visitorSecret());
  return plainFetch(asked, { ...options, headers });
};

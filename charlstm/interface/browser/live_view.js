// A view that the server sends news while somebody sees it. While its tab or the page is hidden, the
// server sends it nothing.
import { NewsStream } from "./event_source.js";
import { View } from "./view.js";

const LOST = "The connection is lost. Trying again …";

export class LiveView extends View {
  connectedCallback() {
    super.connectedCallback();
    this.address = null; // of the stream that is open
    this.stream = new NewsStream(
      (kind, data) => (kind === "news" ? this.receive(data) : this.fail(data)),
      (isLost) => this.sayOfConnection(isLost ? LOST : ""),
    );
    this.onSeen = () => this.refresh();
    document.addEventListener("visibilitychange", this.onSeen);
    // An element has no size while its tab is hidden.
    this.observer = new ResizeObserver(this.onSeen);
    this.observer.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.onSeen);
    this.observer.disconnect();
    this.stream.close();
  }

  isSeen() {
    return this.offsetParent !== null && !document.hidden;
  }

  // Opens the stream of what is to be shown now, unless it is open; closes it if there is none.
  refresh() {
    const address = this.isSeen() ? this.newsAddress() : null;
    if (address === this.address) return;
    this.address = address;
    if (address === null) this.stream.close();
    else this.stream.open(address);
  }

  // The open stream is that of another address too, by which it is opened from now on.
  keepStreamAs(address) {
    this.address = this.stream.address = address;
  }

  receive(news) {
    this.sayOfConnection("");
    this.take(news);
  }

  fail({ error, final }) {
    if (!final) return this.sayOfConnection(error);
    this.address = null;
    this.stream.close();
    this.refuse(error);
  }

  // A view has an element .connection for this.
  sayOfConnection(sentence) {
    this.querySelector(".connection").textContent = sentence;
  }

  newsAddress() {} // of the stream to be shown; null for none
  take(news) {} // what has changed: the first news of a stream are all that there is
  refuse(sentence) {} // there is nothing to be shown, and asking again is of no use
}

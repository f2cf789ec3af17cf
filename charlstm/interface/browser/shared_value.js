// A value that several modules share. Each such value has a module of its own, which holds it and
// exports functions to read it, to change it and to hear of changes.
export class SharedValue {
  #value;
  #listeners = new Set();

  constructor(value) {
    this.#value = value;
  }

  get() {
    return this.#value;
  }

  // Calls every listener, also if the value is the same as before.
  set(value) {
    this.#value = value;
    for (const listener of this.#listeners) listener(value);
  }

  // Returns a function that ends the subscription.
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

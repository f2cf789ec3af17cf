// Technical terms and exact figures behind a small "i": plain words stand before it.

// label: what a screen reader calls the "i". markup: what unfolds.
export function exactly(label, markup) {
  return `<details class="exactly"><summary aria-label="${label}">i</summary>
    <div>${markup}</div></details>`;
}

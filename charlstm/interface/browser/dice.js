// Random seeds for the tabs that write.
export function throwDice() {
  return Math.floor(Math.random() * 1000000);
}

// The random seed that a visitor finds: a thrown one, unless another one than `seed`, with which
// the page came, was typed before this script was there.
export function firstSeed(seed) {
  const shown = document.querySelector("#random-seed input").valueAsNumber;
  return shown === seed ? throwDice() : shown;
}

// The random seed of the next text: a new one if it is always to be new, or if none was typed.
export function rollSeed(isAlwaysNew, seed) {
  return isAlwaysNew || seed === null ? throwDice() : seed;
}

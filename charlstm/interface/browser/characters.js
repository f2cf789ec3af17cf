// How characters are shown and named, and how text becomes HTML.

// [sign, name] of a character that has no sign of its own; the names are those of the server
// (text/character_names.py).
const NAMES = {
  "\n": ["↵", "line break"],
  " ": ["␣", "space"],
  "\t": ["⇥", "tab"],
  "\u00a0": ["⍽", "no-break space"],
  "\u202f": ["⍽", "narrow no-break space"],
  "\u3000": ["□", "ideographic space"],
  "\u00ad": ["‧", "soft hyphen"],
  "\u200b": ["ZWSP", "zero-width space"],
  "\u200c": ["ZWNJ", "zero-width non-joiner"],
  "\u200d": ["ZWJ", "zero-width joiner"],
  "\u200e": ["LRM", "left-to-right mark"],
  "\u200f": ["RLM", "right-to-left mark"],
};
const RING = "\u25cc"; // on which a mark is shown that stands on other characters
const isMark = (character) => /^\p{M}$/u.test(character);

const isUnseen = (character) => /[\p{C}\p{Z}]/u.test(character);
const codeOf = (character) =>
  `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

// What people take for one character may be several for a computer: an emoji with its colour, a
// letter with its marks (grapheme cluster). No such one is longer than this, in UTF-16 units.
const LONGEST = 64;
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

// The length of the character that begins at a place of a text, as people count, in UTF-16 units.
export function lengthAt(text, place) {
  const [first] = segmenter.segment(text.slice(place, place + LONGEST));
  return first?.segment.length ?? 0;
}

export function withoutLast(text) {
  const last = [...segmenter.segment(text.slice(-LONGEST))].at(-1);
  return text.slice(0, text.length - (last?.segment.length ?? 0));
}

// The last characters of a text in a line, as people count, each of which can be seen.
export function endInLine(text, most) {
  const characters = [...segmenter.segment(text.slice(-LONGEST * (most + 1)))].slice(-most);
  const signs = characters.map(({ segment }) => {
    if (segment === "\r\n") return signOf("\n");
    return segment === " " || [...segment].length > 1 ? segment : signOf(segment);
  });
  const units = characters.reduce((sum, { segment }) => sum + segment.length, 0);
  return (units < text.length ? "…" : "") + signs.join("");
}

// [sign, name]; both are the character itself where it needs no name.
export function nameOf(character) {
  const shown = isMark(character) ? RING + character : character;
  return NAMES[character] ?? [shown, shown];
}

// One sign for every character, also for those that cannot be seen.
export function signOf(character) {
  const [sign] = nameOf(character);
  return sign === character && isUnseen(character) ? codeOf(character) : sign;
}

// The character within a sentence: “a”, a space, U+200B.
export function inWords(character) {
  const [sign, name] = nameOf(character);
  if (NAMES[character]) return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
  return isUnseen(character) ? codeOf(character) : `“${sign}”`;
}

export function escapeHTML(text) {
  const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;" };
  return text.replace(/[&<>"\r]/g, (character) => signs[character]);
}

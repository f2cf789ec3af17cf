// How the chosen model learned, and what the words mean.
import { htmlElement, svgElement } from "./elements.js";
import { stateSize } from "./network.js";

const number = (value) => value.toLocaleString("en");

function duration(seconds) {
  if (seconds < 100) return `${number(Math.round(seconds))} seconds`;
  return `${number(Math.round(seconds / 60))} minutes`;
}

export function trainingInWords(learned) {
  const { characters, text, steps, seconds, teachers, started_from: origin } = learned;
  const written = learned.written_by_teachers;
  const whose = text && !written ? ` of “${text}”` : "";
  const took = [steps && `in ${number(steps)} steps`, seconds && `in ${duration(seconds)}`];
  const shown = characters
    ? [`This model was shown ${number(characters)} characters${whose}`, ...took.filter(Boolean)]
    : [
        `This model was shown text${whose}, character by character`,
        "but its file does not say how much",
      ];
  const began = origin
    ? `It began with what a model had learned from “${origin}” (fine-tuning).`
    : "It began without knowing a single word.";
  if (written) {
    const read = number(Math.round(100 * (1 - written)));
    return `${shown.join(", ")}. ${read}% of them come from “${text ?? "a text"}”. The others were ` +
      `written by ${number(teachers)} networks that had learned from that text before, its ` +
      `teachers; with each character it learned how likely it was to them. ${began}`;
  }
  const taught = teachers
    ? " Besides the text it learned from what other networks expected: it had " +
      `${number(teachers)} teachers.`
    : "";
  return `${shown.join(", ")}. ${began}${taught}`;
}

// Its loss on held-out text while it learned.
export function drawCurve(root, losses) {
  root.replaceChildren();
  if (!losses) return;
  const [width, height, left, right, top, bottom] = [360, 140, 12, 348, 26, 118];
  const end = losses.at(-1)[0] || 1;
  const values = losses.map(([, loss]) => loss);
  const high = Math.max(...values);
  const points = losses.map(([seconds, loss]) => [
    left + (right - left) * Math.max(0, Math.min(1, seconds / end)),
    bottom - ((bottom - top) * loss) / high,
  ]);
  const [first, last] = [values[0].toFixed(2), values.at(-1).toFixed(2)];
  const words = `Its loss on text that was held out from training: ${first} nats at first, ` +
    `${last} at the end`;
  const svg = svgElement("svg", "", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": words,
  });
  svg.append(
    svgElement("path", "", { class: "floor", d: `M${left} ${bottom}H${right}` }),
    svgElement("path", "", {
      class: "curve",
      d: `M${points.map((point) => point.map((part) => part.toFixed(1))).join("L")}`,
    }),
    svgElement("text", "0", { x: left, y: bottom + 15 }),
    svgElement("circle", "", { r: 4, cx: points[0][0], cy: points[0][1] }),
    svgElement("circle", "", { r: 4, cx: points.at(-1)[0], cy: points.at(-1)[1] }),
    svgElement("text", first, { x: points[0][0] + 9, y: points[0][1] + 5 }),
    svgElement("text", last, {
      x: points.at(-1)[0],
      y: points.at(-1)[1] - 10,
      "text-anchor": "end",
    }),
  );
  root.append(svg, htmlElement("p", `${words}.`, { class: "quiet" }));
}

// [word, what it means, the chosen model's own number if it has one]
const WORDS = [
  [
    "Character",
    "What is written with one key or sign: a letter, a digit, a space, a line break.",
  ],
  [
    "Vocabulary",
    "The list of all characters that a model knows: those of the text it learned from.",
    ({ characters }) => `This model knows ${number(characters.length)}.`,
  ],
  [
    "Id",
    "A character's place in the vocabulary, counted from 0.",
    ({ characters }) => `Here from 0 to ${number(characters.length - 1)}.`,
  ],
  [
    "State",
    "The numbers that a network carries from character to character: hidden state h and cell " +
      "state c. Its only memory.",
    ({ parts }) => `This model carries ${number(stateSize(parts))}.`,
  ],
  [
    "Parameter (weight)",
    "A number inside the network that training sets. They stay the same while it writes.",
    ({ parameters }) => `This model has ${number(parameters)}.`,
  ],
  [
    "Loss (nats)",
    "How surprised a model is by the right character, on average: minus the natural " +
      "logarithm of the probability it gave it. Nats are its unit. Smaller is better.",
    ({ learned, characters }) =>
      learned.loss_nats
        ? `This model: ${learned.loss_nats.toFixed(3)}, with all of the text before in its memory ` +
          "(for the curve above it begins anew every few hundred characters, which costs a " +
          `little); random guessing: ${Math.log(characters.length).toFixed(3)}.`
        : "",
  ],
  [
    "Perplexity",
    "The same in other words: among how many equally likely characters it would have had to " +
      "guess, e to the power of the loss.",
    ({ learned }) =>
      learned.perplexity ? `This model: ${learned.perplexity.toFixed(2)}.` : "",
  ],
  [
    "Held-out text",
    "A part of the text that training does not use. A model is measured on it, to see " +
      "whether it learned to write or only memorised its text.",
    ({ learned }) =>
      learned.held_out_characters
        ? `This model was measured on ${number(learned.held_out_characters)} characters.`
        : "",
  ],
  [
    "Epoch",
    "One pass through the whole training text.",
    ({ learned }) =>
      learned.passes ? `This model's training was planned with ${number(learned.passes)}.` : "",
  ],
  [
    "Fine-tuning",
    "Training that starts from a trained model instead of from nothing, to learn another text.",
    ({ learned }) =>
      learned.started_from
        ? `This model began from one that had read “${learned.started_from}”.`
        : "",
  ],
  [
    "Temperature",
    "How daring the draw is. The scores are divided by it: below 1 the likely characters get " +
      "likelier, above 1 the unlikely ones do.",
  ],
  [
    "Random seed",
    "The number that random numbers are made from. The same seed makes the same numbers, so " +
      "the same text. On the tab “Write” you choose it; here your browser draws.",
  ],
];

export function fillGlossary(list, facts) {
  list.replaceChildren(
    ...WORDS.flatMap(([word, meaning, own]) => {
      const definition = htmlElement("dd", `${meaning} `);
      definition.append(htmlElement("b", own?.(facts) ?? ""));
      return [htmlElement("dt", word), definition];
    }),
  );
}

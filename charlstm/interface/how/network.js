// The network in its real sizes, a box for each part.
import { percent } from "../browser/probabilities.js";
import { htmlElement, svgElement } from "./elements.js";

const number = (value) => value.toLocaleString("en");
const product = (sizes) => sizes.reduce((all, size) => all * size, 1);

function titleOf(name) {
  if (name === "embedding") return "Embedding";
  if (name === "output") return "Scores";
  return `LSTM layer ${name.split("_")[1]}`;
}

// What each box of the drawing says, and its description when it is chosen.
function boxesOf({ parts, characters }) {
  const size = number(characters.length);
  const boxes = parts.map((part, place) => {
    const units = number(part.units);
    const below = place && number(parts[place - 1].units);
    const [description, meanings] = {
      embedding: [
        `A table: for each of the ${size} characters a row of ${units} numbers, by which ` +
          "the network knows it. The rows are learned too.",
        { embeddings: "the rows" },
      ],
      output: [
        `From the ${below} numbers of the last hidden state, one score for each of the ` +
          `${size} characters: the higher, the likelier.`,
        { kernel: "from the hidden state", bias: "a start for each score" },
      ],
    }[part.name] ?? [
      `It takes the ${below} numbers from below and its own hidden state of the character ` +
        `before (${units}). For each of its ${units} units it computes four numbers, the gates: ` +
        "how much to forget (forget gate), what could be added (candidate), how much of that to " +
        "add (input gate), and how much to let out (output gate).",
      {
        kernel: "from below",
        recurrent_kernel: "from its own hidden state",
        bias: "a start for each gate",
      },
    ];
    const kind = { embedding: "numbers", output: "scores" }[part.name] ?? "units";
    return {
      title: titleOf(part.name),
      line: `${units} ${kind} · ${number(part.parameters)} weights`,
      isLSTM: part.name.startsWith("lstm"),
      units: part.units,
      description,
      meanings,
      weights: part.weights,
    };
  });
  const plain = { weights: [], units: characters.length };
  return [
    {
      ...plain,
      title: "Character",
      line: "",
      live: "input",
      description: `One of ${size} characters enters as its id. There is nothing to learn here.`,
    },
    ...boxes,
    {
      ...plain,
      title: "Odds",
      line: "",
      live: "output",
      description:
        "The scores become probabilities between 0 and 1 that add up to 1 (softmax): e to the " +
        "power of each score, divided by the sum of all. The temperature divides the scores " +
        "before. There is nothing to learn here.",
    },
  ];
}

export class NetworkDrawing {
  constructor(root) {
    this.root = root.querySelector(".drawing");
    this.description = root.querySelector(".part");
  }

  draw(facts) {
    this.facts = facts;
    const boxes = boxesOf(facts);
    const step = 84;
    const svg = svgElement("svg", "", {
      viewBox: `0 0 360 ${boxes.length * step - 24}`,
      role: "group",
      "aria-label": `The network: ${boxes.length - 2} parts with weights`,
    });
    const widest = Math.max(...boxes.map(({ units }) => units));
    this.live = {};
    this.groups = boxes.map((box, place) => {
      const [middle, top] = [122, place * step + 4];
      const width = 176 + 54 * Math.sqrt(box.units / widest); // the wider, the more numbers
      const arrow = `M${middle} ${top - 32}v26m-5 -7l5 7l5 -7`;
      if (place) svg.append(svgElement("path", "", { class: "arrow", d: arrow }));
      const group = svgElement("g", "", {
        class: "box",
        tabindex: 0,
        role: "button",
        "data-part": box.title,
      });
      const line = svgElement("text", box.line, { x: middle, y: top + 40, class: "sizes" });
      group.append(
        svgElement("rect", "", { x: middle - width / 2, y: top, width, height: 52, rx: 8 }),
        svgElement("text", box.title, { x: middle, y: top + 21, class: "title" }),
        line,
      );
      if (box.live) this.live[box.live] = line;
      if (box.isLSTM) {
        const edge = middle + width / 2;
        svg.append(
          svgElement("path", "", {
            class: "loop",
            d: `M${edge} ${top + 40}h16q8 0 8 -8v-12q0 -8 -8 -8h-13m7 -5l-7 5l7 5`,
          }),
        );
        ["state carried", "to the next", "character"].forEach((words, row) => {
          svg.append(
            svgElement("text", words, { x: edge + 30, y: top + 14 + 15 * row, class: "carried" }),
          );
        });
      }
      const choose = () => this.choose(place, box);
      group.addEventListener("click", choose);
      group.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      });
      svg.append(group);
      return group;
    });
    this.root.replaceChildren(svg);
    this.choose(2, boxes[2]); // the first LSTM layer
  }

  choose(chosen, box) {
    this.groups.forEach((group, place) =>
      group.setAttribute("aria-pressed", String(place === chosen)),
    );
    this.description.replaceChildren(
      htmlElement("h4", box.title),
      htmlElement("p", box.description),
    );
    if (box.weights.length) {
      const table = htmlElement("table");
      for (const [name, ...sizes] of box.weights) {
        const row = htmlElement("tr", "", { "data-weight": name });
        const count = number(product(sizes));
        row.append(
          htmlElement("th", `${name.replace("_", " ")}: ${box.meanings[name] ?? ""}`, {
            scope: "row",
          }),
          htmlElement(
            "td",
            sizes.length > 1 ? `${sizes.map(number).join(" × ")} = ${count}` : count,
          ),
        );
        table.append(row);
      }
      this.description.append(table);
      const gates = `${number(4 * box.units)} is 4 gates for each of ${number(box.units)} units.`;
      if (box.isLSTM) this.description.append(htmlElement("p", gates, { class: "quiet" }));
    }
    const total = htmlElement("p", "In the whole network: ", { class: "total" });
    total.append(htmlElement("b", `${number(this.facts.parameters)} weights`), ".");
    this.description.append(total);
  }

  // The character that was read, and the likeliest next one, both as people read them.
  show(read, best, probability) {
    this.live.input.textContent = read;
    this.live.output.textContent = `most likely: ${best}, ${percent(probability)}`;
    this.groups.forEach((group) =>
      group.setAttribute(
        "aria-label",
        [...group.querySelectorAll("text")].map((text) => text.textContent).join(": "),
      ),
    );
  }
}

// How many numbers the network carries from character to character: h and c of each layer.
export function stateSize(parts) {
  return (
    2 *
    parts
      .filter(({ name }) => name.startsWith("lstm"))
      .reduce((all, { units }) => all + units, 0)
  );
}

// The state of a network as coloured squares, one canvas for each layer's h and c.
const SQUARE = 16; // pixels of the canvas, which the page scales; the last two are a gap
const KINDS = { hidden: "hidden state h", cell: "cell state c" };

const signed = (hundredths) => {
  const value = (Math.abs(hundredths) / 100).toFixed(2);
  return hundredths < 0 ? `−${value}` : value;
};

// 201 colours from blue (-1) over the page's own (0) to orange (+1), as the style sheet says.
function palette(element) {
  const style = getComputedStyle(element);
  const [low, none, high] = ["--state-low", "--state-none", "--state-high"].map((name) =>
    style
      .getPropertyValue(name)
      .trim()
      .slice(1)
      .match(/../g)
      .map((part) => parseInt(part, 16)),
  );
  return Array.from({ length: 201 }, (_, place) => {
    const end = place < 100 ? low : high;
    const share = Math.abs(place - 100) / 100;
    return `rgb(${none.map((from, part) => Math.round(from + share * (end[part] - from)))})`;
  });
}

class Grid {
  constructor(layer, kind, units, chosen) {
    this.name = `Layer ${layer + 1}, ${KINDS[kind]}`;
    Object.assign(this, { layer, kind, units, place: null });
    this.columns = 2 ** Math.ceil(Math.log2(Math.sqrt(2 * units)));
    this.figure = document.createElement("figure");
    this.figure.innerHTML = '<figcaption></figcaption><canvas tabindex="0"></canvas>';
    this.figure.firstChild.textContent = `${this.name}: ${units.toLocaleString("en")} numbers`;
    this.canvas = this.figure.lastChild;
    this.canvas.width = this.columns * SQUARE;
    this.canvas.height = Math.ceil(units / this.columns) * SQUARE;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute(
      "aria-label",
      `${this.name}: ${units} numbers; the arrow keys go from one to the next`,
    );
    const choose = (place) => chosen(this, Math.max(0, Math.min(units - 1, place)));
    for (const kindOfEvent of ["pointermove", "pointerdown"]) {
      this.canvas.addEventListener(kindOfEvent, (event) => choose(this.under(event)));
    }
    this.canvas.addEventListener("focus", () => {
      if (this.place === null && this.canvas.matches(":focus-visible")) choose(0);
    });
    this.canvas.addEventListener("keydown", (event) => {
      const steps = {
        ArrowLeft: -1,
        ArrowRight: 1,
        ArrowUp: -this.columns,
        ArrowDown: this.columns,
        Home: -units,
        End: units,
      };
      if (!(event.key in steps)) return;
      event.preventDefault();
      choose((this.place ?? 0) + steps[event.key]);
    });
  }

  under(event) {
    const box = this.canvas.getBoundingClientRect();
    const part = (at, length, count) =>
      Math.max(0, Math.min(count - 1, Math.floor((at / length) * count)));
    const rows = this.canvas.height / SQUARE;
    return (
      part(event.clientX - box.left, box.width, this.columns) +
      part(event.clientY - box.top, box.height, rows) * this.columns
    );
  }

  draw(values, colours, ink) {
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const at = (place) => [
      (place % this.columns) * SQUARE,
      Math.floor(place / this.columns) * SQUARE,
    ];
    values.forEach((value, place) => {
      // What of the cell state can get out is tanh(c).
      const shade = this.kind === "cell" ? Math.round(100 * Math.tanh(value / 100)) : value;
      context.fillStyle = colours[100 + shade];
      context.fillRect(...at(place), SQUARE - 2, SQUARE - 2);
    });
    if (this.place === null) return;
    context.strokeStyle = ink;
    context.lineWidth = 3;
    const [x, y] = at(this.place);
    context.strokeRect(x + 0.5, y + 0.5, SQUARE - 3, SQUARE - 3);
  }
}

// Shows a state in `root`, and the value of the chosen square in words in `valueText`.
export class StateGrids {
  constructor(root, valueText) {
    Object.assign(this, { root, valueText, grids: [], now: null, before: null });
  }

  resize(units) {
    this.now = this.before = null;
    this.valueText.textContent = "Point at a square, or press it, to read its number.";
    const chosen = (grid, place) => {
      for (const other of this.grids) if (other !== grid) other.place = null;
      grid.place = place;
      this.draw();
    };
    this.grids = units.flatMap((count, layer) =>
      Object.keys(KINDS).map((kind) => new Grid(layer, kind, count, chosen)),
    );
    this.root.replaceChildren(...this.grids.map((grid) => grid.figure));
  }

  // `before` is the state one character earlier, or null where the page does not know it.
  show(layers, before) {
    Object.assign(this, { now: layers, before });
    this.draw();
  }

  draw() {
    if (!this.now) return;
    const colours = palette(this.root);
    const ink = getComputedStyle(this.root).color;
    for (const grid of this.grids) {
      const values = this.now[grid.layer][grid.kind];
      grid.draw(values, colours, ink);
      if (grid.place === null) continue;
      const earlier = this.before?.[grid.layer][grid.kind][grid.place];
      this.valueText.textContent =
        `${grid.name}, number ${grid.place + 1} of ${grid.units}: ` +
        signed(values[grid.place]) +
        (earlier === undefined ? "." : ` (one character before: ${signed(earlier)}).`);
    }
  }
}

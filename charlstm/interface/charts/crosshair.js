// A crosshair that reads the values of the charts beside each other, at one time in all of them: by
// mouse, by finger, and by the arrow keys.
const SVG = "http://www.w3.org/2000/svg";
const KEY_STEP = 0.01; // of the axis
const EDGES = { Home: 0, End: 1 };

let place = null; // where it stands: a share of the axis, 0 to 1; null where it is not shown

// container: holds the charts, and can have the focus. Whoever draws the charts anew calls
// `readAgain` afterwards.
export function addCrosshair(container) {
  container.addEventListener("pointermove", (event) => follow(container, event));
  container.addEventListener("pointerdown", (event) => follow(container, event));
  container.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") moveTo(container, null); // a finger leaves to let one read
  });
  container.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP };
    if (event.key in steps) moveTo(container, (place ?? 0.5) + steps[event.key]);
    else if (event.key in EDGES) moveTo(container, EDGES[event.key]);
    else if (event.key === "Escape" && place !== null) moveTo(container, null);
    else return;
    event.preventDefault();
    event.stopPropagation(); // on the stage, arrows have another meaning elsewhere
  });
}

export function readAgain(container) {
  for (const plot of container.querySelectorAll(".charlstm-plot > svg")) drawAt(plot);
}

function follow(container, event) {
  const plot = event.target.closest?.(".charlstm-plot > svg");
  if (!plot) return;
  const [left, right] = edges(plot);
  moveTo(container, (unitsAt(plot, event) - left) / (right - left));
}

// Where a pointer is, in the plot's units from its left edge.
export function unitsAt(plot, { clientX }) {
  const { x, width } = plot.getBoundingClientRect();
  return ((clientX - x) / width) * plot.viewBox.baseVal.width;
}

function moveTo(container, share) {
  place = share === null ? null : Math.min(1, Math.max(0, share));
  readAgain(container);
}

const axisOf = (plot) => plot.querySelector(".axis[data-x-end-s]");
const edges = (plot) => ["x1", "x2"].map((end) => Number(axisOf(plot).getAttribute(end)));

// The points of a curve in the plot's units, as its path draws them.
const pointsOf = (curve) =>
  [...curve.getAttribute("d").matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [+x, +y]);

function drawAt(plot) {
  plot.querySelector(".crosshair")?.remove();
  const label = plot.querySelector(".y-label");
  label.textContent = label.dataset.words ??= label.textContent;
  const curves = [...plot.querySelectorAll(".series[data-label]")];
  if (place === null || !curves.length) return;
  const [left, right] = edges(plot);
  const x = left + place * (right - left);
  const read = curves.map((series) => ({
    name: series.dataset.label,
    kind: series.classList[1],
    points: pointsOf(series.querySelector(".curve")),
  }));
  // Where the first curve has a point; the others are read at that time, as they are drawn.
  const [at] = read[0].points.reduce((best, one) =>
    Math.abs(one[0] - x) < Math.abs(best[0] - x) ? one : best,
  );
  const found = read
    .map((curve) => ({ ...curve, point: [at, heightAt(curve.points, at)] }))
    .filter(({ point }) => point[1] !== null);
  const group = document.createElementNS(SVG, "g");
  group.setAttribute("class", "crosshair");
  const { y1: bottom } = axisOf(plot).attributes;
  group.innerHTML =
    `<line x1="${at}" x2="${at}" y1="${plot.dataset.top}" y2="${bottom.value}"/>` +
    found.map(({ kind, point: [cx, cy] }) => `<circle class="${kind}" cx="${cx}" cy="${cy}" r="4"/>`).join("");
  plot.append(group);
  const values = found.map(({ name, point }) => `${name} ${valueAt(plot, point[1])}`);
  label.textContent = `after ${clock(timeAt(plot, (at - left) / (right - left)))}: ${values.join(", ")}`;
}

// Of the line through the points, at x; null beside its ends.
function heightAt(points, x) {
  const next = points.findIndex((point) => point[0] >= x);
  if (next < 0 || (next === 0 && points[0][0] > x)) return null;
  if (next === 0 || points[next][0] === x) return points[next][1];
  const [[x1, y1], [x2, y2]] = [points[next - 1], points[next]];
  return y1 + ((x - x1) / (x2 - x1)) * (y2 - y1);
}

function valueAt(plot, y) {
  const { top, yLow, yHigh, format } = plot.dataset;
  const bottom = Number(axisOf(plot).getAttribute("y1"));
  const share = (bottom - y) / (bottom - top);
  const value = Number(yLow) + share * (yHigh - yLow);
  return format === "percent" ? `${(100 * value).toFixed(1)}%` : value.toFixed(2);
}

function timeAt(plot, share) {
  const { xStartS, xEndS } = axisOf(plot).dataset;
  return Number(xStartS) ? xStartS * (xEndS / xStartS) ** share : share * xEndS;
}

// As the axis says it: 1:05, and 2:00:05 from an hour on.
function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

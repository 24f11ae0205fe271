// Pointing at a chart reads out the nearest row of the table behind it; so do the arrow keys.
const NAMES = ["DNS", "connect", "TLS", "first byte", "transfer"];

function enhance(chart) {
  const plot = chart.querySelector("[data-chart-plot]");
  const cross = chart.querySelector("[data-chart-cross]");
  const readout = chart.querySelector("[data-chart-readout]");
  const rows = [...chart.querySelectorAll("tr[data-x]")];
  if (!rows.length || plot.tabIndex === 0) return;
  const { width, height } = plot.viewBox.baseVal;
  const summary = readout.textContent;
  let place = rows.length;

  function point(to) {
    place = Math.min(Math.max(to, 0), rows.length - 1);
    cross.setAttribute("d", `M${rows[place].dataset.x} 0V${height}`);
    readout.textContent = sentence(rows[place]);
  }

  function leave() {
    cross.setAttribute("d", "");
    readout.textContent = summary;
    place = rows.length;
  }

  plot.tabIndex = 0;
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    point(nearest(rows, ((event.clientX - box.left) / box.width) * width));
  });
  plot.addEventListener("pointerleave", leave);
  plot.addEventListener("blur", leave);
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    point(place + step);
  });
}

function nearest(rows, x) {
  const distances = rows.map((row) => Math.abs(Number(row.dataset.x) - x));
  return distances.indexOf(Math.min(...distances));
}

function sentence(row) {
  if (row.dataset.says) return row.dataset.says;
  const cells = [...row.cells].map((cell) => cell.textContent.trim());
  const failed = cells.at(-1) ? ` · ${cells.at(-1)} failed` : "";
  if (cells[6] === "—") return `${cells[0]} · no answer${failed}`;
  const phases = NAMES.map((name, column) => `${name} ${cells[column + 1]}`).join(", ");
  return `${cells[0]} · ${cells[6]} ms (${phases})${failed}`;
}

const enhanceAll = () => document.querySelectorAll("[data-chart]").forEach(enhance);
document.addEventListener("htmx:afterSettle", enhanceAll);
document.addEventListener("live:swapped", enhanceAll);
enhanceAll();

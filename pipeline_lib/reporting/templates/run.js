"use strict";
const collator = new Intl.Collator("en", { numeric: true });

// A heading sorts upwards, then downwards, then gives back the order as printed.
function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  const bodies = [...table.tBodies];
  const titles = bodies.map((body) => body.querySelector(".group"));
  const rows = bodies.map((body) => [...body.rows].filter((row) => row.className !== "group"));
  const across = bodies.length > 1 ? offerAcross(table, draw) : { checked: false };
  let column = 0;
  let direction = 0;

  function draw() {
    const through = across.checked && direction !== 0;
    bodies.forEach((body, n) => {
      if (titles[n]) titles[n].hidden = through;
      const own = through ? (n ? [] : rows.flat()) : rows[n];
      body.append(...(direction ? [...own].sort(compare) : own));
    });
    table.classList.toggle("through", through);
  }

  // What is missing goes last, either way; equal rows stay as printed.
  function compare(left, right) {
    const a = key(left.cells[column]);
    const b = key(right.cells[column]);
    if (a === null || b === null) return (a === null) - (b === null);
    return direction * (typeof a === "number" ? a - b : collator.compare(a, b));
  }

  headings.forEach((heading, place) => {
    const button = buttonAround(heading);
    button.addEventListener("click", () => {
      direction = place !== column || !direction ? 1 : direction === 1 ? -1 : 0;
      column = place;
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      if (direction) heading.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      draw();
    });
  });
  rows.forEach((own, n) => {
    if (titles[n]) own.forEach((row) => (row.cells[0].dataset.group = titles[n].textContent.trim()));
  });
}

function key(cell) {
  const printed = cell.dataset.key;
  if (printed === undefined) return cell.firstChild.textContent.trim();
  return printed === "" || printed === "NaN" ? null : Number(printed);
}

function offerAcross(table, draw) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.addEventListener("change", draw);
  label.className = "across";
  label.append(box, "sort across the groups");
  table.closest(".result").firstElementChild.append(label);
  return box;
}

function buttonAround(cell) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...cell.childNodes);
  cell.append(button);
  return button;
}

// One note for all cells: the seeds' values behind the one that is pointed at, tapped or focused.
const tip = document.createElement("div");
tip.id = "the.tip";
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("role", "tooltip");
document.body.append(tip);
let shown = null;

function show(button) {
  hide();
  shown = button;
  tip.textContent = button.parentElement.dataset.behind;
  tip.hidden = false;
  button.setAttribute("aria-describedby", tip.id);
  place();
}

function hide() {
  shown?.removeAttribute("aria-describedby");
  shown = null;
  tip.hidden = true;
}

function place() {
  if (!shown) return;
  const cell = shown.getBoundingClientRect();
  const room = document.documentElement;
  const below = cell.bottom + tip.offsetHeight < room.clientHeight;
  const left = Math.min(cell.left, room.clientWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${below ? cell.bottom : cell.top - tip.offsetHeight}px`;
}

// One stop of the Tab key for each table; the arrow keys go from cell to cell.
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function step(button, [down, right]) {
  const table = button.closest("table");
  const rows = [...table.rows].filter((row) => !row.hidden);
  let row = rows.indexOf(button.closest("tr"));
  let column = button.parentElement.cellIndex;
  let next = null;
  do {
    row += down;
    column += right;
    next = rows[row]?.cells[column]?.querySelector("td > button");
  } while (!next && rows[row] && (down || rows[row].cells[column]));
  if (!next) return;
  button.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function makeCells(table) {
  table.querySelectorAll("td[data-behind]").forEach((cell, place) => {
    const button = buttonAround(cell);
    button.tabIndex = place ? -1 : 0;
    button.addEventListener("focus", () => show(button));
    button.addEventListener("blur", hide);
    button.addEventListener("click", () => show(button));
    button.addEventListener("pointerenter", () => show(button));
    cell.addEventListener("pointerleave", (event) => tip.contains(event.relatedTarget) || hide());
    button.addEventListener("keydown", (event) => {
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      step(button, STEPS[event.key]);
    });
  });
}

// A link to a method's trainings marks all of them.
function seek() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  document.querySelectorAll(".sought").forEach((row) => row.classList.remove("sought"));
  if (!target?.dataset.method) return;
  for (const row of target.closest("table").querySelectorAll("[data-method]"))
    row.classList.toggle("sought", row.dataset.method === target.dataset.method);
}

tip.addEventListener("pointerleave", hide);
addEventListener("keydown", (event) => event.key === "Escape" && hide());
addEventListener("scroll", place, true);
addEventListener("resize", place);
addEventListener("hashchange", seek);
for (const table of document.querySelectorAll(".sortable")) {
  makeSortable(table);
  makeCells(table);
}
seek();

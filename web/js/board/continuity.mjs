// How well the film keeps its people and places: a strip of pictures for each, over it the curve of their likeness.

import { el, mark, say } from "./dom.mjs";
import { t } from "./language.mjs";
import { curvePoints, strips } from "./continuity_model.mjs";
import { CELL, Strip } from "./strip.mjs";

const SVG = "http://www.w3.org/2000/svg";
const HIGH = 34;

export class Continuity {
  /** `whole`: everything is made, for a page that is printed. */
  constructor(desk, { whole = false } = {}) {
    this.desk = desk;
    this.width = whole ? Infinity : 0;
    this.element = el("div", { class: "md-continuity" });
    this.shown = new Map();  // kind and id -> its section
    this.watcher = new ResizeObserver(() => this.resize(this.element.clientWidth));
    if (!whole) this.watcher.observe(this.element);
  }

  resize(width) {
    this.width = width;
    for (const each of this.shown.values()) each.strip.resize(width);
  }

  /** Shows the strips of the board; of those that are there only what changed is written. */
  update() {
    const { board, chosen } = this.desk, found = strips(board), before = this.shown;
    const keys = found.map(({ kind, id, name }) => JSON.stringify([kind, id, name]));
    this.shown = new Map(found.map((each, at) => [keys[at], before.get(keys[at]) ?? this.section(each)]));
    if (keys.join() !== [...before.keys()].join() || !found.length) {
      this.element.replaceChildren(...(found.length ? [...this.shown.values()].map((each) => each.element)
        : [el("p", { class: "md-empty" }, t("noContinuity"))]));
    }
    found.forEach((each, at) => this.show(this.shown.get(keys[at]), each, board.continuity, chosen));
  }

  section({ kind, name }) {
    const mean = el("span", { class: "md-muted" }), strip = new Strip(this.desk, name, this.width);
    const symbol = el("i", { class: `pi pi-${kind === "people" ? "user" : "map-marker"}`, "aria-hidden": "true" });
    return { strip, mean, element: el("section", { class: "md-strip", "aria-label": name },
      el("h4", {}, symbol, ` ${name} `, mean), strip.element) };
  }

  show(section, { visits, mean }, measured, chosen) {
    say(section.mean, mean === null ? "" : t("meanLikeness", { n: percent(mean) }));
    // Events of a run change pictures, not what was measured.
    if (section.measured !== measured || section.count !== visits.length) {
      Object.assign(section, { measured, count: visits.length });
      section.strip.over(mean === null ? null : curve(visits), visits.length);
    }
    section.strip.show(visits, chosen);
  }

  end() {
    this.watcher.disconnect();
  }
}

/** The likeness along a strip as a line, from 0 below to 1 above; it breaks where nothing was measured. */
function curve(visits) {
  const made = shape("svg", { width: visits.length * CELL, height: HIGH, class: "md-curve", "aria-hidden": "true" });
  for (const run of curvePoints(visits, CELL, HIGH)) {
    made.append(shape("polyline", { points: run.map(([x, y]) => `${x},${y}`).join(" ") }));
    for (const [x, y, weak] of run) made.append(shape("circle", { cx: x, cy: y, r: weak ? 4 : 2.5, class: weak ? "md-weak-dot" : "" }));
  }
  return made;
}

function shape(name, values) {
  const made = document.createElementNS(SVG, name);
  for (const [each, value] of Object.entries(values)) mark(made, each, value);
  return made;
}

function percent(likeness) {
  return `${Math.round(likeness * 100)} %`;
}

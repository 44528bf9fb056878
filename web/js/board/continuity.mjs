// How well the film keeps its people and places: a strip of pictures for each, over it the curve of their likeness.

import { button, el, mark } from "./dom.mjs";
import { t } from "./language.mjs";
import { curvePoints, strips } from "./continuity_model.mjs";

const SVG = "http://www.w3.org/2000/svg";
const CELL = 76, HIGH = 34;

export class Continuity {
  constructor(desk) {
    this.desk = desk;
    this.element = el("div", { class: "md-continuity" });
  }

  /** Draws the strips again if the board changed. */
  update() {
    const { board } = this.desk;
    if (this.drawn !== board) {
      this.drawn = board;
      const found = strips(board);
      this.element.replaceChildren(...(found.length ? found.map((strip) => this.strip(strip))
        : [el("p", { class: "md-empty" }, t("noContinuity"))]));
    }
    for (const cell of this.element.querySelectorAll(".md-visit")) {
      mark(cell, "aria-pressed", String(this.desk.chosen.has(cell.dataset.shot)));
    }
  }

  strip({ kind, name, visits, mean }) {
    const heading = el("h4", {}, el("i", { class: `pi pi-${kind === "people" ? "user" : "map-marker"}`, "aria-hidden": "true" }),
      ` ${name} `, el("span", { class: "md-muted" }, mean === null ? "" : t("meanLikeness", { n: percent(mean) })));
    return el("section", { class: "md-strip", "aria-label": name }, heading,
      el("div", { class: "md-strip-scroll", tabIndex: 0, role: "group", "aria-label": name },
        el("div", { class: "md-strip-inside", style: { width: `${visits.length * CELL}px` } },
          mean === null ? null : curve(visits), el("div", { class: "md-visits" }, ...visits.map((visit) => this.visit(visit))))));
  }

  visit({ shot, likeness, weak }) {
    const { desk } = this, picture = shot.picture && desk.media(shot.picture, CELL);
    const words = [t("shotNumber", { n: shot.number }), shot.id, likeness === null ? "" : percent(likeness), weak ? t("weak") : ""];
    return el("div", { class: `md-visit-box${weak ? " md-weak" : ""}` },
      el("button", { type: "button", class: "md-visit", data: { shot: shot.id }, title: words.filter(Boolean).join(", "),
        "aria-label": words.filter(Boolean).join(", "), on: { click: () => desk.choose(shot.id) } },
      picture ? el("img", { src: picture, alt: "", loading: "lazy", decoding: "async" }) : null,
      el("span", {}, `${shot.number}`), el("span", {}, likeness === null ? "" : percent(likeness))),
      weak ? button(t("rerollShot", { n: shot.number }), { symbol: "refresh", shown: false, act: () => desk.runs.reroll(1, [shot.id]) }) : null);
  }
}

/** The likeness along a strip as a line, from 0 below to 1 above; it breaks where nothing was measured. */
function curve(visits) {
  const made = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ width: visits.length * CELL, height: HIGH, class: "md-curve", "aria-hidden": "true" })) made.setAttribute(name, value);
  for (const run of curvePoints(visits, CELL, HIGH)) {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", run.map(([x, y]) => `${x},${y}`).join(" "));
    made.append(line);
    for (const [x, y, weak] of run) {
      const dot = document.createElementNS(SVG, "circle");
      for (const [name, value] of Object.entries({ cx: x, cy: y, r: weak ? 4 : 2.5, class: weak ? "md-weak-dot" : "" })) dot.setAttribute(name, value);
      made.append(dot);
    }
  }
  return made;
}

function percent(likeness) {
  return `${Math.round(likeness * 100)} %`;
}

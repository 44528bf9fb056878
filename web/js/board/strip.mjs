// One strip of the continuity view: the shots in which somebody or a place is seen, side by side. Only those in sight exist.

import { button, el, mark, say } from "./dom.mjs";
import { t } from "./language.mjs";

export const CELL = 76;  // pixels
const MORE = 3;  // cells beside those in sight

export class Strip {
  /** `width` is the room for it in pixels; Infinity has all of it made. */
  constructor(desk, name, width) {
    Object.assign(this, { desk, width, left: 0, visits: [], chosen: new Set() });
    this.cells = new Map();  // number -> cell
    this.free = [];
    this.curve = el("div");
    this.row = el("div", { class: "md-visits" });
    this.inside = el("div", { class: "md-strip-inside" }, this.curve, this.row);
    this.element = el("div", { class: "md-strip-scroll", tabIndex: 0, role: "group", "aria-label": name }, this.inside);
    this.element.addEventListener("scroll", () => {
      this.left = this.element.scrollLeft;
      this.draw();
    }, { passive: true });
  }

  resize(width) {
    Object.assign(this, { width, left: this.element.scrollLeft });
    this.draw();
  }

  /** Puts something over the whole strip, `count` cells wide. */
  over(made, count) {
    this.inside.style.width = `${count * CELL}px`;
    this.curve.replaceChildren(...(made ? [made] : []));
  }

  /** Shows visits ({shot, likeness, weak}); `chosen` are the ids of chosen shots. */
  show(visits, chosen) {
    Object.assign(this, { visits, chosen });
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.left / CELL) - MORE);
    const last = Math.min(this.visits.length, Math.ceil((this.left + this.width) / CELL) + MORE);
    for (const [at, cell] of this.cells) {
      if (at >= first && at < last) continue;
      this.cells.delete(at);
      this.free.push(cell);
    }
    for (let at = last - 1; at >= first; at--) {
      if (!this.cells.has(at)) this.put(at, this.free.pop() ?? this.made());
      this.fill(this.cells.get(at), this.visits[at]);
    }
    for (const cell of this.free.splice(0)) cell.remove();
  }

  /** Puts a cell where its number is, on the page and for the keyboard. */
  put(at, cell) {
    cell.style.left = `${at * CELL}px`;
    this.row.insertBefore(cell, this.cells.get(at + 1) ?? null);
    this.cells.set(at, cell);
  }

  made() {
    const cell = el("div", { class: "md-visit-box" });
    cell.picture = el("img", { alt: "", decoding: "async", hidden: true });
    cell.number = el("span");
    cell.likeness = el("span");
    cell.visit = el("button", { type: "button", class: "md-visit", on: { click: () => this.desk.choose(cell.shot.id) } },
      cell.picture, cell.number, cell.likeness);
    cell.append(cell.visit);
    return cell;
  }

  fill(cell, { shot, likeness, weak }) {
    mark(cell.visit, "aria-pressed", String(this.chosen.has(shot.id)));
    if (cell.shot === shot && cell.like === likeness && cell.weak === weak) return;
    Object.assign(cell, { shot, like: likeness });
    const like = likeness === null ? "" : `${Math.round(likeness * 100)} %`;
    const words = [t("shotNumber", { n: shot.number }), shot.id, like, weak ? t("weak") : ""].filter(Boolean).join(", ");
    mark(cell.visit, "data-shot", shot.id);
    mark(cell.visit, "title", words);
    mark(cell.visit, "aria-label", words);
    say(cell.number, `${shot.number}`);
    say(cell.likeness, like);
    this.paint(cell, shot.picture ? this.desk.media(shot.picture, CELL) : "");
    if (cell.weak !== weak || weak) this.offer(cell, weak);
  }

  paint(cell, address) {
    if (cell.address === address) return;
    cell.address = address;
    cell.picture.hidden = !address;
    if (address) cell.picture.src = address;
    else cell.picture.removeAttribute("src");
  }

  /** A weak shot can be rerolled where it is seen. */
  offer(cell, weak) {
    cell.weak = weak;
    cell.classList.toggle("md-weak", weak);
    cell.again?.remove();
    if (!weak) return;
    const { id, number } = cell.shot;
    cell.again = button(t("rerollShot", { n: number }), { symbol: "refresh", shown: false, act: () => this.desk.runs.reroll(1, [id]) });
    cell.append(cell.again);
  }
}

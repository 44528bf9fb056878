// The shots of a film as cards: a list that the keyboard walks, a click plays, a double click goes to the words.

import { el, mark } from "./dom.mjs";
import { FACTS, fillCard, makeCard, playClip } from "./card.mjs";
import { t } from "./language.mjs";
import { sceneWords } from "./model.mjs";
import { VirtualGrid } from "./virtual.mjs";

const LEAST = 210;
const DRAGGED = "application/x-moviedreamer-shot";

export class Cards {
  constructor(desk) {
    this.desk = desk;
    this.element = el("div", { class: "md-cards", role: "listbox", tabIndex: 0, "aria-multiselectable": "true",
      "aria-label": t("shots") });
    let made = 0;
    this.grid = new VirtualGrid(this.element, {
      make: () => makeCard(++made), resized: () => this.keepInSight(), fill: (card, shot, index) => this.fill(card, shot, index), least: LEAST,
      shape: (width) => width * this.ratio + FACTS,
    });
    this.ratio = 0.5;
    this.listen();
  }

  /** Shows what the desk shows. */
  update() {
    const { desk } = this, { board } = desk, shots = desk.shown;
    this.ratio = board.film.height / board.film.width || 0.5;
    this.nameAll(board);
    this.seen = { ...this.named, chosen: desk.chosen, current: desk.current, count: shots.length };
    this.grid.show(shots);
    this.element.classList.toggle("md-stacked", this.grid.grid?.columns === 1);
    this.point();
  }

  /** The names of people and scenes, read once for each board that the server sent. */
  nameAll(board) {
    if (this.named?.film === board.characters) return;
    this.named = {
      film: board.characters, media: (what) => this.desk.media(what, this.grid.grid?.cardWidth),
      numbers: Object.fromEntries(board.shots.map((each) => [each.id, each.number])),
      names: Object.fromEntries(board.characters.map((each) => [each.id, each.name])),
      scenes: Object.fromEntries(board.scenes.map((each) => [each.id, sceneWords(each)])),
    };
  }

  fill(card, shot, index) {
    fillCard(card, shot, index, { ...this.seen, own: this.desk.choices.ownOf(shot) });
  }

  /** The drawer takes room from the cards: the one that it is about stays in sight. */
  keepInSight() {
    const { desk } = this;
    if (desk.chosen.size) this.grid.reveal(desk.shown.findIndex((shot) => shot.id === desk.current));
  }

  /** Tells a screen reader which card is the current one. */
  point() {
    const card = [...this.grid.cards.values()].find((each) => each.shot === this.desk.current);
    mark(this.element, "aria-activedescendant", card?.id ?? null);
  }

  listen() {
    const cardOf = (event) => event.target.closest(".md-card"), { desk } = this;
    this.element.addEventListener("click", (event) => {
      const card = cardOf(event);
      if (!card) return;
      const tick = event.target.closest(".md-tick");
      desk.choose(card.shot, event.shiftKey ? "to" : event.ctrlKey || event.metaKey || tick ? "more" : "one");
      if (!event.shiftKey && !event.ctrlKey && !event.metaKey && !tick) this.play(card);
    });
    this.element.addEventListener("dblclick", (event) => {
      const card = cardOf(event), shot = card && desk.find(card.shot);
      if (!shot) return;
      const engine = event.target.closest(".md-engine");
      if (engine) desk.goToRule(shot, event.target.dataset.field);
      else desk.goToLine(shot);
    });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.drag();
  }

  play(card) {
    playClip(card, this.desk.find(card.shot), (what) => this.desk.media(what));
  }

  key(event) {
    const { desk } = this, shots = desk.shown, at = shots.findIndex((shot) => shot.id === desk.current);
    const columns = this.grid.grid?.columns ?? 1, ctrl = event.ctrlKey || event.metaKey;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -shots.length,
      End: shots.length, PageUp: -columns * 3, PageDown: columns * 3 };
    if (event.altKey && ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"].includes(event.key)) {
      if (at >= 0 && desk.writing.kind === "editable") desk.writing.shift(desk.current, /Left|Up/.test(event.key) ? -1 : 1);
    } else if (event.key in steps && shots.length) {
      const next = Math.min(shots.length - 1, Math.max(0, at < 0 ? 0 : at + steps[event.key]));
      if (event.shiftKey) desk.choose(shots[next].id, "to");
      else desk.moveTo(shots[next].id);
      this.grid.reveal(next);
    } else if (event.key === " " && at >= 0) {
      desk.choose(desk.current, ctrl || desk.chosen.size ? "more" : "one");
    } else if (event.key === "Enter" && at >= 0) {
      const card = this.grid.cards.get(at);
      if (ctrl) desk.goToRule(shots[at]);
      else if (event.shiftKey) desk.goToLine(shots[at]);
      else if (card) this.play(card);
    } else if (event.key === "Escape" && desk.chosen.size) {
      desk.chooseNone();
    } else if (ctrl && event.key.toLowerCase() === "a") {
      desk.chooseAll();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Shots are moved by dragging their cards; a line shows where one will be. */
  drag() {
    const { element, desk } = this;
    const where = (event) => {
      const card = event.target.closest(".md-card");
      if (!card || !event.dataTransfer.types.includes(DRAGGED)) return null;
      const box = card.getBoundingClientRect(), below = event.clientY > box.top + box.height / 2;
      const right = event.clientX > box.left + box.width / 2;
      return { card, after: this.grid.grid.columns > 1 ? right : below };
    };
    const unmark = () => element.querySelectorAll(".md-before, .md-after")
      .forEach((card) => card.classList.remove("md-before", "md-after"));
    element.addEventListener("dragstart", (event) => {
      const card = event.target.closest?.(".md-card");
      if (!card || desk.writing.kind !== "editable") return event.preventDefault();
      event.dataTransfer.effectAllowed = "move";
      return event.dataTransfer.setData(DRAGGED, card.shot);
    });
    element.addEventListener("dragover", (event) => {
      const found = where(event);
      unmark();
      if (!found) return;
      event.preventDefault();
      found.card.classList.add(found.after ? "md-after" : "md-before");
    });
    element.addEventListener("dragleave", unmark);
    element.addEventListener("dragend", unmark);
    element.addEventListener("drop", (event) => {
      const found = where(event), moved = event.dataTransfer.getData(DRAGGED);
      unmark();
      if (!found || !moved) return;
      event.preventDefault();
      event.stopPropagation();
      desk.writing.drop(moved, found.card.shot, found.after);
    });
  }

  end() {
    this.grid.end();
  }
}

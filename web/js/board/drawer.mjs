// The drawer below the cards: what can be done with the chosen shots.

import { directingPage } from "./directing.mjs";
import { button, el, mark, say } from "./dom.mjs";
import { many, t } from "./language.mjs";
import { wordsPage } from "./lines.mjs";
import { planPage } from "./planning.mjs";
import { takesPage } from "./takes.mjs";

const PAGES = ["direct", "plan", "takes", "words"];
const OF_ONE = ["words"];

export class Drawer {
  constructor(desk) {
    this.desk = desk;
    this.page = "direct";
    this.title = el("strong");
    this.tabs = el("div", { class: "md-tabs", role: "tablist", "aria-label": t("drawer"), on: { keydown: (event) => this.tabKey(event) } },
      ...PAGES.map((name) => button(t(`page.${name}`), { kind: "tab", role: "tab", id: `moviedreamer-page-${name}`,
        "aria-controls": "moviedreamer-drawer", act: () => this.turn(name) })));
    this.inside = el("div", { class: "md-drawer-inside", id: "moviedreamer-drawer", role: "tabpanel",
      on: { input: () => { this.typing = true; }, change: () => { this.typing = false; }, focusout: () => { this.typing = false; } } });
    this.element = el("section", { class: "md-drawer", "aria-label": t("drawer"), hidden: true,
      on: { keydown: (event) => this.key(event) } },
    el("div", { class: "md-row" }, this.title, this.tabs,
      button(t("close"), { symbol: "times", shown: false, act: () => desk.chooseNone() })), this.inside);
  }

  turn(name) {
    this.page = name;
    this.drawn = "";
    this.update();
  }

  update() {
    const { desk } = this, shots = desk.chosenShots;
    this.element.hidden = !shots.length;
    if (!shots.length) return void (this.drawn = "");
    const one = shots.length === 1 ? shots[0] : null;
    say(this.title, one ? `${one.number} · ${one.id}` : many("chosen", shots.length));
    const page = one || !OF_ONE.includes(this.page) ? this.page : "direct";
    for (const tab of this.tabs.children) {
      const on = tab.id === `moviedreamer-page-${page}`;
      tab.hidden = !one && OF_ONE.some((name) => tab.id === `moviedreamer-page-${name}`);
      mark(tab, "aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    mark(this.inside, "aria-labelledby", `moviedreamer-page-${page}`);
    this.draw(page, shots, one);
  }

  /** Builds the page again where what it shows changed, but not under words that are being typed; where the cursor
   *  stood it stands again.
   */
  draw(page, shots, one) {
    const { desk } = this, own = shots.map((shot) => desk.choices.ownOf(shot));
    const known = ["takes", "plan"].includes(page) ? [desk.running, shots.map((shot) => [shot.id, shot.takes, shot.picture?.key, shot.clip?.key, shot.locked, page === "plan" && shot.stages?.plan]), own]
      : [desk.running, desk.writing.kind, shots.map((shot) => [shot.id, shot.decided, shot.stages, shot.plot, shot.actions, shot.dialogue, shot.size, shot.number]), own];
    const now = JSON.stringify([page, known]), of = JSON.stringify([page, shots.map((shot) => shot.id)]);
    if (this.drawn === now || (this.typing && this.of === of)) return void this.inside.firstChild?.update?.();
    Object.assign(this, { drawn: now, of, typing: false });
    const focused = this.inside.contains(document.activeElement) ? document.activeElement.name || document.activeElement.textContent : null;
    const built = { direct: () => directingPage(desk), plan: () => planPage(desk), takes: () => takesPage(desk), words: () => wordsPage(desk, one) }[page]();
    this.inside.replaceChildren(built);
    if (focused) [...built.querySelectorAll("input, select, button")].find((each) => (each.name || each.textContent) === focused)?.focus();
  }

  tabKey(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const shown = PAGES.filter((_, at) => !this.tabs.children[at].hidden);
    this.turn(shown.at((shown.indexOf(this.page) + by) % shown.length));
    this.tabs.querySelector("[aria-selected=true]").focus();
  }

  key(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.desk.chooseNone();
  }
}

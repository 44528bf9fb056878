// The storyboard's panel: its head with the views and the filter, the view, the drawer for the chosen shots, the costs.

import { Animatic } from "./animatic.mjs";
import { Cards } from "./cards.mjs";
import { Continuity } from "./continuity.mjs";
import { CostBar } from "./costs.mjs";
import { button, el, fill, mark, say, select } from "./dom.mjs";
import { Drawer } from "./drawer.mjs";
import { length, many, t } from "./language.mjs";
import { FILTERS, offers } from "./model.mjs";

const VIEWS = { shots: ["th-large", Cards], animatic: ["play-circle", Animatic], continuity: ["chart-line", Continuity] };

export class Panel {
  /** Builds the panel for a desk; it lives until `end`. */
  constructor(desk) {
    this.desk = desk;
    this.view = "shots";
    this.views = {};
    this.drawer = new Drawer(desk);
    this.costs = new CostBar(desk);
    this.build();
    this.stop = desk.watch(() => this.update());
    this.update();
  }

  build() {
    this.title = el("strong", { class: "md-film" });
    this.about = el("span", { class: "md-muted" });
    this.wide = button(t("widen"), { symbol: "window-maximize", shown: false, act: () => this.widen() });
    this.tabs = el("div", { class: "md-tabs", role: "tablist", "aria-label": t("storyboard"), on: { keydown: (event) => this.tabKey(event) } },
      ...Object.entries(VIEWS).map(([name, [symbol]]) => button(t(`view.${name}`), { symbol, kind: "tab", role: "tab",
        id: `moviedreamer-tab-${name}`, "aria-controls": "moviedreamer-view", act: () => this.turn(name) })));
    this.filterButton = button(t("filter"), { symbol: "filter", shown: false, "aria-expanded": "false", act: () => this.toggleFilter() });
    this.count = el("span", { class: "md-muted md-count", role: "status" });
    this.filters = el("div", { class: "md-filters", hidden: true });
    this.notice = el("div", { class: "md-notice", role: "alert", hidden: true });
    this.body = el("div", { class: "md-view", id: "moviedreamer-view", role: "tabpanel" });
    this.element = el("div", { class: "moviedreamer-board", role: "region", "aria-label": t("storyboard") },
      el("header", { class: "md-head" }, el("div", { class: "md-row" },
        el("div", { class: "md-titles" }, this.title, this.about), this.filterButton, this.wide),
      el("div", { class: "md-row" }, this.tabs, this.count), this.filters),
      this.notice, this.body, this.drawer.element, this.costs.element);
  }

  update() {
    const { desk } = this, { board } = desk;
    for (const part of [this.tabs, this.filterButton, this.count, this.costs.element, this.wide]) part.hidden = !board;
    this.notice.hidden = !(board && desk.missing);
    say(this.notice, board ? desk.missing : "");
    say(this.title, board ? board.film.title : t("storyboard"));
    say(this.about, board ? [many("shotCount", board.shots.length), length(board.film.seconds)].join(" · ") : "");
    if (!board) return this.showEmpty();
    desk.settle();
    this.showFilters();
    this.showView();
    this.drawer.update();
    return this.costs.update();
  }

  showEmpty() {
    const { desk } = this, none = !desk.planner;
    this.shownView = null;
    this.drawer.element.hidden = true;
    this.filters.hidden = true;
    const words = none ? t("noFilm") : desk.running ? t("running") : t("runOnce");
    if (this.body.dataset.empty === words) return;
    this.body.dataset.empty = words;
    this.body.replaceChildren(el("div", { class: "md-empty" }, el("i", { class: "pi pi-images", "aria-hidden": "true" }),
      el("p", {}, words), none || desk.running ? null
        : button(t("run"), { symbol: "play", kind: "primary", act: () => desk.runs.stale() })));
  }

  showView() {
    const view = this.views[this.view] ??= new VIEWS[this.view][1](this.desk);
    if (this.shownView !== this.view) {
      this.shownView = this.view;
      delete this.body.dataset.empty;
      this.body.replaceChildren(view.element);
    }
    mark(this.body, "aria-labelledby", `moviedreamer-tab-${this.view}`);
    for (const tab of this.tabs.children) {
      const on = tab.id === `moviedreamer-tab-${this.view}`;
      mark(tab, "aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    view.update();
  }

  showFilters() {
    const { desk } = this, { board } = desk, used = FILTERS.filter((field) => desk.filter[field]).length;
    const shown = desk.shown.length;
    say(this.count, used ? t("shownOf", { n: shown, of: board.shots.length }) : desk.chosen.size > 1 ? many("chosen", desk.chosen.size) : "");
    this.filterButton.classList.toggle("md-on", used > 0);
    if (this.filters.hidden) return;
    const known = [used > 0, ...new Set(board.shots.map((shot) => shot.state))].join();
    if (this.known === known && this.offered === board.scenes) return;
    Object.assign(this, { known, offered: board.scenes });
    const offered = offers(board, (state) => t(`state.${state}`));
    fill(this.filters, ...FILTERS.map((field) => select(t(`filter.${field}`),
      [["", t(`filter.${field}`)], ...offered[field]], desk.filter[field] ?? "", (value) => desk.filterBy(field, value))),
    used ? button(t("filterNone"), { symbol: "filter-slash", shown: false, act: () => this.unfilter() }) : null);
  }

  toggleFilter() {
    this.filters.hidden = !this.filters.hidden;
    mark(this.filterButton, "aria-expanded", String(!this.filters.hidden));
    this.known = "";
    this.showFilters();
  }

  unfilter() {
    this.known = "";
    this.desk.filter = {};
    this.desk.changed();
  }

  turn(name) {
    if (this.view === "animatic") this.views.animatic?.toggle(false);
    this.view = name;
    this.update();
  }

  tabKey(event) {
    const names = Object.keys(VIEWS), by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.turn(names.at((names.indexOf(this.view) + by) % names.length));
    this.tabs.querySelector("[aria-selected=true]").focus();
  }

  /** Over the whole page and back; there it lies outside of the sidebar, whose layer is below the canvas's buttons. */
  widen() {
    const on = !this.element.classList.contains("md-wide-board");
    if (on) this.home = this.element.parentElement;
    this.element.classList.toggle("md-wide-board", on);
    (on ? document.body : this.home).append(this.element);
    mark(this.wide, "aria-pressed", String(on));
    this.wide.firstChild.className = `pi pi-window-${on ? "minimize" : "maximize"}`;
    this.wide.focus();
  }

  /** Whether an element of the page already holds this panel. */
  isIn(element) {
    return element.contains(this.element) || (this.element.parentElement === document.body && this.home === element);
  }

  end() {
    this.stop();
    for (const view of Object.values(this.views)) view.end?.();
    this.element.remove();
  }
}

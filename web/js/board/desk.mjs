// The director's desk: which film the storyboard shows and what is looked at of it. It holds nothing that is not in the
// graph or on the server but the filter and the shots that are chosen. What it does stands in `choices` (what is decided
// for shots), `runs` (what is queued) and `writing` (the script).

import { Choices } from "./choices.mjs";
import { between, matching, withEvent } from "./model.mjs";
import { Runs } from "./runs.mjs";
import { settingsOf } from "./settings.mjs";
import { Writing } from "./writing.mjs";

const WIDTHS = [160, 320, 640, 1280];  // a card that grows a little asks for no other picture
const WAIT = 120;  // milliseconds after a change before the server is asked what it means

export class Desk {
  /** `server` and `graph` as in server.mjs and graph.mjs; `complain` shows an Error to the artist. */
  constructor({ server, graph, complain }) {
    Object.assign(this, { server, graph, complain });
    this.listeners = new Set();
    this.asks = this.inFlight = this.timer = 0;
    this.ids = new Map();  // planner's execution id -> the id of its last board
    this.turns = Promise.resolve();  // what was asked for and is not done yet
    Object.assign(this, { choices: new Choices(this), runs: new Runs(this), writing: new Writing(this) });
    this.clear();
    this.filter = {};
  }

  clear() {
    Object.assign(this, { planner: null, node: "", id: "", board: null, missing: "", running: false, boardOf: "" });
    this.chosen = new Set();
    this.current = "";
  }

  /** Calls `then` after every change, at most once a frame; what it gives ends that. */
  watch(then) {
    this.listeners.add(then);
    return () => this.listeners.delete(then);
  }

  changed() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      for (const then of [...this.listeners]) then();
    });
  }

  // -- which film --------------------------------------------------------------------------------------------------

  /** Turns to a planner: the asked one, the one before, or the graph's first. */
  async turnTo(planner) {
    const all = this.graph.planners();
    const next = planner ?? all.find((node) => this.graph.idOf(node) === this.node) ?? all[0] ?? null;
    const node = next ? this.graph.idOf(next) : "";
    if (node !== this.node) this.clear();
    Object.assign(this, { planner: next, node });
    this.changed();
    if (!next) return;
    this.id = this.ids.get(node) || this.id || this.graph.outputs(next)?.board?.[0]
      || await this.server.lastBoard(node).catch(() => "");
    await this.refresh();
  }

  /** A run of a planner is there: its board. */
  async planned({ node, id }) {
    this.ids.set(String(node), id);
    const planner = this.graph.node(node);
    if (!planner || (this.planner && this.planner !== planner && this.graph.planners().includes(this.planner))) return;
    Object.assign(this, { planner, node: this.graph.idOf(planner), id });
    await this.take(() => this.server.board(id));
  }

  /** One live event of a shot. */
  shot(event) {
    if (!this.board || event.id !== this.id) return;
    this.board = withEvent(this.board, event);
    this.changed();
  }

  /** A run began or ended. */
  run(running) {
    Object.assign(this, { running, boardOf: "" });
    this.changed();
    if (!running) this.refresh();
  }

  /** Asks the server what a run of the graph as it is now would find. */
  async refresh() {
    if (!this.planner || !this.id || this.running) return;
    const { id, question, changes } = this;
    await this.take(() => this.server.board(id, changes), question);
  }

  /** What a run of the graph as it is now would be made from. */
  get changes() {
    const { graph, planner } = this;
    return { script: graph.script(planner), direction: this.choices.text, ...settingsOf(planner, graph.nodes()) };
  }

  /** What the graph's board depends on: a board that was asked for with another question says nothing of what is there. */
  get question() {
    return JSON.stringify([this.node, this.id, this.changes]);
  }

  /** Whether the board is not yet that of what is in the graph: what it would cost is not known. */
  get waiting() {
    return Boolean(this.board && this.id && !this.running && !this.missing && this.boardOf !== this.question);
  }

  /** Waits for the board of the script and the choices as they are now. Throws what keeps the server from saying it.
   *  While a run goes on its own events tell what it does.
   */
  async upToDate() {
    while (this.planner && this.id && !this.running && this.boardOf !== this.question) {
      const { question } = this;
      await this.refresh();
      if (this.missing && question === this.question) break;
    }
    if (!this.board || (this.missing && !this.running)) throw new Error(this.missing);
  }

  /** Does `act` when all that was asked for before it is done, so that no click works on what another one is about to
   *  change; not at all if the storyboard turned to another film meanwhile. An error is shown.
   */
  inTurn(act) {
    const { node } = this;
    this.turns = this.turns.then(() => (node === this.node ? act() : undefined)).catch((error) => {
      this.complain(error);
      this.changed();
    });
    return this.turns;
  }

  /** The same for what is decided by the board. */
  byBoard(act) {
    return this.inTurn(async () => {
      await this.upToDate();
      return act();
    });
  }

  /** The graph changed, by undo or by hand: the nodes may be other ones now, and a run would find something else. */
  graphChanged() {
    const { planner } = this, still = planner && this.graph.planners().includes(planner);
    const seen = this.seen;
    this.seen = still ? this.question : null;
    if (!still) this.turnTo();
    else if (seen !== this.seen) this.later();
    this.changed();
  }

  /** Refreshes soon, once for many changes. */
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.refresh();
    }, WAIT);
  }

  /** Sees to it that a board that is not that of the graph any more is asked for. */
  settle() {
    if (this.waiting && !this.timer && !this.inFlight) this.later();
  }

  /** Takes the board that `ask` gives as that of a question; done when the newest of all that were asked for is there. */
  take(ask, question = "") {
    this.newest = this.takeUnlessNewer(ask, question, ++this.asks);
    return this.newest;
  }

  async takeUnlessNewer(ask, question, turn) {
    this.inFlight++;
    try {
      const board = await ask();
      if (turn !== this.asks) return this.newest;
      Object.assign(this, { board, missing: "", boardOf: question });
      this.choices.forget();
      const ids = new Set(board.shots.map((shot) => shot.id));
      for (const id of this.chosen) if (!ids.has(id)) this.chosen.delete(id);
    } catch (error) {
      if (turn !== this.asks) return this.newest;
      if (error.status === 404) {
        this.ids.delete(this.node);
        Object.assign(this, { board: null, id: "", missing: error.message });
      } else this.missing = error.message;
    } finally {
      this.inFlight--;
    }
    return this.changed();
  }

  // -- what is looked at -------------------------------------------------------------------------------------------

  get shown() {
    return this.board ? matching(this.board, this.filter) : [];
  }

  get chosenShots() {
    return this.board ? this.board.shots.filter((shot) => this.chosen.has(shot.id)) : [];
  }

  find(id) {
    return this.board?.shots.find((shot) => shot.id === id);
  }

  filterBy(field, value) {
    this.filter = { ...this.filter, [field]: value };
    this.changed();
  }

  /** Chooses a shot: "one" alone, "more" as well or no longer, "to" all from the last one to it. */
  choose(id, how = "one") {
    if (how === "more") this.chosen.delete(id) || this.chosen.add(id);
    else if (how === "to") for (const each of between(this.shown, this.current || id, id)) this.chosen.add(each);
    else this.chosen = new Set([id]);
    this.current = id;
    this.changed();
  }

  /** Walks to a shot; with one or none chosen, it is the one that is chosen. */
  moveTo(id) {
    if (this.chosen.size > 1) this.current = id;
    else return this.choose(id);
    return this.changed();
  }

  chooseAll() {
    this.chosen = new Set(this.shown.map((shot) => shot.id));
    this.changed();
  }

  chooseNone() {
    this.chosen = new Set();
    this.changed();
  }

  takes(shot) {
    return this.server.takes(this.id, shot);
  }

  candidates(shot) {
    return this.server.candidates(this.id, shot, this.changes);
  }

  /** The address of a picture or clip; `width`: how wide a picture is shown, in the page's pixels. */
  media(what, width) {
    return this.server.media(this.id, what, width && stepped(width * (window.devicePixelRatio || 1)));
  }

  /** Goes to the node whose rule decided a shot's decoder or animator; else where the shot is written. */
  goToRule(shot, field = "decoder") {
    const node = this.graph.ruleNode(this.planner, shot.decided?.[field], field);
    if (node) this.graph.show(node);
    else this.goToLine(shot);
  }

  /** Goes where a shot is written. */
  goToLine(shot) {
    this.graph.showLine(this.planner, shot.line);
  }
}

function stepped(width) {
  return WIDTHS.find((each) => each >= width) ?? WIDTHS.at(-1);
}

// The director's desk: what the storyboard shows and what it does. It holds nothing that is not in the graph or on the
// server but what is being looked at: the filter and the shots that are chosen.

import { chosenFor, common, directed, onlyThese, readDirection, undirected } from "./direction.mjs";
import { EDITOR, LOADER } from "./graph.mjs";
import { between, costOf, isMade, matching, withEvent } from "./model.mjs";
import { widgetOf } from "../script_helpers.mjs";

const NOTHING = {};
const WAIT = 120;  // milliseconds after a change before the server is asked what it means

export class Desk {
  /** `server` and `graph` as in server.mjs and graph.mjs; `complain` shows an Error to the artist. */
  constructor({ server, graph, complain }) {
    Object.assign(this, { server, graph, complain });
    this.listeners = new Set();
    this.asks = 0;
    this.ids = new Map();  // planner's execution id -> the id of its last board
    this.turns = Promise.resolve();  // what was asked for and is not done yet
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
    const { planner, id, question } = this, script = this.graph.script(planner);
    const changes = { script, direction: this.direction };
    await this.take(() => this.server.board(id, changes), question);
  }

  /** What the graph's board depends on: a board that was asked for with another question says nothing of what is there. */
  get question() {
    return JSON.stringify([this.node, this.id, this.graph.script(this.planner), this.direction]);
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
    this.seen = still ? JSON.stringify([this.graph.script(planner), this.direction, this.graph.value(planner, "seed")]) : null;
    if (!still) this.turnTo();
    else if (seen !== this.seen) this.later();
    this.changed();
  }

  /** Refreshes soon, once for many changes. */
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), WAIT);
  }

  /** Takes the board that `ask` gives as that of a question; done when the newest of all that were asked for is there. */
  take(ask, question = "") {
    this.newest = this.takeUnlessNewer(ask, question, ++this.asks);
    return this.newest;
  }

  async takeUnlessNewer(ask, question, turn) {
    try {
      const board = await ask();
      if (turn !== this.asks) return this.newest;
      Object.assign(this, { board, missing: "", read: null, boardOf: question });
      const ids = new Set(board.shots.map((shot) => shot.id));
      for (const id of this.chosen) if (!ids.has(id)) this.chosen.delete(id);
    } catch (error) {
      if (turn !== this.asks) return this.newest;
      if (error.status === 404) {
        this.ids.delete(this.node);
        Object.assign(this, { board: null, id: "", missing: error.message });
      } else this.missing = error.message;
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

  // -- directing ---------------------------------------------------------------------------------------------------

  get direction() {
    return (this.planner && this.graph.value(this.planner, "direction")) || "{}";
  }

  /** What is chosen for one shot. The text is read once for all, and the same choices stay the same object. */
  ownOf(shot) {
    const text = this.direction, { board } = this;
    if (this.read?.text !== text || this.read.board?.shots.length !== board.shots.length) {
      const rows = readDirection(text), ids = new Set(board.shots.map((each) => each.id));
      this.read = { text, board, of: new Map(board.shots.map((each) => [each.id, chosenFor(rows, each, ids)])) };
    }
    return this.read.of.get(shot.id) ?? NOTHING;
  }

  /** The chosen shots' own value of a field: null for none, undefined if they differ. */
  own(field) {
    return common(this.chosenShots.map((shot) => this.ownOf(shot)[field]));
  }

  /** Chooses {field: value} for shots, by default the chosen ones. */
  direct(choices, ids = [...this.chosen]) {
    this.writeDirection(directed(this.direction, this.board.shots, ids, choices));
  }

  /** The shots that "lock the rest" locks: what a run would leave as it is. A chosen take stands by itself; a lock would
   *  keep what the film made last in its place.
   */
  get rest() {
    return this.board.shots.filter((shot) => {
      const own = this.ownOf(shot);
      return shot.picture && !isMade(shot) && !own.lock && !own.take;
    });
  }

  lockRest() {
    return this.byBoard(() => this.direct({ lock: true }, this.rest.map((shot) => shot.id)));
  }

  takeBack(ids = [...this.chosen]) {
    this.writeDirection(undirected(this.direction, this.board.shots, ids));
  }

  writeDirection(text) {
    this.graph.write(this.planner, "direction", text);
    this.changed();
    this.later();
  }

  /** Queues `n` runs, each with seeds for these shots alone that none of their takes used; the last ones stay chosen. */
  reroll(n, ids = [...this.chosen]) {
    return this.byBoard(async () => {
      const seeds = await Promise.all(ids.map(async (id) => (await this.takes(id)).next_seeds));
      for (let take = 0; take < n; take++) {
        let text = this.direction;
        ids.forEach((id, at) => {
          text = directed(text, this.board.shots, [id], { seed: seeds[at][take], take: null, lock: null });
        });
        this.graph.write(this.planner, "direction", text);
        await this.graph.queue(this.planner, onlyThese(text, this.board.shots, ids));
      }
      this.changed();
    });
  }

  runStale() {
    return this.inTurn(() => this.graph.queue(this.planner));
  }

  runOnly(ids = [...this.chosen]) {
    return this.byBoard(() => this.graph.queue(this.planner, onlyThese(this.direction, this.board.shots, ids)));
  }

  costOf(shots) {
    return costOf(shots);
  }

  takes(shot) {
    return this.server.takes(this.id, shot);
  }

  media(what) {
    return this.server.media(this.id, what);
  }

  // -- words -------------------------------------------------------------------------------------------------------

  /** "editable", "file" (Load Script, which can become Edit Script) or "elsewhere". */
  get scriptKind() {
    const kind = this.planner && this.graph.scriptNode(this.planner)?.comfyClass;
    return kind === EDITOR ? "editable" : kind === LOADER ? "file" : "elsewhere";
  }

  /** Puts Edit Script in Load Script's place. */
  toEditor() {
    return this.inTurn(async () => {
      const node = this.graph.scriptNode(this.planner), value = (name) => widgetOf(node, name)?.value ?? "";
      const body = { script: value("script"), embedded: value("embedded"), edit: true };
      this.graph.replaceByEditor(node, await this.server.script(body));
      this.changed();
      await this.refresh();
    });
  }

  /** A new shot after another one, then chosen. */
  insertAfter(id) {
    return this.byBoard(async () => {
      const before = new Set(this.board.shots.map((shot) => shot.id));
      await this.editWithout([], { insert: id, shot: { size: this.find(id)?.size } });
      const made = this.board?.shots.find((shot) => !before.has(shot.id));
      if (made) this.choose(made.id);
    });
  }

  /** Takes a shot out of the script, and what was chosen for it. */
  remove(id) {
    return this.inTurn(() => this.editWithout([id], { remove: id }));
  }

  /** Puts the shot after a shot into it. */
  merge(id) {
    return this.byBoard(() => this.editWithout([this.beside(id, 1)], { merge: id }));
  }

  edit(...edits) {
    return this.inTurn(() => this.editWithout([], ...edits));
  }

  /** Changes the script's text by edits of the server's kind. Choices go by ids from then on, without those of `gone`. */
  async editWithout(gone, ...edits) {
    const { text, name } = this.graph.script(this.planner) ?? {};
    if (text === undefined) return;
    const changed = await this.server.edit(text, name, edits);
    const direction = undirected(this.direction, this.board.shots, gone);
    this.graph.writeAll([
      [this.graph.scriptNode(this.planner), "text", changed.text], [this.planner, "direction", direction],
    ]);
    await this.refresh();
  }

  /** The id of the shot so many places further, undefined past the film's ends. */
  beside(id, by) {
    const { shots } = this.board;
    return shots[shots.findIndex((shot) => shot.id === id) + by]?.id;
  }

  /** Moves a shot by one place among all shots of the film: -1 before the one before it, 1 after the next. */
  shift(id, by) {
    return this.byBoard(() => {
      const target = this.beside(id, by);
      return target === undefined ? undefined : this.editWithout([], moved(id, target, by > 0));
    });
  }

  /** Puts a shot before or after another one. */
  drop(id, target, after) {
    return id === target ? undefined : this.edit(moved(id, target, after));
  }

  /** Goes to the node whose rule decided a shot's engine; else where the shot is written. */
  goToRule(shot) {
    const node = this.graph.ruleNode(this.planner, shot.decided?.decoder?.by ?? "");
    if (node) this.graph.show(node);
    else this.goToLine(shot);
  }

  /** Goes where a shot is written. */
  goToLine(shot) {
    this.graph.showLine(this.planner, shot.line);
  }
}

/** The edit that puts a shot before or after another one. */
function moved(id, target, after) {
  return { move: id, [after ? "after" : "before"]: target };
}

// The script's words and the order of its shots, changed on the storyboard: every change is an edit of the text that
// stands in Edit Script, made by the server, one step for undo.

import { undirected } from "./direction.mjs";
import { EDITOR, LOADER } from "./graph.mjs";
import { widgetOf } from "../script_helpers.mjs";

export class Writing {
  constructor(desk) {
    this.desk = desk;
  }

  /** "editable", "file" (Load Script, which can become Edit Script) or "elsewhere". */
  get kind() {
    const { planner, graph } = this.desk, kind = planner && graph.scriptNode(planner)?.comfyClass;
    return kind === EDITOR ? "editable" : kind === LOADER ? "file" : "elsewhere";
  }

  /** Puts Edit Script in Load Script's place. */
  toEditor() {
    const { desk } = this;
    return desk.inTurn(async () => {
      const node = desk.graph.scriptNode(desk.planner), value = (name) => widgetOf(node, name)?.value ?? "";
      const body = { script: value("script"), embedded: value("embedded"), edit: true };
      desk.graph.replaceByEditor(node, await desk.server.script(body));
      desk.changed();
      await desk.refresh();
    });
  }

  edit(...edits) {
    return this.desk.inTurn(() => this.editWithout([], ...edits));
  }

  /** A new shot after another one, then chosen. */
  insertAfter(id) {
    const { desk } = this;
    return desk.byBoard(async () => {
      const before = new Set(desk.board.shots.map((shot) => shot.id));
      await this.editWithout([], { insert: id, shot: { size: desk.find(id)?.size } });
      const made = desk.board?.shots.find((shot) => !before.has(shot.id));
      if (made) desk.choose(made.id);
    });
  }

  /** Takes a shot out of the script, and what was chosen for it. */
  remove(id) {
    return this.desk.inTurn(() => this.editWithout([id], { remove: id }));
  }

  /** Puts the shot after a shot into it. */
  merge(id) {
    return this.desk.byBoard(() => this.editWithout([this.beside(id, 1)], { merge: id }));
  }

  /** Moves a shot by one place among all shots of the film: -1 before the one before it, 1 after the next. */
  shift(id, by) {
    return this.desk.byBoard(() => {
      const target = this.beside(id, by);
      return target === undefined ? undefined : this.editWithout([], moved(id, target, by > 0));
    });
  }

  /** Puts a shot before or after another one. */
  drop(id, target, after) {
    return id === target ? undefined : this.edit(moved(id, target, after));
  }

  /** Changes the script's text by edits of the server's kind. Choices go by ids from then on, without those of `gone`. */
  async editWithout(gone, ...edits) {
    const { desk } = this, { graph, planner } = desk, { text, name } = graph.script(planner) ?? {};
    if (text === undefined) return;
    const changed = await desk.server.edit(text, name, edits);
    const direction = undirected(desk.choices.text, desk.board.shots, gone);
    graph.writeAll([[graph.scriptNode(planner), "text", changed.text], [planner, "direction", direction]]);
    await desk.refresh();
  }

  /** The id of the shot so many places further, undefined past the film's ends. */
  beside(id, by) {
    const { shots } = this.desk.board;
    return shots[shots.findIndex((shot) => shot.id === id) + by]?.id;
  }
}

/** The edit that puts a shot before or after another one. */
function moved(id, target, after) {
  return { move: id, [after ? "after" : "before"]: target };
}

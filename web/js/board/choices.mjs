// What the artist decides for single shots: kept in Plan Film's `direction`, nowhere else.

import { chosenFor, common, directed, readDirection, undirected } from "./direction.mjs";
import { isMade } from "./model.mjs";

const NOTHING = {};

export class Choices {
  constructor(desk) {
    this.desk = desk;
  }

  /** The direction as it stands in the graph. */
  get text() {
    const { desk } = this;
    return (desk.planner && desk.graph.value(desk.planner, "direction")) || "{}";
  }

  /** What is chosen for one shot. The text is read once for all, and the same choices stay the same object. */
  ownOf(shot) {
    const { text } = this, { shots } = this.desk.board;
    if (this.read?.text !== text || this.read.of.size !== shots.length) {
      const rows = readDirection(text), ids = new Set(shots.map((each) => each.id));
      this.read = { text, of: new Map(shots.map((each) => [each.id, chosenFor(rows, each, ids)])) };
    }
    return this.read.of.get(shot.id) ?? NOTHING;
  }

  /** Other shots are there: the text, which may call them by their numbers, is read anew. */
  forget() {
    this.read = null;
  }

  /** The chosen shots' own value of a field: null for none, undefined if they differ. */
  own(field) {
    return common(this.desk.chosenShots.map((shot) => this.ownOf(shot)[field]));
  }

  /** Chooses {field: value} for shots, by default the chosen ones. */
  make(choices, ids = [...this.desk.chosen]) {
    this.write(directed(this.text, this.desk.board.shots, ids, choices));
  }

  /** The shots that "lock the rest" locks: what a run would leave as it is. A chosen take stands by itself; a lock would
   *  keep what the film made last in its place.
   */
  get rest() {
    return this.desk.board.shots.filter((shot) => {
      const own = this.ownOf(shot);
      return shot.picture && !isMade(shot) && !own.lock && !own.take;
    });
  }

  lockRest() {
    return this.desk.byBoard(() => this.make({ lock: true }, this.rest.map((shot) => shot.id)));
  }

  takeBack(ids = [...this.desk.chosen]) {
    this.write(undirected(this.text, this.desk.board.shots, ids));
  }

  write(text) {
    const { desk } = this;
    desk.graph.write(desk.planner, "direction", text);
    desk.changed();
    desk.later();
  }
}

// What the storyboard puts into ComfyUI's queue. What stands in for a widget in one run alone never gets into the graph.

import { directed, onlyThese } from "./direction.mjs";

export class Runs {
  constructor(desk) {
    this.desk = desk;
  }

  /** Queues `n` runs, each with seeds for these shots alone that none of their takes used; the last ones stay chosen. */
  reroll(n, ids = [...this.desk.chosen]) {
    const { desk } = this;
    return desk.byBoard(async () => {
      const { shots } = desk.board, seeds = await this.freshSeeds(ids);
      for (let take = 0; take < n; take++) {
        const text = reseeded(desk.choices.text, shots, ids, (at) => seeds[at][take]);
        desk.graph.write(desk.planner, "direction", text);
        await desk.graph.queue(desk.planner, { direction: onlyThese(text, shots, ids) });
      }
      desk.changed();
    });
  }

  /** Queues the graph as it is. */
  stale() {
    const { desk } = this;
    return desk.inTurn(() => desk.graph.queue(desk.planner));
  }

  /** Queues these shots alone. */
  only(ids = [...this.desk.chosen]) {
    const { desk } = this;
    return desk.byBoard(() => desk.graph.queue(desk.planner, { direction: onlyThese(desk.choices.text, desk.board.shots, ids) }));
  }

  /** Plans these shots again, after the shots before them as they are now, and runs them alone; with `seeds` each gets a
   *  seed that none of its takes used.
   */
  replan(ids, seeds) {
    const { desk } = this;
    return desk.byBoard(async () => {
      if (seeds) {
        const fresh = await this.freshSeeds(ids);
        desk.choices.write(reseeded(desk.choices.text, desk.board.shots, ids, (at) => fresh[at][0]));
      }
      await desk.graph.queue(desk.planner, this.replanning(ids));
    });
  }

  /** What stands in for Plan Film's widgets where these shots are planned again. */
  replanning(ids) {
    const { desk } = this;
    return { replan: ids.join(", "), direction: onlyThese(desk.choices.text, desk.board.shots, ids) };
  }

  /** What planning these shots again would make of them: the board of such a run. Without new seeds. */
  async replanned(ids) {
    const { desk } = this, { replan, direction } = this.replanning(ids);
    const { changes } = desk;
    return desk.server.board(desk.id, { ...changes, direction, planner: { ...changes.planner, replan } });
  }

  /** Draws candidates of a shot's plan as pictures, `of` of them: a run for each number that comes no further than to the
   *  pictures. The film keeps the one that it has, number `kept`.
   */
  candidates(id, of, numbers, kept) {
    const { desk } = this;
    return desk.byBoard(async () => {
      const { shots } = desk.board;
      desk.choices.make({ candidate: { number: kept, of } }, [id]);
      for (const number of numbers) {
        const text = directed(desk.choices.text, shots, [id], { candidate: { number, of }, take: null, lock: null });
        await desk.graph.queueToPictures(desk.planner, { direction: onlyThese(text, shots, [id]) });
      }
    });
  }

  freshSeeds(ids) {
    return Promise.all(ids.map(async (id) => (await this.desk.takes(id)).next_seeds));
  }
}

/** The choices with other seeds for shots, and without what would hold them at what they were. */
function reseeded(text, shots, ids, seedOf) {
  return ids.reduce((so, id, at) => directed(so, shots, [id], { seed: seedOf(at), take: null, lock: null }), text);
}

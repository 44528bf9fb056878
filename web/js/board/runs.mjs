// What the storyboard puts into ComfyUI's queue.

import { directed, onlyThese } from "./direction.mjs";

export class Runs {
  constructor(desk) {
    this.desk = desk;
  }

  /** Queues `n` runs, each with seeds for these shots alone that none of their takes used; the last ones stay chosen. */
  reroll(n, ids = [...this.desk.chosen]) {
    const { desk } = this;
    return desk.byBoard(async () => {
      const { shots } = desk.board;
      const seeds = await Promise.all(ids.map(async (id) => (await desk.takes(id)).next_seeds));
      for (let take = 0; take < n; take++) {
        let { text } = desk.choices;
        ids.forEach((id, at) => {
          text = directed(text, shots, [id], { seed: seeds[at][take], take: null, lock: null });
        });
        desk.graph.write(desk.planner, "direction", text);
        await desk.graph.queue(desk.planner, onlyThese(text, shots, ids));
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
    return desk.byBoard(() => desk.graph.queue(desk.planner, onlyThese(desk.choices.text, desk.board.shots, ids)));
  }
}

// What a click will cost, in words, and the bar at the storyboard's end that says it.

import { button, el, say } from "./dom.mjs";
import { length, list, many, t } from "./language.mjs";
import { costOf } from "./model.mjs";

/** "3 shots: 2 keyframes, 3 clips, about 40 s"; what `costOf` counted. */
export function costWords(cost) {
  if (!cost.shots) return t("nothingToRun");
  const made = ["plan", "keyframe", "clip"].filter((stage) => cost[stage]).map((stage) => many(`cost.${stage}`, cost[stage]));
  const time = cost.seconds === null ? t("timeUnknown") : cost.seconds > 0 ? t("about", { time: length(Math.max(1, Math.round(cost.seconds))) }) : "";
  return t("cost", { shots: many("shotCount", cost.shots), what: list([...made, time].filter(Boolean)) });
}

/** The bar: what a run would make, and the button that starts it. */
export class CostBar {
  constructor(desk) {
    this.desk = desk;
    this.words = el("span", { class: "md-cost", role: "status" });
    this.run = button(t("runStale"), { symbol: "play", kind: "primary", act: () => desk.runStale() });
    this.meter = el("div", { class: "md-meter", role: "progressbar", hidden: true, "aria-label": t("progress"),
      "aria-valuemin": 0 }, this.bar = el("div"));
    this.element = el("footer", { class: "md-bar" }, this.meter, this.words, this.run);
  }

  update() {
    const { desk } = this, cost = costOf(desk.board.shots);
    say(this.words, desk.running ? this.runningWords() : costWords(cost));
    this.words.title = this.words.textContent;
    this.run.disabled = desk.running || !cost.shots;
  }

  runningWords() {
    const { shots } = this.desk.board, drawn = shots.find((shot) => shot.state === "rendering");
    const left = costOf(shots);
    this.meter.hidden = false;
    return drawn ? t("renderingShot", { n: drawn.number, id: drawn.id, left: left.shots }) : t("running");
  }
}

// What a click will cost, in words, and the bar at the storyboard's end that says it.

import { button, el, icon, mark, say } from "./dom.mjs";
import { length, list, many, t } from "./language.mjs";
import { costOf } from "./model.mjs";

/** "3 shots: 2 keyframes, 3 clips, about 40 s"; what `costOf` counted. */
export function costWords(cost) {
  if (!cost.shots) return t("nothingToRun");
  const made = ["plan", "keyframe", "clip"].filter((stage) => cost[stage]).map((stage) => many(`cost.${stage}`, cost[stage]));
  const time = cost.seconds === null ? t("timeUnknown") : cost.seconds > 0 ? t("about", { time: length(Math.max(1, Math.round(cost.seconds))) }) : "";
  return t("cost", { shots: many("shotCount", cost.shots), what: list([...made, time].filter(Boolean)) });
}

/** A line that says what a run of some shots would make, for the button that starts it: {element, update}. */
export function costOfShots(desk, ids, run) {
  const words = el("span", { role: "status" }), element = el("p", { class: "md-hint" }, icon("clock"), " ", words);
  const update = () => {
    const cost = costOf(ids.map((id) => desk.find(id)).filter(Boolean));
    say(words, desk.waiting ? t("asking") : costWords(cost));
    mark(words, "aria-busy", desk.waiting ? "true" : null);
    run.title = words.textContent;
    run.disabled = desk.running || (!desk.waiting && !cost.shots);
  };
  update();
  return { element, update };
}

/** The bar: what a run would make, and the button that starts it. */
export class CostBar {
  constructor(desk) {
    this.desk = desk;
    this.words = el("span", { class: "md-cost", role: "status" });
    this.run = button(t("runStale"), { symbol: "play", kind: "primary", act: () => desk.runs.stale() });
    this.rest = button(t("lockRest"), { symbol: "lock", shown: false, act: () => desk.choices.lockRest() });
    this.meter = el("div", { class: "md-meter", role: "progressbar", hidden: true, "aria-label": t("progress"),
      "aria-valuemin": 0 }, this.bar = el("div"));
    this.element = el("footer", { class: "md-bar" }, this.meter, this.words, this.rest, this.run);
  }

  update() {
    const { desk } = this, cost = costOf(desk.board.shots);
    say(this.words, desk.running ? this.runningWords(cost) : desk.waiting ? t("asking") : costWords(cost));
    mark(this.words, "aria-busy", desk.waiting ? "true" : null);
    this.run.disabled = desk.running || (!desk.waiting && !cost.shots);
    this.rest.disabled = desk.running || (!desk.waiting && !desk.choices.rest.length);
    this.progress(cost);
  }

  /** How far a run is: of what it would make when it began, how much is left. */
  progress(left) {
    const { desk } = this, steps = left.plan + left.keyframe + left.clip;
    this.most = desk.running ? Math.max(this.most ?? 0, steps) : 0;
    this.meter.hidden = !this.most;
    if (!this.most) return;
    mark(this.meter, "aria-valuemax", this.most);
    mark(this.meter, "aria-valuenow", this.most - steps);
    this.bar.style.width = `${(100 * (this.most - steps)) / this.most}%`;
  }

  runningWords(left) {
    const { shots } = this.desk.board, drawn = shots.find((shot) => shot.state === "rendering");
    return drawn ? t("renderingShot", { n: drawn.number, id: drawn.id, left: left.shots }) : t("running");
  }
}

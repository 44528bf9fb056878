// The drawer's page of a shot's plan: plan it again, and its candidates as pictures to choose from.

import { costWords } from "./costs.mjs";
import { button, el, fill, icon, mark, say, select } from "./dom.mjs";
import { t } from "./language.mjs";
import { costAnew, costOf } from "./model.mjs";

const DRAWS = [2, 3, 4, 6, 8];
const ROWS = 6;  // shots whose candidates are shown at once
const WIDE = 200;

/** The page, for one shot or many. What the server has to be asked for comes in when it is there. */
export function planPage(desk) {
  const shots = desk.chosenShots;
  return el("div", { class: "md-page md-plan-page" }, againPart(desk, shots),
    ...shots.slice(0, ROWS).map((shot) => candidatesPart(desk, shot)));
}

/** "Plan again": these shots, or also all that follow; with new seeds or not; what it costs is said before. */
function againPart(desk, shots) {
  const asked = desk.again ??= { extent: "these", seeds: false };
  const words = el("span", { role: "status" }, t("asking"));
  const extent = select(t("replanExtent"), [["these", t(shots.length === 1 ? "replanThis" : "replanThese")], ["following", t("replanFollowing")]],
    asked.extent, (value) => { asked.extent = value; ask(); });
  extent.name = "extent";
  const seeds = el("input", { type: "checkbox", name: "seeds", checked: asked.seeds, on: { change: () => { asked.seeds = seeds.checked; ask(); } } });
  const run = button(t("replan"), { symbol: "directions", kind: "run", act: () => desk.runs.replan(idsOf(desk, shots, asked), asked.seeds) });
  let turn = 0;
  const ask = async () => {
    const mine = ++turn;
    say(words, t("asking"));
    mark(words, "aria-busy", "true");
    const cost = await costOfAgain(desk, idsOf(desk, shots, asked), asked.seeds).catch((error) => error.message);
    if (mine !== turn) return;
    say(words, typeof cost === "string" ? cost : costWords(cost));
    mark(words, "aria-busy", null);
    run.disabled = desk.running || (typeof cost !== "string" && !cost.shots);
  };
  ask();
  return el("div", { class: "md-actions" }, el("span", { class: "md-joined md-joined-wide" }, run, extent),
    el("label", { class: "md-compare" }, seeds, t("replanSeeds")), el("p", { class: "md-hint" }, icon("clock"), " ", words));
}

/** The chosen shots, or all from the first of them on, without locked ones: those stay. */
function idsOf(desk, shots, { extent }) {
  const all = desk.board.shots, from = all.findIndex((shot) => shot.id === shots[0].id);
  const meant = extent === "following" ? all.slice(from) : shots;
  return meant.filter((shot) => !shot.locked).map((shot) => shot.id);
}

/** A new seed makes everything of a shot anew; else the server says what another plan after today's shots would be. */
async function costOfAgain(desk, ids, seeds) {
  if (!ids.length) return costOf([]);
  const wanted = new Set(ids), board = await desk.runs.replanned(ids), shots = board.shots.filter((shot) => wanted.has(shot.id));
  return seeds ? costAnew(shots) : costOf(shots);
}

/** The candidates of one shot side by side; a click chooses one. */
function candidatesPart(desk, shot) {
  const part = el("section", { class: "md-candidates", "aria-label": t("candidatesOf", { n: shot.number }) },
    el("p", { class: "md-hint" }, t("asking")));
  desk.candidates(shot.id).then((found) => show(part, desk, shot, found), (error) => {
    fill(part, el("p", { class: "md-hint md-bad", role: "alert" }, error.message));
  });
  return part;
}

function show(part, desk, shot, { of, planned, candidates }) {
  const missing = candidates.filter((each) => !each.picture).map((each) => each.number);
  const draws = of > 1 && !DRAWS.includes(of) ? [...DRAWS, of] : DRAWS;
  const count = select(t("howManyCandidates"), draws.map((n) => [String(n), `× ${n}`]), String(of > 1 ? of : 4), () => {}, { name: "of" });
  const draw = button(t("drawCandidates"), { symbol: "images", hint: t("candidatesHint"), disabled: desk.running, act: () => {
    const kept = candidates.find((each) => each.chosen)?.number ?? 1, n = Math.max(kept, Number(count.value));
    const left = n === of && planned && missing.length ? missing : Array.from({ length: n }, (_, at) => at + 1);
    desk.runs.candidates(shot.id, n, left, kept);
  } });
  fill(part, el("h4", {}, t("candidatesOf", { n: shot.number })),
    candidates.length > 1 ? el("div", { class: "md-take-grid", role: "radiogroup", "aria-label": t("candidatesOf", { n: shot.number }) },
      ...candidates.map((each) => candidateOf(desk, shot, each, of))) : el("p", { class: "md-hint" }, t("oneCandidate")),
    el("div", { class: "md-actions" }, el("span", { class: "md-joined" }, draw, count)));
}

function candidateOf(desk, shot, { number, chosen, picture }, of) {
  const words = t("candidateNumber", { n: number });
  return el("figure", { class: `md-take${chosen ? " md-taken" : ""}` },
    el("button", { type: "button", class: "md-take-picture", role: "radio", "aria-checked": String(chosen), "aria-label": words, title: t("chooseCandidate"),
      on: { click: () => desk.choices.make({ candidate: { number, of }, take: null, lock: null }, [shot.id]) } },
    picture ? el("img", { src: desk.media(picture, WIDE), alt: "", loading: "lazy" }) : el("span", { class: "md-no-picture" }, t("notDrawn"))),
    el("figcaption", {}, el("span", {}, words), chosen ? el("em", {}, t(desk.choices.ownOf(shot).candidate ? "pinned" : "current")) : null));
}

// The drawer's first page: who makes the chosen shots and how, what a run of them costs, and the buttons that start it.

import { costOfShots, costWords } from "./costs.mjs";
import { button, el, select } from "./dom.mjs";
import { t } from "./language.mjs";
import { costAnew, engine } from "./model.mjs";
import { byWords } from "./reasons.mjs";

const STEPS = { seed: 1, steps: 1, seconds: 0.1, guidance: 0.1, motion: 0.05 };
const WHOLE = ["seed", "steps"];
const TAKES = [1, 2, 3, 4, 6, 8];

/** The page, built anew from what the desk knows; its `update` says what it costs by now. */
export function directingPage(desk) {
  const shots = desk.chosenShots, { made, update } = actions(desk, shots);
  return Object.assign(el("div", { class: "md-page md-directing" },
    el("div", { class: "md-grid" },
      engineField(desk, shots, "decoder", desk.board.decoders), engineField(desk, shots, "animator", desk.board.animators),
      ...["seed", "seconds", "steps", "guidance", "motion"].map((field) => numberField(desk, shots, field))),
    noteField(desk, shots), made), { update });
}

function engineField(desk, shots, field, known) {
  const own = desk.choices.own(field), named = (known ?? []).map(({ name }) => name);
  const more = own && !named.includes(own) ? [[own, own]] : [];
  const options = [["", fromElsewhere(shots, field, own)], ...(own === undefined ? [["\0", t("differ")]] : []),
    ...(known ?? []).map(({ name, summary }) => [name, summary ? `${name}: ${summary}` : name]), ...more];
  const made = select(t(`field.${field}`), options, own === undefined ? "\0" : own ?? "",
    (value) => value !== "\0" && desk.choices.make({ [field]: value }));
  made.name = field;
  return labelled(t(`field.${field}`), made, own);
}

/** What holds while nothing is chosen here: "from script: ink". */
function fromElsewhere(shots, field, own) {
  const [value, decided] = decidedBelow(shots, field, own), by = byWords(decided);
  if (value === undefined) return t("unset");
  return value === "" || value === null ? t("unsetBy", { by }) : t("unsetAs", { by, value });
}

function decidedBelow(shots, field, own) {
  const each = shots.map((shot) => shot.decided?.[field]);
  if (own || each.some((one) => !one || one.rule === "storyboard" || one.value !== each[0]?.value)) return [undefined];
  return [field === "decoder" || field === "animator" ? engine(shots[0], field) : each[0].value, each[0]];
}

function numberField(desk, shots, field) {
  const own = desk.choices.own(field), bounds = desk.board.controls?.[field] ?? {};
  const hint = own === undefined ? t("differ") : fromElsewhere(shots, field, own);
  const made = el("input", { class: "md-field", type: "number", name: field, min: bounds.least ?? "", max: bounds.most ?? "",
    step: WHOLE.includes(field) ? 1 : "any", value: own ?? "", placeholder: hint, title: hint,
    "aria-label": t(`field.${field}`), data: { step: STEPS[field] }, on: { change: () => write() } });
  const write = () => {
    if (made.value !== "" && !made.checkValidity()) return void made.reportValidity();
    desk.choices.make({ [field]: made.value === "" ? null : Number(made.value) });
  };
  return labelled(t(`field.${field}`), made, own);
}

/** A field with its name, and whether its value is the storyboard's own. */
function labelled(name, field, own) {
  const mine = own !== null && own !== undefined;
  return el("label", { class: `md-label${mine ? " md-own" : ""}` },
    el("span", {}, name, mine ? el("em", {}, t("own")) : null), field);
}

function noteField(desk, shots) {
  const own = desk.choices.own("note");
  const made = el("input", { class: "md-field", type: "text", name: "note", value: own ?? "", maxLength: 500,
    placeholder: own === undefined ? t("differ") : t("noteHint"), "aria-label": t("field.note"),
    on: { change: () => desk.choices.make({ note: made.value.trim() }) } });
  return el("label", { class: "md-label md-wide" }, el("span", {}, t("field.note")), made);
}

function actions(desk, shots) {
  const locked = shots.every((shot) => desk.choices.ownOf(shot).lock), chosen = shots.map((shot) => shot.id);
  const count = select(t("takesAtOnce"), TAKES.map((n) => [String(n), `× ${n}`]), String(desk.rerolls ?? 1),
    (value) => { desk.rerolls = Number(value); say(); }, { name: "takes" });
  const reroll = button(t("reroll"), { symbol: "refresh", act: () => desk.runs.reroll(desk.rerolls ?? 1) });
  const say = () => { reroll.title = `${t("rerollHint")}. ${costWords(costAnew(shots, desk.rerolls ?? 1))}`; };
  say();
  const directed = shots.some((shot) => Object.keys(desk.choices.ownOf(shot)).length);
  const run = button(shots.length === 1 ? t("runShot") : t("runShots"), { symbol: "play", act: () => desk.runs.only(chosen), kind: "run" });
  const cost = costOfShots(desk, chosen, run);
  return { update: cost.update, made: el("div", { class: "md-actions" },
    el("span", { class: "md-joined" },
      reroll, count),
    button(locked ? t("unlock") : t("lock"), { symbol: locked ? "lock" : "lock-open", "aria-pressed": String(locked),
      hint: t("lockHint"), act: () => desk.choices.make({ lock: !locked }) }),
    directed ? button(t("takeBack"), { symbol: "undo", act: () => desk.choices.takeBack(chosen) }) : null,
    run, cost.element) };
}

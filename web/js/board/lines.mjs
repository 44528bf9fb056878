// The drawer's third page: the words of a shot. Every change goes through the server into the text of Edit Script.

import { button, el, select } from "./dom.mjs";
import { t } from "./language.mjs";

const SIZES = ["close", "medium", "wide", "two-shot"];

/** The page of one shot. */
export function wordsPage(desk, shot) {
  const kind = desk.writing.kind;
  if (kind !== "editable") {
    return el("div", { class: "md-page md-words" }, el("p", { class: "md-hint" }, t(kind === "file" ? "wordsOfFile" : "wordsElsewhere")),
      kind === "file" ? button(t("toEditor"), { symbol: "pencil", kind: "primary", act: () => desk.writing.toEditor() }) : null,
      readOnly(desk, shot));
  }
  return el("div", { class: "md-page md-words" },
    el("div", { class: "md-grid" }, sizeField(desk, shot), secondsField(desk, shot)),
    textField(desk, shot, t("field.plot"), "plot", shot.plot),
    ...(shot.characters ?? []).map((id) => actionField(desk, shot, id)),
    ...(shot.dialogue ?? []).map((line, at) => lineField(desk, shot, line, at)),
    newLine(desk, shot),
    moves(desk, shot));
}

function nameOf(desk, id) {
  return desk.board.characters.find((each) => each.id === id)?.name ?? id;
}

function readOnly(desk, shot) {
  const said = (shot.dialogue ?? []).map(({ character, text }) => `${nameOf(desk, character)}: ${text}`);
  const done = Object.entries(shot.actions ?? {}).map(([id, action]) => `${nameOf(desk, id)}: ${action}`);
  return el("ul", { class: "md-read" }, ...[shot.plot, ...done, ...said].filter(Boolean).map((words) => el("li", {}, words)));
}

function field(name, input) {
  return el("label", { class: "md-label md-wide" }, el("span", {}, name), input);
}

function textField(desk, shot, label, name, value) {
  const made = el("input", { class: "md-field", type: "text", value: value ?? "", name, "aria-label": label,
    on: { change: () => desk.writing.edit({ set: shot.id, field: name, value: made.value.trim() }) } });
  return field(label, made);
}

function actionField(desk, shot, id) {
  return textField(desk, shot, t("field.action", { name: nameOf(desk, id) }), `characters.${id}.action`, shot.actions?.[id]);
}

function lineField(desk, shot, line, at) {
  const label = line.character ? t("field.says", { name: nameOf(desk, line.character) }) : t("field.dialogue");
  const made = el("input", { class: "md-field", type: "text", value: line.text, name: `line.${at}`, "aria-label": label,
    on: { change: () => write(made.value.trim()) } });
  // The last line that is emptied goes with the whole dialogue.
  const write = (words) => desk.writing.edit(!words && shot.dialogue.length === 1 ? { set: shot.id, field: "dialogue", value: null }
    : { set: shot.id, field: `dialogue.${at}`, value: words });
  return field(label, made);
}

/** A field for the first line of a shot in which nobody speaks, by the first character who is seen. */
function newLine(desk, shot) {
  const who = shot.characters?.[0];
  if (!who || shot.dialogue?.length) return null;
  const label = t("field.says", { name: nameOf(desk, who) });
  const made = el("input", { class: "md-field", type: "text", name: "line.0", placeholder: t("addLine"), "aria-label": label,
    on: { change: () => write(made.value.trim()) } });
  const write = (words) => words && desk.writing.edit({ set: shot.id, field: "dialogue", value: [{ who, line: words }] });
  return field(label, made);
}

function sizeField(desk, shot) {
  const sizes = SIZES.includes(shot.size) || !shot.size ? SIZES : [shot.size, ...SIZES];
  const made = select(t("field.size"), sizes.map((each) => [each, t(`size.${each}`)]), shot.size,
    (value) => desk.writing.edit({ set: shot.id, field: "size", value }));
  made.name = "size";
  return el("label", { class: "md-label" }, el("span", {}, t("field.size")), made);
}

function secondsField(desk, shot) {
  const bounds = desk.board.controls?.seconds ?? {};
  const made = el("input", { class: "md-field", type: "number", name: "scriptSeconds", value: shot.seconds, step: "any",
    min: bounds.least ?? 0.1, max: bounds.most ?? "", "aria-label": t("field.secondsInScript"), on: { change: () => {
      if (!made.value || !made.checkValidity()) return void made.reportValidity();
      desk.writing.edit({ set: shot.id, field: "seconds", value: Number(made.value) });
    } } });
  return el("label", { class: "md-label" }, el("span", {}, t("field.secondsInScript")), made);
}

function moves(desk, shot) {
  const last = desk.board.shots.at(-1)?.id === shot.id;
  return el("div", { class: "md-actions" },
    button(t("insertAfter"), { symbol: "plus", act: () => desk.writing.insertAfter(shot.id) }),
    button(t("split"), { symbol: "arrows-h", act: () => desk.writing.edit({ split: shot.id }) }),
    button(t("merge"), { symbol: "link", act: () => desk.writing.merge(shot.id), disabled: last }),
    button(t("moveEarlier"), { symbol: "arrow-left", shown: false, act: () => desk.writing.shift(shot.id, -1), disabled: shot.number === 1 }),
    button(t("moveLater"), { symbol: "arrow-right", shown: false, act: () => desk.writing.shift(shot.id, 1), disabled: last }),
    button(t("remove"), { symbol: "trash", kind: "danger", act: () => desk.writing.remove(shot.id) }));
}

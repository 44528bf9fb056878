// Why a shot is as it is, in the page's language: the server says it by codes (moviedreamer_core/film/wording.py).

import { both, list, t } from "./language.mjs";
import { firstMade } from "./model.mjs";

const MOST = 3;  // older shots that are named

/** A reason {code, of} in words; `numbers` are the shots' by their ids. */
export function reasonWords({ code, of, error }, numbers = {}) {
  if (code === "wrong") return errorWords(error, of.join(" "));
  if (code === "changed") return t("why.changed", { what: both(of.map((thing) => t(`thing.${thing}`))) });
  const shots = of.slice(0, MOST).map((id) => numbers[id] ?? id);
  return t(`why.${code}`, { shots: list(of.length > MOST ? [...shots, "…"] : shots) });
}

/** What went wrong {code, values}, in words; `english` stands in where there is no code, or none that this page knows. */
export function errorWords({ code, values = {} } = {}, english) {
  const key = `error.${code}`, field = values.field && { field: t(`field.${values.field}`) };
  const words = t(key, { ...values, ...field });
  return words === key ? english : words;
}

/** Why a shot is not as it should be, and what else to know of it, in one line. `own` is what is chosen for it. */
export function whyWords(shot, own = {}, numbers = {}) {
  if (shot.state === "failed" && shot.message) return shot.message;
  const stage = firstMade(shot), notes = shot.notes?.map((reason) => reasonWords(reason, numbers)) ?? [shot.note];
  const why = stage && (stage.reason ? reasonWords(stage.reason, numbers) : stage.why);
  return [...new Set([why, ...notes, own.note && `“${own.note}”`])].filter(Boolean).join(" · ");
}

/** Who decided a value, short: "route 3, 7-9". */
export function byWords({ rule, of } = {}) {
  return rule ? t(`by.${rule}`, { rest: of }) : "";
}

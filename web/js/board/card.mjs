// One card: what a shot is, what made it, and what a run would make of it.

import { el, icon, mark, say } from "./dom.mjs";
import { length, list, t } from "./language.mjs";
import { engine } from "./model.mjs";
import { byWords, whyWords } from "./reasons.mjs";

export const FACTS = 88;
/** Pixels of a card's words below its picture. */
const ENGINES = ["decoder", "animator"];
const SYMBOLS = {
  unplanned: "circle", planned: "map", rendering: "spinner", rendered: "image", animated: "check-circle",
  external: "download", stale: "history", failed: "exclamation-triangle",
};

/** An empty card. Its parts are properties, so that filling it looks nothing up. */
export function makeCard(number) {
  const card = el("div", { class: "md-card", role: "option", id: `moviedreamer-card-${number}`, draggable: true });
  card.picture = el("img", { class: "md-picture", alt: "", loading: "lazy", decoding: "async", draggable: false });
  card.number = el("span", { class: "md-number" });
  card.state = el("span", { class: "md-state" }, card.symbol = icon("circle"), card.stateWords = el("span"));
  card.lock = el("span", { class: "md-lock", hidden: true }, icon("lock"));
  card.tick = el("span", { class: "md-tick" }, icon("check"));
  card.takes = el("span", { class: "md-takes", hidden: true }, icon("clone"), card.takeCount = el("span"));
  card.shown = el("div", { class: "md-shown" }, card.picture, card.number, card.state, card.takes, card.lock, card.tick);
  card.lines = ["title", "people", "engine", "why"].map((name) => el("div", { class: `md-line md-${name}` }));
  card.name = el("strong");
  card.shape = el("span", { class: "md-shape" });
  card.lines[0].append(card.name, card.shape);
  card.engines = Object.fromEntries(ENGINES.map((field) => [field, el("span", { data: { field } })]));
  card.lines[2].append(card.engines.decoder, card.between = el("span"), card.engines.animator);
  card.append(card.shown, el("div", { class: "md-facts" }, ...card.lines));
  return card;
}

/** Writes a shot into a card; `seen` says what the desk knows: {board, chosen, current, media, own}. */
export function fillCard(card, shot, index, seen) {
  const chosen = seen.chosen.has(shot.id), current = shot.id === seen.current;
  if (card.chosen !== chosen) mark(card, "aria-selected", String(card.chosen = chosen));
  if (card.current !== current) card.classList.toggle("md-current", card.current = current);
  if (card.count !== seen.count) mark(card, "aria-setsize", card.count = seen.count);
  if (card.index !== index) mark(card, "aria-posinset", (card.index = index) + 1);
  // A shot that did not change is the same object: live events make new ones.
  if (card.written === shot && card.own === seen.own && card.film === seen.film) return;
  Object.assign(card, { written: shot, own: seen.own, film: seen.film, shot: shot.id });
  showPicture(card, shot, seen);
  say(card.number, String(shot.number));
  showState(card, shot);
  card.lock.hidden = !shot.locked && !seen.own.lock;
  card.takes.hidden = !(shot.takes > 1);
  say(card.takeCount, String(shot.takes ?? ""));
  say(card.name, shot.id);
  say(card.shape, [shot.size && t(`size.${shot.size}`), length(shot.seconds)].filter(Boolean).join(" · "));
  put(card.lines[1], peopleWords(shot, seen));
  showEngines(card, engineWords(shot));
  put(card.lines[3], whyWords(shot, seen.own, seen.numbers));
  mark(card, "aria-label", spoken(card, shot));
}

/** Who and what is seen where: "2 the quiet library · Mara, Ines · lantern". */
export function peopleWords(shot, { names, scenes }) {
  const people = list((shot.characters ?? []).map((id) => names[id] ?? id));
  return [scenes[shot.scene] ?? shot.scene, people, list(shot.props ?? [])].filter(Boolean).join(" · ");
}

/** What makes a shot and who decided: {decoder: "ink (script, line 7)", animator: "panzoom (script)"}, as far as known. */
export function engineWords(shot) {
  const fields = ENGINES.filter((field) => engine(shot, field));
  return Object.fromEntries(fields.map((field) => [field, t("engine", { name: engine(shot, field), by: byWords(shot.decided[field]) })]));
}

/** Each engine in a part of the line of its own: a double click on it goes to who decided it. */
function showEngines(card, words) {
  for (const [field, part] of Object.entries(card.engines)) say(part, words[field] ?? "");
  say(card.between, words.decoder && words.animator ? " · " : "");
  card.lines[2].title = Object.values(words).join(" · ");
}

function showPicture(card, shot, { media }) {
  const address = shot.picture ? media(shot.picture) : "";
  if (card.address === address) return;
  card.address = address;
  card.picture.hidden = !address;
  if (address) card.picture.src = address;
  else card.picture.removeAttribute("src");
  stopClip(card);
}

function showState(card, shot) {
  if (card.stateName !== shot.state) {
    card.stateName = shot.state;
    mark(card, "data-state", shot.state);
    card.symbol.className = `pi pi-${SYMBOLS[shot.state] ?? "circle"}`;
  }
  say(card.stateWords, t(`state.${shot.state}`));
}

function put(line, words) {
  say(line, words);
  if (line.title !== words) line.title = words;
}

function spoken(card, shot) {
  const locked = card.lock.hidden ? "" : t("locked");
  return [t("shotNumber", { n: shot.number }), shot.id, t(`state.${shot.state}`), locked, card.shape.textContent,
    ...card.lines.slice(1).map((line) => line.textContent)].filter(Boolean).join(", ");
}

/** Plays a card's clip over its picture, or stops it; only one card plays at a time. */
export function playClip(card, shot, media) {
  const playing = card.clip;
  document.querySelectorAll(".md-card .md-clip").forEach((clip) => stopClip(clip.closest(".md-card")));
  if (playing || !shot.clip) return;
  card.clip = el("video", { class: "md-clip", src: media(shot.clip), loop: true, playsinline: "", draggable: false });
  card.shown.insertBefore(card.clip, card.number);
  card.clip.play().catch(() => stopClip(card));
}

function stopClip(card) {
  card.clip?.pause();
  card.clip?.remove();
  card.clip = null;
}

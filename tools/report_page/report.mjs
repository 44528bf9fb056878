// The report: the storyboard's own cards and strips over what Python wrote into the page. Read only, no network.

import { fillCard, makeCard, playClip } from "../../web/js/board/card.mjs";
import { Continuity } from "../../web/js/board/continuity.mjs";
import { el, select } from "../../web/js/board/dom.mjs";
import words from "../../web/js/board/english.json";
import { many, t, useWords } from "../../web/js/board/language.mjs";
import { FILTERS, matching, offers, sceneWords } from "../../web/js/board/model.mjs";

const read = (id) => document.getElementById(id)?.textContent ?? "";
const { board, film, shots, tables } = JSON.parse(read("data"));
for (const shot of board.shots) shot.picture = { key: shot.id };
const names = Object.fromEntries(board.characters.map((each) => [each.id, each.name]));
const filter = {}, chosen = new Set(), cards = new Map();
const address = film && (film.inside ? unpacked(read("film"), "video/mp4") : encodeURI(film.name));

useWords({ en: { storyboard: words } }, "en");
document.title = board.film.title;
const strips = new Continuity({ board, chosen, media: pictureOf, choose: goTo, runs: { reroll: () => {} } }, { whole: true });
const filters = el("div", { class: "md-report-filters", role: "group" }, ...filterFields());
const count = el("span", { class: "md-muted", role: "status" });
const list = el("div", { class: "md-report-cards", role: "list" }, ...board.shots.map(cardOf));
document.getElementById("report").append(
  filmOf(), section("Storyboard", el("div", { class: "md-report-bar" }, filters, count,
    el("button", { type: "button", class: "md-button md-report-screen", on: { click: () => print() } }, "Print storyboard")), list),
  board.continuity ? section("Continuity", strips.element) : null, ...tables.map(tableOf));
strips.update();
show();

/** A file that the page carries as text, as an address that a player takes. */
function unpacked(text, type) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type }));
}

function pictureOf({ key }) {
  return shots[key]?.pictures[0] ?? "";
}

/** The address of a shot's part of the film. */
function clipOf({ key }) {
  const [from, to] = shots[key].span;
  return `${address}#t=${from},${to}`;
}

function filmOf() {
  if (!address) return "";
  if (film.name.endsWith(".gif")) return el("img", { class: "md-report-film", src: address, alt: board.film.title });
  return el("video", { class: "md-report-film", src: address, controls: "", loop: true, playsinline: "", "aria-label": board.film.title });
}

function section(title, ...children) {
  return el("section", {}, el("h2", {}, title), ...children);
}

function filterFields() {
  const found = offers(board, (state) => t(`state.${state}`));
  return FILTERS.filter((field) => found[field].length > 1).map((field) => {
    const act = (value) => { filter[field] = value; show(); };
    return select(t(`filter.${field}`), [["", t(`filter.${field}`)], ...found[field]], "", act);
  });
}

function show() {
  const shown = new Set(matching(board, filter).map((shot) => shot.id));
  for (const [id, entry] of cards) entry.hidden = !shown.has(id);
  count.textContent = shown.size === cards.size ? many("shotCount", cards.size) : t("shownOf", { n: shown.size, of: cards.size });
}

function goTo(id) {
  chosen.clear();
  chosen.add(id);
  strips.update();
  cards.get(id).scrollIntoView({ block: "center" });
  cards.get(id).querySelector(".md-card").focus({ preventScroll: true });
}

/** A shot: the storyboard's card, below it what is said and seen, and on demand who decided what. */
function cardOf(shot, index) {
  const card = makeCard(index + 1), own = shots[shot.id], playable = address && own.span && film.name.endsWith(".mp4");
  const seen = { board, chosen, current: null, count: board.shots.length, media: pictureOf, own: {}, names,
    numbers: Object.fromEntries(board.shots.map((each) => [each.id, each.number])),
    scenes: Object.fromEntries(board.scenes.map((each) => [each.id, sceneWords(each)])) };
  fillCard(card, shot, index, seen);
  for (const name of ["draggable", "aria-selected", "aria-setsize", "aria-posinset"]) card.removeAttribute(name);
  const play = () => playClip(card, { clip: { key: shot.id } }, clipOf);
  Object.assign(card, { tabIndex: 0 }).setAttribute("role", playable ? "button" : "img");
  if (playable) {
    card.classList.add("md-playable");
    card.addEventListener("click", play);
    card.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      play();
    });
  }
  const more = own.pictures.slice(1).map((src) => el("img", { src, alt: "", loading: "lazy" }));
  const entry = el("article", { class: "md-report-shot", role: "listitem", "aria-label": shot.id }, card,
    more.length ? el("div", { class: "md-report-more" }, ...more) : null, saidOf(shot, own), decidedOf(own));
  cards.set(shot.id, entry);
  return entry;
}

function saidOf(shot, own) {
  const actions = shot.characters.map((id) => [names[id] ?? id, shot.actions[id], shot.expressions[id]].filter(Boolean).join(", "));
  const lines = shot.dialogue.map((line) => el("q", {}, `${line.character ? `${names[line.character] ?? line.character}: ` : ""}${line.text}`));
  return el("div", { class: "md-report-said" }, ...[...actions, shot.plot].filter(Boolean).map((text) => el("p", {}, text)), ...lines,
    own.note && own.note !== shot.note ? el("p", { class: "md-report-note" }, own.note) : null);
}

function decidedOf(own) {
  return el("details", { class: "md-report-screen" }, el("summary", {}, "Who decided what"), rowsOf(own.rows));
}

function tableOf({ title, rows }) {
  return el("section", { class: "md-report-screen" }, el("h2", {}, title), rowsOf(rows));
}

function rowsOf(rows) {
  return el("table", {}, el("tbody", {}, ...rows.map(([name, text]) => el("tr", {}, el("th", { scope: "row" }, name),
    el("td", {}, text.includes("\n") ? el("details", {}, el("summary", {}, "show"), el("pre", {}, text)) : text)))));
}

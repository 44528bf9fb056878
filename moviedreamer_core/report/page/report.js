// Made by tools/make_report_page.py from web/js/board/ and tools/report_page/; do not edit.
"use strict";
const $dom = (() => {
// Elements of the page. Words become text nodes, whoever wrote them: nothing here is ever read as HTML.

const PROPERTIES = new Set(["value", "checked", "disabled", "muted", "loop", "src", "tabIndex", "draggable", "hidden",
  "selected", "type", "min", "max", "step", "placeholder", "title", "id", "htmlFor", "alt", "loading", "decoding"]);

/** An element: `el("button", { class: "x", on: { click } }, "words", child)`. Children that are null or false are left out. */
function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name === "class") made.className = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (name === "style") Object.assign(made.style, value);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (PROPERTIES.has(name)) made[name] = value;
    else made.setAttribute(name, value);
  }
  return fill(made, ...children);
}

/** Puts children in the place of those that an element has; null and false are left out. */
function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of the page's own icons (primeicons); it says nothing to a screen reader. */
function icon(name) {
  return el("i", { class: `pi pi-${name}`, "aria-hidden": "true" });
}

/** A button with an icon; without `words` shown, they are its name and its tooltip. */
function button(words, { symbol, act, kind = "", shown = true, hint = words, ...more } = {}) {
  const name = shown ? {} : { "aria-label": words };
  const classes = ["md-button", kind && `md-${kind}`, shown ? "" : "md-bare"].filter(Boolean).join(" ");
  return el("button", { type: "button", class: classes, title: hint, on: { click: act }, ...name, ...more },
    symbol ? icon(symbol) : null, shown ? el("span", {}, words) : null);
}

/** Sets words only where they differ: what does not change costs no layout. */
function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Sets an attribute, or takes it away for null, only where it differs. */
function mark(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A select; `options` are [value, words]. */
function select(label, options, value, act, more = {}) {
  const made = el("select", { class: "md-field", "aria-label": label, title: label, ...more,
    on: { change: () => act(made.value) } },
  ...options.map(([each, words]) => el("option", { value: each }, words)));
  made.value = value;
  return made;
}
return { el, fill, icon, button, say, mark, select };
})();

const $language = (() => {
// The storyboard's words in the language of the page. English stands in english.json; the translations come with the
// pack's locales, which ComfyUI serves at /i18n.

let words = {};
let loading = null;
let joined = new Intl.ListFormat("en");
let plural = new Intl.PluralRules("en"), number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** Fetches the words, once for all who ask. `asked` is the page's language ("zh", "ja-JP"); English stands in for it. */
function loadWords(fetchApi, asked) {
  return loading ??= fetchApi("/i18n").then(async (response) => useWords(response.ok ? await response.json() : {}, asked));
}

/** Takes the words from what /i18n answers: {language: {storyboard: {key: words}}}. */
function useWords(all, asked) {
  const short = String(asked || "en").split("-")[0];
  const chosen = all[asked]?.storyboard ? asked : all[short]?.storyboard ? short : "en";
  plural = new Intl.PluralRules(chosen);
  joined = new Intl.ListFormat(chosen);
  number = new Intl.NumberFormat(chosen, { maximumFractionDigits: 1 });
  words = { ...all.en?.storyboard, ...all[chosen]?.storyboard };
}

/** The words of a key; `$name` in them becomes `values.name`. A key without words is shown as it is. */
function t(key, values = {}) {
  return (words[key] ?? key).replace(/\$(\w+)/g, (whole, name) => values[name] ?? whole);
}

/** The words for a number of things: key.one or key.other. */
function many(key, n, values = {}) {
  return t(`${key}.${plural.select(n) === "one" ? "one" : "other"}`, { n, ...values });
}

/** "2 s", "1:05 min": a length of time. */
function length(seconds) {
  if (seconds < 60) return t("seconds", { n: number.format(seconds) });
  const whole = Math.round(seconds);
  return t("minutes", { n: `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}` });
}

/** Words between which the language puts its own comma. */
function list(parts) {
  return parts.join(t("comma"));
}

/** "the plot and the seed": words joined as the language does. */
function both(parts) {
  return joined.format(parts);
}
return { loadWords, useWords, t, many, length, list, both };
})();

const $model = (() => {
// What the storyboard knows of a film, apart from the page: plain functions over the board that the server sends
// (moviedreamer_core/board). Nothing here changes what it is given.

const STAGES = ["plan", "keyframe", "clip"];
const STATES = ["unplanned", "planned", "rendering", "rendered", "animated", "external", "stale", "failed"];
const FILTERS = ["scene", "character", "place", "engine", "state"];

const SHOWN_FOR = {
  scene: (shot) => [shot.scene],
  character: (shot) => shot.characters,
  place: (shot) => [shot.place],
  engine: (shot) => [engine(shot, "decoder"), engine(shot, "animator")],
  state: (shot) => [shot.state],
};

/** The name of the decoder or animator that makes a shot; "" if nobody decided. */
function engine(shot, field) {
  return shot.decided?.[field]?.value ?? "";
}

/** The shots that a filter ({scene, character, place, engine, state}, "" for any) lets through, in film order. */
function matching(board, filter) {
  const asked = FILTERS.filter((field) => filter[field]);
  return board.shots.filter((shot) => asked.every((field) => SHOWN_FOR[field](shot).includes(filter[field])));
}

/** What each filter offers: {scene: [[value, words]], ...}, in the order of the film; only what shots have. */
function offers(board, stateWords) {
  const names = Object.fromEntries(board.characters.map((each) => [each.id, each.name]));
  const scenes = Object.fromEntries(board.scenes.map((each) => [each.id, sceneWords(each)]));
  const called = { scene: (id) => scenes[id] ?? id, character: (id) => names[id] ?? id, state: stateWords };
  return Object.fromEntries(FILTERS.map((field) => {
    const found = [...new Set(board.shots.flatMap(SHOWN_FOR[field]))].filter(Boolean);
    return [field, found.map((value) => [value, (called[field] ?? String)(value)])];
  }));
}

/** "2 the quiet library": a scene in words. */
function sceneWords(scene) {
  return [scene.number, scene.title || scene.place || scene.id].filter(Boolean).join(" ");
}

/** The first stage of a shot that a run would make, which says why; undefined if nothing would be made. */
function firstMade(shot) {
  return STAGES.map((name) => shot.stages?.[name]).find((stage) => stage?.made && stage.why);
}

/** Whether a run would make something of a shot. */
function isMade(shot) {
  return STAGES.some((stage) => shot.stages?.[stage]?.made);
}

/** What a run of these shots makes: {shots, plan, keyframe, clip: how many, seconds: null if some are unknown}. */
function costOf(shots) {
  const cost = { shots: 0, plan: 0, keyframe: 0, clip: 0, seconds: 0 };
  for (const shot of shots) {
    const made = STAGES.filter((stage) => shot.stages?.[stage]?.made);
    cost.shots += made.length > 0;
    for (const stage of made) {
      cost[stage]++;
      const seconds = shot.stages[stage].seconds;
      cost.seconds = cost.seconds === null || typeof seconds !== "number" ? null : cost.seconds + seconds;
    }
  }
  return cost;
}

/** What making these shots anew takes, `n` times: as `costOf`. */
function costAnew(shots, n = 1) {
  const made = (stage) => ({ ...stage, made: true, seconds: stage?.anew ?? null });
  const anew = costOf(shots.map((shot) => ({ stages: Object.fromEntries(STAGES.map((name) => [name, made(shot.stages?.[name])])) })));
  const counts = Object.fromEntries(STAGES.map((stage) => [stage, anew[stage] * n]));
  return { ...anew, ...counts, seconds: anew.seconds === null ? null : anew.seconds * n };
}

/** The board after one live event {shot, stage, state, key, message}; the same board if it has no such shot, or if a
 *  run only passes a shot that it keeps.
 */
function withEvent(board, event) {
  const at = board.shots.findIndex((shot) => shot.id === event.shot);
  if (at < 0 || (event.state === "rendering" && board.shots[at].stages?.[event.stage]?.made === false)) return board;
  const shot = { ...board.shots[at], state: event.state, message: event.message ?? "" };
  if (event.key && (event.stage === "keyframe" || event.stage === "clip")) {
    shot[event.stage === "clip" ? "clip" : "picture"] = { stage: event.stage, key: event.key };
    shot.stages = { ...shot.stages, [event.stage]: { ...shot.stages?.[event.stage], made: false, why: "", reason: null } };
  }
  return { ...board, shots: board.shots.with(at, shot) };
}

/** The ids from one shot to another, both included, in the order in which they are shown. */
function between(shots, from, to) {
  const ids = shots.map((shot) => shot.id), [a, b] = [ids.indexOf(from), ids.indexOf(to)].sort((x, y) => x - y);
  return a < 0 ? [to] : ids.slice(a, b + 1);
}
return { STAGES, STATES, FILTERS, engine, matching, offers, sceneWords, firstMade, isMade, costOf, costAnew, withEvent, between };
})();

const $reasons = (() => {
// Why a shot is as it is, in the page's language: the server says it by codes (moviedreamer_core/film/wording.py).

const { both, list, t } = $language;
const { firstMade } = $model;

const MOST = 3;  // older shots that are named

/** A reason {code, of} in words; `numbers` are the shots' by their ids. */
function reasonWords({ code, of, error }, numbers = {}) {
  if (code === "wrong") return errorWords(error, of.join(" "));
  if (code === "changed") return t("why.changed", { what: both(of.map((thing) => t(`thing.${thing}`))) });
  const shots = of.slice(0, MOST).map((id) => numbers[id] ?? id);
  return t(`why.${code}`, { shots: list(of.length > MOST ? [...shots, "…"] : shots) });
}

/** What went wrong {code, values}, in words; `english` stands in where there is no code, or none that this page knows. */
function errorWords({ code, values = {} } = {}, english) {
  const key = `error.${code}`, field = values.field && { field: t(`field.${values.field}`) };
  const words = t(key, { ...values, ...field });
  return words === key ? english : words;
}

/** Why a shot is not as it should be, and what else to know of it, in one line. `own` is what is chosen for it. */
function whyWords(shot, own = {}, numbers = {}) {
  if (shot.state === "failed" && shot.message) return shot.message;
  const stage = firstMade(shot), notes = shot.notes?.map((reason) => reasonWords(reason, numbers)) ?? [shot.note];
  const why = stage && (stage.reason ? reasonWords(stage.reason, numbers) : stage.why);
  return [...new Set([why, ...notes, own.note && `“${own.note}”`])].filter(Boolean).join(" · ");
}

/** Who decided a value, short: "route 3, 7-9". */
function byWords({ rule, of } = {}) {
  return rule ? t(`by.${rule}`, { rest: of }) : "";
}
return { reasonWords, errorWords, whyWords, byWords };
})();

const $card = (() => {
// One card: what a shot is, what made it, and what a run would make of it.

const { el, icon, mark, say } = $dom;
const { length, list, t } = $language;
const { engine } = $model;
const { byWords, whyWords } = $reasons;

const FACTS = 88;
/** Pixels of a card's words below its picture. */
const ENGINES = ["decoder", "animator"];
const SYMBOLS = {
  unplanned: "circle", planned: "map", rendering: "spinner", rendered: "image", animated: "check-circle",
  external: "download", stale: "history", failed: "exclamation-triangle",
};

/** An empty card. Its parts are properties, so that filling it looks nothing up. */
function makeCard(number) {
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
function fillCard(card, shot, index, seen) {
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
function peopleWords(shot, { names, scenes }) {
  const people = list((shot.characters ?? []).map((id) => names[id] ?? id));
  return [scenes[shot.scene] ?? shot.scene, people, list(shot.props ?? [])].filter(Boolean).join(" · ");
}

/** What makes a shot and who decided: {decoder: "ink (script, line 7)", animator: "panzoom (script)"}, as far as known. */
function engineWords(shot) {
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
function playClip(card, shot, media) {
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
return { FACTS, makeCard, fillCard, peopleWords, engineWords, playClip };
})();

const $continuity_model = (() => {
// Continuity strips apart from the page: who and what is seen where, and how alike.

/** Strips of a board, people first: [{kind, id, name, visits: [{shot, likeness: number|null, weak}], mean: number|null}]. */
function strips(board) {
  const by = new Map(board.shots.map((shot) => [shot.id, shot])), weak = new Set(board.continuity?.weak ?? []);
  const names = Object.fromEntries(board.characters.map((each) => [each.id, each.name]));
  const measured = (kind, id) => new Map((board.continuity?.[kind]?.[id] ?? []).map((each) => [each.shot, each.likeness]));
  const strip = (kind, id, name, seen) => {
    const likeness = measured(kind, id);
    const visits = seen.map((shot) => ({ shot: by.get(shot.id), likeness: likeness.get(shot.id) ?? null, weak: weak.has(shot.id) }));
    return { kind, id, name, visits, mean: meanOf(visits) };
  };
  const people = board.characters.map(({ id }) => strip("people", id, names[id] ?? id, board.shots.filter((shot) => shot.characters?.includes(id))));
  const places = [...new Set(board.shots.map((shot) => shot.place))].filter(Boolean)
    .map((place) => strip("places", place, place, board.shots.filter((shot) => shot.place === place)));
  return [...people, ...places].filter((each) => each.visits.length);
}

/** Runs of measured points, [x, y, weak] in pixels. */
function curvePoints(visits, cell, high, edge = 5) {
  const runs = [[]];
  visits.forEach(({ likeness, weak }, at) => {
    if (likeness === null) runs.push([]);
    else runs.at(-1).push([at * cell + cell / 2, Math.round((1 - Math.max(0, Math.min(1, likeness))) * (high - 2 * edge)) + edge, weak]);
  });
  return runs.filter((run) => run.length);
}

function meanOf(visits) {
  const found = visits.map((visit) => visit.likeness).filter((value) => value !== null);
  return found.length ? found.reduce((sum, value) => sum + value, 0) / found.length : null;
}
return { strips, curvePoints };
})();

const $strip = (() => {
// One strip of the continuity view: the shots in which somebody or a place is seen, side by side. Only those in sight exist.

const { button, el, mark, say } = $dom;
const { t } = $language;

const CELL = 76;  // pixels
const MORE = 3;  // cells beside those in sight

class Strip {
  /** `width` is the room for it in pixels; Infinity has all of it made. */
  constructor(desk, name, width) {
    Object.assign(this, { desk, width, left: 0, visits: [], chosen: new Set() });
    this.cells = new Map();  // number -> cell
    this.free = [];
    this.curve = el("div");
    this.row = el("div", { class: "md-visits" });
    this.inside = el("div", { class: "md-strip-inside" }, this.curve, this.row);
    this.element = el("div", { class: "md-strip-scroll", tabIndex: 0, role: "group", "aria-label": name }, this.inside);
    this.element.addEventListener("scroll", () => {
      this.left = this.element.scrollLeft;
      this.draw();
    }, { passive: true });
  }

  resize(width) {
    Object.assign(this, { width, left: this.element.scrollLeft });
    this.draw();
  }

  /** Puts something over the whole strip, `count` cells wide. */
  over(made, count) {
    this.inside.style.width = `${count * CELL}px`;
    this.curve.replaceChildren(...(made ? [made] : []));
  }

  /** Shows visits ({shot, likeness, weak}); `chosen` are the ids of chosen shots. */
  show(visits, chosen) {
    Object.assign(this, { visits, chosen });
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.left / CELL) - MORE);
    const last = Math.min(this.visits.length, Math.ceil((this.left + this.width) / CELL) + MORE);
    for (const [at, cell] of this.cells) {
      if (at >= first && at < last) continue;
      this.cells.delete(at);
      this.free.push(cell);
    }
    for (let at = last - 1; at >= first; at--) {
      if (!this.cells.has(at)) this.put(at, this.free.pop() ?? this.made());
      this.fill(this.cells.get(at), this.visits[at]);
    }
    for (const cell of this.free.splice(0)) cell.remove();
  }

  /** Puts a cell where its number is, on the page and for the keyboard. */
  put(at, cell) {
    cell.style.left = `${at * CELL}px`;
    this.row.insertBefore(cell, this.cells.get(at + 1) ?? null);
    this.cells.set(at, cell);
  }

  made() {
    const cell = el("div", { class: "md-visit-box" });
    cell.picture = el("img", { alt: "", decoding: "async", hidden: true });
    cell.number = el("span");
    cell.likeness = el("span");
    cell.visit = el("button", { type: "button", class: "md-visit", on: { click: () => this.desk.choose(cell.shot.id) } },
      cell.picture, cell.number, cell.likeness);
    cell.append(cell.visit);
    return cell;
  }

  fill(cell, { shot, likeness, weak }) {
    mark(cell.visit, "aria-pressed", String(this.chosen.has(shot.id)));
    if (cell.shot === shot && cell.like === likeness && cell.weak === weak) return;
    Object.assign(cell, { shot, like: likeness });
    const like = likeness === null ? "" : `${Math.round(likeness * 100)} %`;
    const words = [t("shotNumber", { n: shot.number }), shot.id, like, weak ? t("weak") : ""].filter(Boolean).join(", ");
    mark(cell.visit, "data-shot", shot.id);
    mark(cell.visit, "title", words);
    mark(cell.visit, "aria-label", words);
    say(cell.number, `${shot.number}`);
    say(cell.likeness, like);
    this.paint(cell, shot.picture ? this.desk.media(shot.picture, CELL) : "");
    if (cell.weak !== weak || weak) this.offer(cell, weak);
  }

  paint(cell, address) {
    if (cell.address === address) return;
    cell.address = address;
    cell.picture.hidden = !address;
    if (address) cell.picture.src = address;
    else cell.picture.removeAttribute("src");
  }

  /** A weak shot can be rerolled where it is seen. */
  offer(cell, weak) {
    cell.weak = weak;
    cell.classList.toggle("md-weak", weak);
    cell.again?.remove();
    if (!weak) return;
    const { id, number } = cell.shot;
    cell.again = button(t("rerollShot", { n: number }), { symbol: "refresh", shown: false, act: () => this.desk.runs.reroll(1, [id]) });
    cell.append(cell.again);
  }
}
return { CELL, Strip };
})();

const $continuity = (() => {
// How well the film keeps its people and places: a strip of pictures for each, over it the curve of their likeness.

const { el, mark, say } = $dom;
const { t } = $language;
const { curvePoints, strips } = $continuity_model;
const { CELL, Strip } = $strip;

const SVG = "http://www.w3.org/2000/svg";
const HIGH = 34;

class Continuity {
  /** `whole`: everything is made, for a page that is printed. */
  constructor(desk, { whole = false } = {}) {
    this.desk = desk;
    this.width = whole ? Infinity : 0;
    this.element = el("div", { class: "md-continuity" });
    this.shown = new Map();  // kind and id -> its section
    this.watcher = new ResizeObserver(() => this.resize(this.element.clientWidth));
    if (!whole) this.watcher.observe(this.element);
  }

  resize(width) {
    this.width = width;
    for (const each of this.shown.values()) each.strip.resize(width);
  }

  /** Shows the strips of the board; of those that are there only what changed is written. */
  update() {
    const { board, chosen } = this.desk, found = strips(board), before = this.shown;
    const keys = found.map(({ kind, id, name }) => JSON.stringify([kind, id, name]));
    this.shown = new Map(found.map((each, at) => [keys[at], before.get(keys[at]) ?? this.section(each)]));
    if (keys.join() !== [...before.keys()].join() || !found.length) {
      this.element.replaceChildren(...(found.length ? [...this.shown.values()].map((each) => each.element)
        : [el("p", { class: "md-empty" }, t("noContinuity"))]));
    }
    found.forEach((each, at) => this.show(this.shown.get(keys[at]), each, board.continuity, chosen));
  }

  section({ kind, name }) {
    const mean = el("span", { class: "md-muted" }), strip = new Strip(this.desk, name, this.width);
    const symbol = el("i", { class: `pi pi-${kind === "people" ? "user" : "map-marker"}`, "aria-hidden": "true" });
    return { strip, mean, element: el("section", { class: "md-strip", "aria-label": name },
      el("h4", {}, symbol, ` ${name} `, mean), strip.element) };
  }

  show(section, { visits, mean }, measured, chosen) {
    say(section.mean, mean === null ? "" : t("meanLikeness", { n: percent(mean) }));
    // Events of a run change pictures, not what was measured.
    if (section.measured !== measured || section.count !== visits.length) {
      Object.assign(section, { measured, count: visits.length });
      section.strip.over(mean === null ? null : curve(visits), visits.length);
    }
    section.strip.show(visits, chosen);
  }

  end() {
    this.watcher.disconnect();
  }
}

/** The likeness along a strip as a line, from 0 below to 1 above; it breaks where nothing was measured. */
function curve(visits) {
  const made = shape("svg", { width: visits.length * CELL, height: HIGH, class: "md-curve", "aria-hidden": "true" });
  for (const run of curvePoints(visits, CELL, HIGH)) {
    made.append(shape("polyline", { points: run.map(([x, y]) => `${x},${y}`).join(" ") }));
    for (const [x, y, weak] of run) made.append(shape("circle", { cx: x, cy: y, r: weak ? 4 : 2.5, class: weak ? "md-weak-dot" : "" }));
  }
  return made;
}

function shape(name, values) {
  const made = document.createElementNS(SVG, name);
  for (const [each, value] of Object.entries(values)) mark(made, each, value);
  return made;
}

function percent(likeness) {
  return `${Math.round(likeness * 100)} %`;
}
return { Continuity };
})();

const $english = {"storyboard": "Storyboard", "open": "Open storyboard", "comma": ", ", "seconds": "$n s", "minutes": "$n min", "shots": "Shots", "shotNumber": "Shot $n", "shotCount.one": "$n shot", "shotCount.other": "$n shots", "chosen.one": "$n shot chosen", "chosen.other": "$n shots chosen", "shownOf": "$n of $of shots", "locked": "locked", "engine": "$name ($by)", "noFilm": "This graph plans no film. Add Plan Film, or open one of the templates.", "runOnce": "Run once to see the shots.", "run": "Run", "running": "Running…", "asking": "Asking…", "renderingShot": "Shot $n, $id, is being made; $left to go", "progress": "Progress of the run", "widen": "Over the whole page", "filter": "Filter", "filterNone": "Show all shots", "filter.scene": "Scene", "filter.character": "Character", "filter.place": "Place", "filter.engine": "Engine", "filter.state": "State", "view.shots": "Shots", "view.animatic": "Animatic", "view.continuity": "Continuity", "state.unplanned": "not planned", "state.planned": "planned", "state.rendering": "rendering", "state.rendered": "rendered", "state.animated": "animated", "state.external": "from elsewhere", "state.stale": "stale", "state.failed": "failed", "size.close": "close", "size.medium": "medium", "size.wide": "wide", "size.two-shot": "two-shot", "by.storyboard": "storyboard", "by.lock": "lock", "by.route": "route $rest", "by.settings": "Shot Settings $rest", "by.line": "script, line $rest", "by.script": "script", "by.scene": "scene", "by.default": "default", "by.nobody": "run once", "by.node": "node", "cost": "$shots: $what", "cost.plan.one": "$n plan", "cost.plan.other": "$n plans", "cost.keyframe.one": "$n keyframe", "cost.keyframe.other": "$n keyframes", "cost.clip.one": "$n clip", "cost.clip.other": "$n clips", "about": "about $time", "timeUnknown": "time not known yet", "nothingToRun": "Nothing to run", "runStale": "Run what is stale", "runShot": "Run this shot", "runShots": "Run these shots", "drawer": "Chosen shots", "close": "Close", "page.direct": "Direct", "page.takes": "Takes", "page.words": "Words", "field.decoder": "Decoder", "field.animator": "Animator", "field.seed": "Seed", "field.seconds": "Seconds", "field.steps": "Steps", "field.guidance": "Guidance", "field.motion": "Motion", "field.note": "Note", "field.plot": "Plot", "field.size": "Size", "field.dialogue": "Dialogue", "field.secondsInScript": "Seconds in the script", "field.action": "$name does", "field.says": "$name says", "unset": "as each is", "unsetAs": "from $by: $value", "unsetBy": "from $by", "own": "own", "fromScript": "from script", "differ": "these differ", "noteHint": "A note for yourself", "takesAtOnce": "How many takes", "reroll": "Reroll", "rerollHint": "Makes new takes of these shots alone, each with a new seed", "rerollShot": "Reroll shot $n", "lock": "Lock", "unlock": "Unlock", "lockHint": "A locked shot stays as it was made last, whatever changes", "lockRest": "Lock the rest: every shot that a run would leave as it is", "takeBack": "Take back choices", "takes": "Takes", "takesHint": "A click chooses a take for the film. Tick two to compare them.", "noTakes": "No takes yet.", "takeNumber": "Take $n", "chooseTake": "Use this take", "pinned": "chosen", "current": "in the film", "compare": "compare", "clips": "Clips", "seedIs": "seed $seed", "wipe": "How much of the second take is seen", "firstTake": "First take", "secondTake": "Second take", "wordsOfFile": "The words stand in a file. Take them into the graph to change them here.", "wordsElsewhere": "The words of this film do not come from Edit Script or Load Script, so they cannot be changed here.", "toEditor": "Take the script into the graph", "insertAfter": "Insert after", "split": "Split", "merge": "Merge with next", "moveEarlier": "Move earlier", "moveLater": "Move later", "remove": "Remove", "addLine": "Add a line", "play": "Play", "pause": "Pause", "loopScene": "Loop this scene", "scrub": "Time in the film", "shotBefore": "Previous shot", "shotAfter": "Next shot", "fullScreen": "Full screen", "noContinuity": "Nothing to follow: no shot names a character or a place.", "meanLikeness": "likeness $n", "weak": "weak", "nothingDirected": "Nothing directed", "directed.one": "$n shot directed", "directed.other": "$n shots directed", "lockedCount.one": "$n locked", "lockedCount.other": "$n locked", "takesChosen.one": "$n take chosen", "takesChosen.other": "$n takes chosen", "editor.label": "The script", "editor.leave": "Tab indents; Escape, then Tab, leaves the text", "editor.large": "large", "editor.small": "back to the node", "editor.unknownWord": "the bundle does not know the word “$word”", "editor.changed": "not what was planned", "editor.problems.one": "1 problem", "editor.problems.other": "$n problems", "editor.unknown.one": "1 unknown word", "editor.unknown.other": "$n unknown words", "editor.changedShots.one": "1 shot changed since the plan", "editor.changedShots.other": "$n shots changed since the plan", "editor.unchecked": "not checked: $why", "by.film_seed": "film seed", "by.shot": "script", "by.other": "$rest", "why.new": "not made yet", "why.changed": "$what changed", "why.cast_first": "the cast is made first", "why.plan_first": "its plan is made first", "why.earlier_plan_first": "the plan of an earlier shot is made first", "why.earlier_picture_first": "an earlier picture is made first", "why.keyframe_first": "its keyframe is made first", "why.clip_before_first": "the clip that it continues is made first", "why.own_clip_first": "its clip is made first", "why.clip_first": "a clip is made first", "why.clip_changed": "a clip changed", "why.script_changed": "the script changed", "why.was_external": "its last take was made elsewhere", "why.gone": "its last take is gone", "why.damaged": "its file is gone or damaged", "why.older_plan": "planned with an older shot $shots", "why.older_picture": "drawn with an older shot $shots", "why.external": "made elsewhere", "why.chosen": "the take that was chosen", "error.no_shot": "The script has no shot $shot any more.", "error.only_shot": "A film has at least one shot.", "error.last_of_scene": "$shot is the last shot of its scene: there is none to merge it with.", "error.not_shown": "The shot does not show $name any more.", "error.no_line": "The dialogue has $n lines now.", "error.length": "A shot takes $least to $most seconds.", "error.chosen_shot": "Something is chosen for shot $shot, which the script does not have.", "error.out_of_bounds": "$shot: $field goes from $least to $most.", "error.no_maker": "$shot: $field $name is not here. Choose another one, or wire it in.", "error.take_gone": "The take of $shot that is chosen or locked is not in the store any more. Choose another take, or unlock it.", "thing.style": "the style", "thing.place": "the place", "thing.elements": "what stands there", "thing.time": "the time", "thing.look": "the look", "thing.size": "the size", "thing.plot": "the plot", "thing.who": "who is there", "thing.description": "a description", "thing.expression": "an expression", "thing.action": "an action", "thing.keyframes": "the number of keyframes", "thing.seed": "the seed", "thing.decoder": "the decoder", "thing.steps": "the steps", "thing.animator": "the animator", "thing.join": "the join", "thing.length": "the length", "thing.fps": "the frame rate", "thing.guidance": "the guidance", "thing.motion": "the motion", "thing.anchor": "the anchor strength", "thing.temperature": "the temperature", "thing.candidates": "the candidates", "thing.history": "the earlier episode", "thing.face": "a face", "thing.plan": "its plan", "thing.keyframe": "its keyframe", "thing.before": "a shot before it", "thing.picture_size": "the picture size", "thing.words": "its words", "thing.lines": "its lines", "thing.sound": "its sound", "thing.bundle": "the bundle", "page.plan": "Plan", "replan": "Plan again", "replanExtent": "Which shots are planned again", "replanThis": "this shot", "replanThese": "these shots", "replanFollowing": "this and all that follow", "replanSeeds": "with new seeds", "candidatesOf": "Candidates of shot $n", "candidateNumber": "Candidate $n", "howManyCandidates": "How many candidates", "drawCandidates": "Draw candidates", "candidatesHint": "Draws each candidate of this shot's plan as a picture; the film keeps its own until you choose another", "oneCandidate": "Planned as one candidate. Draw more to choose among them.", "chooseCandidate": "Plan the shot as this candidate", "notDrawn": "not drawn yet", "clipNumber": "Clip $n", "firstClip": "First clip", "secondClip": "Second clip", "sideBySide": "side by side", "underWipe": "under a wipe", "compareHow": "How two are compared", "playBoth": "Play both", "wipeClips": "How much of the second clip is seen", "takesOf": "Takes of shot $n"};

const $report = (() => {
// The report: the storyboard's own cards and strips over what Python wrote into the page. Read only, no network.

const { fillCard, makeCard, playClip } = $card;
const { Continuity } = $continuity;
const { el, select } = $dom;
const words = $english;
const { many, t, useWords } = $language;
const { FILTERS, matching, offers, sceneWords } = $model;

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
return {  };
})();

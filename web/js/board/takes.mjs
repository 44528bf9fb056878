// The drawer's page of takes: those of a shot's picture and of its clip side by side, one of each chosen, two of them
// compared.

import { clipsCompared, picturesCompared } from "./comparing.mjs";
import { el, fill } from "./dom.mjs";
import { t } from "./language.mjs";

const ROWS = 6;  // shots whose takes are shown at once
const WIDE = 200;

/** The page of one shot or many. It asks the server, and shows what comes as long as it is still in the page. */
export function takesPage(desk) {
  return el("div", { class: "md-page md-takes-page" }, ...desk.chosenShots.slice(0, ROWS).map((shot, at, all) => partOf(desk, shot, all.length > 1)));
}

function partOf(desk, shot, named) {
  const heading = named ? el("h4", {}, `${shot.number} · ${shot.id}`) : null;
  const part = el("section", { class: "md-page", "aria-label": t("takesOf", { n: shot.number }) }, el("p", { class: "md-hint" }, t("asking")));
  desk.takes(shot.id).then((takes) => fill(part, heading, ...groups(desk, shot.id, takes)), (error) => {
    fill(part, heading, el("p", { class: "md-hint md-bad", role: "alert" }, error.message));
  });
  return part;
}

function groups(desk, shot, takes) {
  const pictures = takes.keyframe ?? [], clips = takes.clip ?? [];
  const own = desk.choices.ownOf(desk.find(shot) ?? { id: shot }).take;
  return [
    el("p", { class: "md-hint" }, t(pictures.length ? "takesHint" : "noTakes")),
    ...groupOf({ name: t("takes"), rows: pictures, own: own?.keyframe, number: (n) => t("takeNumber", { n }),
      show: (take) => el("img", { src: desk.media({ stage: "keyframe", key: take.key }, WIDE), alt: "", loading: "lazy" }),
      compare: (pair) => picturesCompared(pair.map((key) => desk.media({ stage: "keyframe", key }))),
      choose: (take, pinned) => desk.choices.make(pinned ? { take: null } : choosing(take, { keyframe: valueOf(take) }), [shot]) }),
    ...(clips.length ? [el("h4", {}, t("clips"))] : []),
    ...groupOf({ name: t("clips"), rows: clips, own: own?.clip, number: (n) => t("clipNumber", { n }),
      show: (take) => stillOf(desk, take),
      compare: (pair) => clipsCompared(pair.map((key) => desk.media({ stage: "clip", key }))),
      choose: (take, pinned) => desk.choices.make(pinned ? { take: null } : choosingClip(take, pictures), [shot]) }),
  ];
}

/** A grid of takes of one kind, and below it the two that are compared. */
function groupOf({ name, rows, own, number, show, compare, choose }) {
  const compared = [], two = el("div", { class: "md-compared" });
  const grid = el("div", { class: "md-take-grid", role: "radiogroup", "aria-label": name });
  const toggle = (key) => {
    const at = compared.indexOf(key);
    if (at >= 0) compared.splice(at, 1);
    else compared.push(key);
    if (compared.length > 2) compared.shift();
    for (const box of grid.querySelectorAll("input[name=compare]")) box.checked = compared.includes(box.value);
    fill(two, compared.length === 2 && compare(compared));
  };
  grid.append(...rows.map((take, at) => takeOf(take, { own, at: at + 1, words: number(at + 1), show, choose, toggle: rows.length > 1 && toggle })));
  return rows.length ? [grid, two] : [];
}

function takeOf(take, { own, at, words, show, choose, toggle }) {
  const pinned = Boolean(own) && JSON.stringify(own) === JSON.stringify(valueOf(take)), current = own ? pinned : take.current;
  return el("figure", { class: `md-take${current ? " md-taken" : ""}` },
    el("button", { type: "button", class: "md-take-picture", role: "radio", "aria-checked": String(Boolean(current)),
      "aria-label": [words, takeWords(take)].filter(Boolean).join(", "), title: t("chooseTake"), on: { click: () => choose(take, pinned) } }, show(take)),
    el("figcaption", {}, el("span", {}, `${at}. ${takeWords(take)}`),
      current ? el("em", {}, pinned ? t("pinned") : t("current")) : null,
      toggle ? el("label", { class: "md-compare" }, el("input", { type: "checkbox", name: "compare", value: take.key,
        on: { change: () => toggle(take.key) } }), t("compare")) : null));
}

/** A clip that plays while one looks at it, with the mouse or by focus. */
function stillOf(desk, take) {
  const poster = take.keyframes?.[0] && desk.media({ stage: "keyframe", key: take.keyframes[0] }, WIDE);
  const clip = el("video", { src: desk.media({ stage: "clip", key: take.key }), poster, preload: poster ? "none" : "metadata", muted: true, loop: true, playsinline: "" });
  const play = (on) => (on ? clip.play().catch(() => {}) : clip.pause());
  clip.addEventListener("mouseenter", () => play(true));
  clip.addEventListener("mouseleave", () => play(false));
  return clip;
}

const valueOf = (take) => take.take ?? take.key;

/** The choice of a take, with the seed by which it was made: so its plan stands, and its clip with it. */
function choosing({ seed }, take) {
  return { take, lock: null, ...(typeof seed === "number" ? { seed } : {}) };
}

/** The choice of a clip, and of the picture that it moves, so that the card shows what the film does. */
function choosingClip(clip, pictures) {
  const picture = pictures.find((each) => clip.keyframes?.includes(each.key));
  return choosing(picture ?? clip, { ...(picture && { keyframe: valueOf(picture) }), clip: valueOf(clip) });
}

function takeWords(take) {
  const seed = take.seed === undefined || take.seed === null ? "" : t("seedIs", { seed: take.seed });
  return [take.decoder ?? take.animator, seed].filter(Boolean).join(" · ");
}

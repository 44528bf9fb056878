// The drawer's second page: the takes of a shot side by side, one of them chosen, two of them under a wipe.

import { el, fill } from "./dom.mjs";
import { t } from "./language.mjs";

/** The page of one shot. It asks the server, and shows what comes as long as it is still in the page. */
export function takesPage(desk, shot) {
  const page = el("div", { class: "md-page md-takes-page" }, el("p", { class: "md-hint" }, t("asking")));
  desk.takes(shot).then((takes) => show(page, desk, shot, takes), (error) => {
    fill(page, el("p", { class: "md-hint md-bad", role: "alert" }, error.message));
  });
  return page;
}

function show(page, desk, shot, takes) {
  const pictures = takes.keyframe ?? [], clips = takes.clip ?? [], compared = [];
  const wipe = el("div", { class: "md-wipe-box" });
  const compare = (key) => {
    const at = compared.indexOf(key);
    if (at >= 0) compared.splice(at, 1);
    else compared.push(key);
    if (compared.length > 2) compared.shift();
    for (const box of page.querySelectorAll("input[name=compare]")) box.checked = compared.includes(box.value);
    const pair = compared.map((each) => desk.media({ stage: "keyframe", key: each }));
    fill(wipe, pair.length === 2 && wipeOf(...pair));
  };
  fill(page,
    el("p", { class: "md-hint" }, t(pictures.length ? "takesHint" : "noTakes")),
    el("div", { class: "md-take-grid", role: "radiogroup", "aria-label": t("takes") },
      ...pictures.map((take, at) => takeOf(desk, shot, take, at + 1, compare))),
    wipe,
    clips.length ? el("h4", {}, t("clips")) : null,
    el("div", { class: "md-take-grid" }, ...clips.map((take) => el("figure", { class: "md-take" },
      el("video", { src: desk.media({ stage: "clip", key: take.key }), controls: "", preload: "none", loop: true }),
      el("figcaption", {}, takeWords(take))))));
}

function takeOf(desk, shot, take, number, compare) {
  const value = take.take ?? take.key, chosen = desk.choices.ownOf(desk.find(shot) ?? { id: shot }).take?.keyframe;
  const pinned = Boolean(chosen) && JSON.stringify(chosen) === JSON.stringify(value);
  const current = chosen ? pinned : take.current, words = t("takeNumber", { n: number });
  return el("figure", { class: `md-take${current ? " md-taken" : ""}` },
    el("button", { type: "button", class: "md-take-picture", role: "radio", "aria-checked": String(Boolean(current)),
      "aria-label": `${words}, ${takeWords(take)}`, title: t("chooseTake"),
      on: { click: () => desk.choices.make(pinned ? { take: null } : choosing(take, value), [shot]) } },
    el("img", { src: desk.media({ stage: "keyframe", key: take.key }), alt: "", loading: "lazy" })),
    el("figcaption", {}, el("span", {}, `${number}. ${takeWords(take)}`),
      current ? el("em", {}, pinned ? t("pinned") : t("current")) : null,
      el("label", { class: "md-compare" }, el("input", { type: "checkbox", name: "compare", value: take.key,
        on: { change: () => compare(take.key) } }), t("compare"))));
}

/** The choice of a take, with the seed by which it was made: so its plan stands, and its clip with it. */
function choosing({ seed }, value) {
  return { take: { keyframe: value }, lock: null, ...(typeof seed === "number" ? { seed } : {}) };
}

function takeWords(take) {
  return [take.decoder, take.seed === undefined || take.seed === null ? "" : t("seedIs", { seed: take.seed })].filter(Boolean).join(" · ");
}

/** Two pictures over each other; a slider says how much of the second one is seen. */
export function wipeOf(left, right) {
  const over = el("img", { class: "md-over", src: right, alt: t("secondTake") });
  const slider = el("input", { type: "range", class: "md-wipe-slider", min: 0, max: 100, value: 50, "aria-label": t("wipe"),
    on: { input: () => set(slider.value) } });
  const line = el("span", { class: "md-wipe-line" });
  const set = (percent) => {
    over.style.clipPath = `inset(0 0 0 ${percent}%)`;
    line.style.left = `${percent}%`;
  };
  set(50);
  return el("div", { class: "md-wipe" }, el("img", { src: left, alt: t("firstTake") }), over, line, slider);
}

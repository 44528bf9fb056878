// Two takes compared: pictures under a wipe, clips under a wipe or side by side, both playing in step.

import { button, el, fill, select } from "./dom.mjs";
import { t } from "./language.mjs";

const APART = 0.12;  // seconds that two clips may run apart

/** Two pictures over each other; a slider says how much of the second one is seen. */
export function picturesCompared([left, right]) {
  return wipeOf(el("img", { src: left, alt: t("firstTake") }), el("img", { src: right, alt: t("secondTake") }), t("wipe"));
}

/** Two clips that play together. */
export function clipsCompared(addresses) {
  const [left, right] = addresses.map((src, at) => el("video", { src, muted: true, loop: true, playsinline: "", preload: "auto",
    "aria-label": t(at ? "secondClip" : "firstClip") }));
  const box = el("div");
  const lay = (how) => fill(box, how === "wipe" ? wipeOf(left, right, t("wipeClips")) : sideBySide(left, right));
  const run = button(t("playBoth"), { symbol: "play", act: () => (left.paused ? play(left, right) : stop(left, right)) });
  for (const event of ["play", "pause"]) left.addEventListener(event, () => { run.firstChild.className = `pi pi-${left.paused ? "play" : "pause"}`; });
  left.addEventListener("timeupdate", () => {
    if (Math.abs(left.currentTime - right.currentTime) > APART) right.currentTime = Math.min(left.currentTime, right.duration || 0);
  });
  lay("wipe");
  return el("div", { class: "md-page" }, el("div", { class: "md-actions" }, run,
    select(t("compareHow"), [["wipe", t("underWipe")], ["side", t("sideBySide")]], "wipe", lay, { name: "how" })), box);
}

function play(left, right) {
  right.currentTime = left.currentTime;
  for (const each of [left, right]) each.play().catch(() => {});
}

function sideBySide(left, right) {
  right.classList.remove("md-over");
  right.style.clipPath = "";
  return el("div", { class: "md-side-by-side" }, left, right);
}

function stop(...both) {
  for (const each of both) each.pause();
}

/** Two pictures or clips over each other, with the slider. */
function wipeOf(under, over, label) {
  over.classList.add("md-over");
  const line = el("span", { class: "md-wipe-line" });
  const set = (percent) => {
    over.style.clipPath = `inset(0 0 0 ${percent}%)`;
    line.style.left = `${percent}%`;
  };
  const slider = el("input", { type: "range", class: "md-wipe-slider", min: 0, max: 100, value: 50, "aria-label": label, on: { input: () => set(slider.value) } });
  set(50);
  return el("div", { class: "md-wipe" }, under, over, line, slider);
}

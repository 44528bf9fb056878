// The film as far as it is there, played in the panel: clips where they are made, stills where not, dialogue below.

import { button, el, mark, say } from "./dom.mjs";
import { t } from "./language.mjs";
import { clock, indexAt, lineAt, sceneAround, timelineOf } from "./timeline.mjs";

const KEPT = 4;

export class Animatic {
  constructor(desk) {
    this.desk = desk;
    this.time = 0;
    this.playing = false;
    this.kept = new Map();
    this.build();
  }

  build() {
    this.stage = el("div", { class: "md-stage" });
    this.words = el("p", { class: "md-subtitle", "aria-live": "off" });
    this.label = el("span", { class: "md-playing" });
    this.clock = el("span", { class: "md-clock" });
    this.play = button(t("play"), { symbol: "play", shown: false, act: () => this.toggle() });
    this.loop = button(t("loopScene"), { symbol: "sync", shown: false, act: () => this.loopScene() });
    this.slider = el("input", { type: "range", class: "md-scrub", min: 0, step: "any", value: 0, "aria-label": t("scrub"),
      on: { input: () => this.seek(Number(this.slider.value)) } });
    this.ticks = el("div", { class: "md-ticks", "aria-hidden": "true" });
    this.screen = el("div", { class: "md-screen" }, el("div", { class: "md-frame" }, this.stage, this.words),
      el("div", { class: "md-controls" }, el("div", { class: "md-track" }, this.ticks, this.slider),
        el("div", { class: "md-buttons" },
          button(t("shotBefore"), { symbol: "step-backward", shown: false, act: () => this.step(-1) }), this.play,
          button(t("shotAfter"), { symbol: "step-forward", shown: false, act: () => this.step(1) }), this.loop,
          this.clock, this.label,
          button(t("fullScreen"), { symbol: "window-maximize", shown: false, act: () => this.full() }))));
    this.element = el("div", { class: "md-animatic", on: { keydown: (event) => this.key(event) } }, this.screen);
  }

  update() {
    const { board } = this.desk;
    if (this.board !== board) {
      const before = this.board?.film === board.film && this.board.shots;
      this.board = board;
      this.line = timelineOf(board.shots);
      // An event of a run makes one shot anew; another film, or another order, comes as another board.
      if (before) board.shots.forEach((shot, at) => shot !== before[at] && mark(this.ticks.children[at], "data-state", shot.state));
      else this.lay(board);
    }
    this.seek(Math.min(this.time, this.length));
  }

  /** Shows a moment of the film. */
  seek(time) {
    if (!this.line?.length) return;
    this.time = time;
    const at = indexAt(this.line, time), { shot, start, end } = this.line[at];
    this.show(shot, time - start);
    const said = lineAt(shot, (time - start) / Math.max(1e-6, end - start));
    say(this.words, said ? this.speech(said) : "");
    say(this.clock, `${clock(time)} / ${clock(this.length)}`);
    say(this.label, `${shot.number} ${shot.id}`);
    if (document.activeElement !== this.slider || this.playing) this.slider.value = time;
    mark(this.slider, "aria-valuetext", `${clock(time)}, ${t("shotNumber", { n: shot.number })}`);
  }

  speech({ character, text }) {
    const name = this.desk.board.characters.find((each) => each.id === character)?.name ?? character;
    return name ? `${name}: ${text}` : text;
  }

  /** Lays the shots of a board along the slider. */
  lay(board) {
    this.length = this.line.at(-1)?.end ?? 0;
    this.slider.max = this.length;
    this.stage.style.aspectRatio = `${board.film.width} / ${board.film.height}`;
    this.ticks.replaceChildren(...this.line.map(({ shot, start, end }, at) => el("span", {
      class: at && shot.scene === board.shots[at - 1].scene ? "" : "md-scene-tick", title: shot.id,
      data: { state: shot.state }, style: { left: `${(100 * start) / this.length}%`, width: `${(100 * (end - start)) / this.length}%` } })));
    this.kept.clear();
  }

  /** Puts a shot's clip or still on the stage; a clip runs by itself and is only set right where it strayed. */
  show(shot, inside) {
    const shown = this.elementOf(shot);
    if (this.shown !== shown) {
      if (this.shown instanceof HTMLVideoElement) this.shown.pause();
      this.stage.replaceChildren(this.shown = shown);
    }
    if (!(shown instanceof HTMLVideoElement)) return;
    if (Math.abs(shown.currentTime - inside) > 0.35 || !this.playing) shown.currentTime = inside;
    if (this.playing && shown.paused) shown.play().catch(() => {});
    if (!this.playing && !shown.paused) shown.pause();
  }

  /** The clip or still of a shot; the last few are kept, so that the next shot is there when its time comes. */
  elementOf(shot) {
    const what = shot.clip ?? shot.picture, key = what ? `${what.stage}/${what.key}` : `${shot.id} ${shot.state}`;
    const made = this.kept.get(key) ?? this.made(shot, what);
    this.kept.delete(key);
    this.kept.set(key, made);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    return made;
  }

  made(shot, what) {
    if (!what) return el("div", { class: "md-blank" }, el("strong", {}, `${shot.number} ${shot.id}`), el("span", {}, shot.plot || t(`state.${shot.state}`)));
    const src = this.desk.media(what), poster = shot.picture ? this.desk.media(shot.picture) : null;
    return shot.clip ? el("video", { src, poster, playsinline: "", preload: "auto" }) : el("img", { src, alt: shot.id });
  }

  toggle(playing = !this.playing) {
    this.playing = playing;
    if (playing && this.time >= this.length - 0.05) this.time = 0;
    this.play.firstChild.className = `pi pi-${playing ? "pause" : "play"}`;
    mark(this.play, "aria-label", playing ? t("pause") : t("play"));
    this.play.title = playing ? t("pause") : t("play");
    this.last = performance.now();
    if (playing) requestAnimationFrame((now) => this.tick(now));
    else this.seek(this.time);
  }

  tick(now) {
    if (!this.playing || !this.element.isConnected) return void (this.playing = false);
    // The film waits for a clip that is still on its way.
    const waits = this.shown instanceof HTMLVideoElement && this.shown.readyState < 2 && !this.shown.error;
    let time = this.time + (waits ? 0 : Math.max(0, now - this.last) / 1000);
    this.last = now;
    const next = this.line[indexAt(this.line, time) + 1];
    if (next) this.elementOf(next.shot);
    if (this.looped && time >= this.looped.end) time = this.looped.start;
    if (time >= this.length) {
      this.time = this.length;
      return this.toggle(false);
    }
    this.seek(time);
    return requestAnimationFrame((then) => this.tick(then));
  }

  step(by) {
    const at = Math.min(this.line.length - 1, Math.max(0, indexAt(this.line, this.time) + by));
    this.seek(this.line[at].start);
  }

  loopScene() {
    this.looped = this.looped ? null : sceneAround(this.line, indexAt(this.line, this.time));
    mark(this.loop, "aria-pressed", String(Boolean(this.looped)));
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.screen.requestFullscreen?.();
  }

  key(event) {
    const act = { " ": () => this.toggle(), ",": () => this.step(-1), ".": () => this.step(1), f: () => this.full(), l: () => this.loopScene() }[event.key];
    if (!act || event.target instanceof HTMLButtonElement || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  end() {
    this.playing = false;
  }
}

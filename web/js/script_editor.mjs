// The script editor in the place of Edit Script's text area. The widget stays what it is: its name, its place, its
// socket and its plain text; only its face is another one. Until CodeMirror is there, and where it cannot be loaded, the
// text area itself is shown.

import { el } from "./board/dom.mjs";
import { loadWords, many, t } from "./board/language.mjs";
import { widgetOf } from "./script_helpers.mjs";
import { above } from "./takes_helpers.mjs";

const PLANNER = "MovieDreamerPlanFilm", SCRIPT = "MovieDreamerEditScript";
const HEIGHT = 120;
const editors = new WeakMap();
let help = null, words = null;

/** Gives an Edit Script node its editor. `page` is { api, app } of ComfyUI. */
export function giveEditor(node, page) {
  const widget = widgetOf(node, "text");
  if (widget?.element instanceof HTMLTextAreaElement) editors.set(node, new ScriptEditor(node, widget, page));
}

/** Shows a line (from 1) of an Edit Script node's text, with the cursor in it. */
export async function showLine(node, line) {
  const editor = editors.get(node);
  if (editor) (await editor.ready)?.goTo(line);
}

/** After a graph was loaded, undo too: in Nodes 2.0 the page may still hold the editor of the node that was there before. */
export function takePlace(node) {
  const mine = editors.get(node)?.root, settled = () => {
    const shown = document.querySelector(`[data-node-id="${CSS.escape(String(node.id))}"] .md-editor-place`);
    if (mine && !mine.isConnected) shown?.replaceWith(mine);
  };
  requestAnimationFrame(() => requestAnimationFrame(settled));
}

/** Checks the texts above a Plan Film node again: it has just planned them. */
export function checkAbove(planner) {
  for (const node of above(planner, SCRIPT)) editors.get(node)?.code?.check();
}

class ScriptEditor {
  constructor(node, widget, { api, app }) {
    Object.assign(this, { node, widget, api, app, code: null, writing: false, touched: false });
    this.area = widget.element;
    void widget.value;  // frontend 1.58 looks a widget's value up by its element, the first time that it is read
    // What it holds must not stretch the node: it takes the room that there is, and scrolls in it.
    this.root = el("div", { class: "md-editor-place", style: { position: "relative", width: "100%", height: "100%", minHeight: `${HEIGHT}px` } });
    this.root.append(this.area);
    Object.assign(this.area.style, { position: "absolute", inset: "0", width: "100%", height: "100%" });
    const set = widget.options.setValue;
    widget.options.setValue = (text) => {
      set.call(widget.options, text);
      if (!this.writing) this.code?.show(String(text ?? ""));
    };
    widget.options.getMinHeight = () => HEIGHT;
    // ComfyUI's page mounts the element of a widget whose type it has no component for.
    Object.assign(widget, { element: this.root, type: "MOVIEDREAMER_SCRIPT_TEXT" });
    this.root.blur = () => this.code?.view.contentDOM.blur();
    this.listen();
    this.ready = this.load();
  }

  async load() {
    try {
      words ??= loadWords((path) => this.api.fetchApi(path), this.app.extensionManager.setting.get("Comfy.Locale"));
      const [{ makeEditor }] = await Promise.all([import("./editor/code.mjs"), words.catch(() => {})]);
      this.pane = this.makePane();
      this.code = makeEditor({
        parent: this.frame, text: String(this.widget.value ?? ""), label: t("editor.label"), hint: t("editor.leave"),
        changed: (text) => this.write(text), check: (text) => this.check(text), help: () => this.help(),
        words: { unknown: (word) => t("editor.unknownWord", { word }), changed: t("editor.changed") },
      });
      // ComfyUI leaves Ctrl+Z to a focused element of this type, as it does for its own text areas.
      this.code.view.contentDOM.type = "textarea";
      this.root.replaceChildren(this.pane);
      return this.code;
    } catch (error) {
      console.warn("MovieDreamer: the script editor could not be loaded", error);
      return null;
    }
  }

  makePane() {
    this.frame = el("div", { style: { flex: "1", minHeight: "0", overflow: "hidden" } });
    this.status = el("span", { role: "status", style: { flex: "1", overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } });
    this.button = el("button", { type: "button", class: "md-editor-large", on: { click: () => this.toggleLarge() },
      style: { background: "none", border: "1px solid var(--border-color)", borderRadius: "4px", color: "inherit", font: "inherit",
        cursor: "pointer" } }, t("editor.large"));
    return el("div", { class: "md-editor", style: { display: "flex", flexDirection: "column", gap: "3px", position: "absolute", inset: "0" } },
      this.frame, el("div", { style: { display: "flex", gap: "8px", alignItems: "center", padding: "0 4px", font: "11px/1.6 sans-serif",
        color: "var(--input-text)" } }, this.status, this.button));
  }

  /** Keys and clipboard belong to the editor while one writes in it; Ctrl and the wheel stay the canvas's. */
  listen() {
    const { root, app } = this;
    for (const name of ["copy", "cut", "paste"]) root.addEventListener(name, (event) => event.stopPropagation());
    root.addEventListener("keydown", (event) => event.defaultPrevented && event.stopPropagation());
    root.addEventListener("focusout", () => this.leave());
    root.addEventListener("wheel", (event) => {
      const box = event.target.closest(".cm-scroller");
      event.stopPropagation();
      if (!event.ctrlKey && box && box.scrollHeight > box.clientHeight) return;
      event.preventDefault();
      app.canvas.processMouseWheel(event);
    }, { passive: false });
  }

  write(text) {
    this.writing = this.touched = true;
    try {
      this.widget.value = text;
    } finally {
      this.writing = false;
    }
  }

  /** What was written is one step for the graph's own undo, and the workflow counts as changed. */
  leave() {
    if (!this.touched) return;
    this.touched = false;
    this.app.canvas.emitBeforeChange();
    this.app.canvas.emitAfterChange();
  }

  async help() {
    help ??= this.api.fetchApi("/moviedreamer/script/schema").then((response) => response.json());
    return help.catch(() => (help = null));
  }

  async check(text) {
    const planner = this.planner(), slot = planner?.inputs?.findIndex((input) => input.name === "planner") ?? -1;
    const loader = slot < 0 ? null : planner.getInputNode?.(slot);
    const body = {
      text, name: widgetOf(this.node, "name")?.value ?? "", bundle: widgetOf(loader ?? {}, "bundle")?.value ?? "",
      board: this.app.nodeOutputs?.[String(planner?.id)]?.board?.[0] ?? "",
    };
    try {
      const headers = { "Content-Type": "application/json" };
      const response = await this.api.fetchApi("/moviedreamer/script/check", { method: "POST", headers, body: JSON.stringify(body) });
      const answer = await response.json();
      if (response.status !== 200) throw new Error(answer.error);
      this.status.textContent = statusOf(answer);
      return answer;
    } catch (error) {
      this.status.textContent = t("editor.unchecked", { why: error.message });
      return null;
    }
  }

  /** The Plan Film node that plans this text. */
  planner() {
    return this.node.graph?.nodes?.find((each) => each.comfyClass === PLANNER && above(each, SCRIPT).includes(this.node));
  }

  /** The same editor over the whole page, and back. */
  toggleLarge() {
    if (this.dialog) return this.dialog.close();
    const { pane, root, code } = this, close = () => {
      root.append(pane);
      code.tooltipsIn(document.body);
      this.dialog.remove();
      this.dialog = null;
      this.button.textContent = t("editor.large");
      code.view.focus();
    };
    this.dialog = el("dialog", { class: "md-editor-dialog", "aria-label": t("editor.label"), on: { close },
      style: { width: "min(92vw, 1200px)", height: "92vh", boxSizing: "border-box", margin: "auto",
        background: "var(--comfy-menu-bg)", color: "var(--input-text)", border: "1px solid var(--border-color)", borderRadius: "8px" } });
    this.dialog.append(pane);
    for (const name of ["copy", "cut", "paste"]) this.dialog.addEventListener(name, (event) => event.stopPropagation());
    this.dialog.addEventListener("keydown", (event) => event.stopPropagation());
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.dialog.querySelector(".cm-tooltip-autocomplete, .cm-panel")) return;
      event.stopPropagation();  // the text would take it for a completion that is not in sight yet
      event.preventDefault();
      this.dialog.close();
    }, { capture: true });
    this.dialog.addEventListener("focusout", () => this.leave());
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.button.textContent = t("editor.small");
    code.tooltipsIn(this.dialog);
    code.view.focus();
    return undefined;
  }
}

function statusOf({ problems, unknown, changed }) {
  const parts = [[problems, "editor.problems"], [unknown, "editor.unknown"], [changed, "editor.changedShots"]];
  const counts = parts.filter(([found]) => found.length).map(([found, key]) => many(key, found.length));
  return [problems[0]?.message, ...counts].filter(Boolean).join(" · ");
}

// The storyboard: a tab of ComfyUI's sidebar, and on Plan Film a line about what is directed in place of its JSON.

import { app } from "../../../scripts/app.js";
import { api } from "../../../scripts/api.js";
import { Desk } from "./board/desk.mjs";
import { Graph } from "./board/graph.mjs";
import { loadWords, t } from "./board/language.mjs";
import { addDirectionLine } from "./board/node_line.mjs";
import { Panel } from "./board/panel.mjs";
import { serverOf } from "./board/server.mjs";
import { PLANNER } from "./takes_helpers.mjs";

const TAB = "moviedreamer-storyboard";
const COMMAND = `Workspace.ToggleSidebarTab.${TAB}`;
const desk = new Desk({ server: serverOf(api), graph: new Graph(app, api), complain });
const lines = new WeakMap();
let panel = null;

app.registerExtension({
  name: "MovieDreamer.Storyboard",
  keybindings: [{ commandId: COMMAND, combo: { key: "b", alt: true } }],

  async setup() {
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("./board/board.css", import.meta.url).href }));
    await loadWords((path) => api.fetchApi(path), app.extensionManager.setting.get("Comfy.Locale")).catch(complain);
    app.extensionManager.registerSidebarTab({
      id: TAB, icon: "pi pi-images", title: "Storyboard", label: "Board", tooltip: "Storyboard", type: "custom", render, destroy: close,
    });
    for (const planner of desk.graph.planners()) lines.get(planner)?.();
    listen();
  },

  nodeCreated(node) {
    if (node.comfyClass !== PLANNER) return;
    lines.set(node, addDirectionLine(node, { open: () => open(node) }));
  },

  loadedGraphNode(node) {
    lines.get(node)?.();
  },

  afterConfigureGraph() {
    if (panel) desk.turnTo();
  },
});

/** The page calls this as often as it draws the tab. */
function render(element) {
  if (panel?.isIn(element)) return;
  panel?.end();
  panel = new Panel(desk);
  element.classList.add("moviedreamer-tab");
  element.replaceChildren(panel.element);
  desk.turnTo();
}

function close() {
  panel?.end();
  panel = null;
}

/** Opens the tab for a planner. */
function open(planner) {
  if (app.extensionManager.sidebarTab?.activeSidebarTabId !== TAB) app.extensionManager.command.execute(COMMAND);
  desk.turnTo(planner);
}

function listen() {
  api.addEventListener("moviedreamer.board", ({ detail }) => desk.planned(detail));
  api.addEventListener("moviedreamer.shot", ({ detail }) => desk.shot(detail));
  api.addEventListener("execution_start", () => desk.run(true));
  for (const end of ["execution_success", "execution_error", "execution_interrupted"]) {
    // What a run says reaches the widgets with its last messages.
    api.addEventListener(end, () => setTimeout(() => desk.run(false), 100));
  }
  api.addEventListener("graphChanged", () => {
    for (const planner of desk.graph.planners()) lines.get(planner)?.();
    if (panel) desk.graphChanged();
  });
}

function complain(error) {
  app.extensionManager.toast.add({ severity: "error", summary: t("storyboard"), detail: error.message, life: 12000 });
}

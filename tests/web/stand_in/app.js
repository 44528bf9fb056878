// ComfyUI's app as far as the storyboard asks it: a graph of three nodes whose widgets are plain values.

const widget = (name, value) => ({ name, value, options: {} });
const nodeOf = (id, comfyClass, widgets, from) => ({
  id, comfyClass, widgets, inputs: from ? [{}] : [], outputs: [], pos: [0, 0], size: [300, 200],
  getInputNode: () => from, addDOMWidget(name, type, element) {
    document.querySelector("#node").replaceChildren(element);
    return {};
  },
});
const script = nodeOf("2", "MovieDreamerEditScript", [widget("text", "title: x"), widget("name", "x.yaml")]);
const plan = nodeOf("5", "MovieDreamerPlanFilm", [widget("direction", "{}"), widget("takes", ""), widget("seed", -1),
  widget("replan", "changed")], script);
const draw = nodeOf("4", "MovieDreamerDecodeKeyframes", [], plan);
const history = [];
const inPrompt = (one) => one.serializeValue?.() ?? one.value;

export const app = {
  graph: { nodes: [script, plan, draw] }, queued: [], replans: [], targets: [], extensions: [],
  canvas: { setDirty() {}, selectNode(node) { app.shown = node; }, centerOnNode() {} },
  registerExtension(extension) {
    this.extensions.push(extension);
    for (const node of this.graph.nodes) extension.nodeCreated?.(node);
    queueMicrotask(() => extension.setup?.());
  },
  queuePrompt() {
    app.queued.push(inPrompt(plan.widgets[0]));
    if (inPrompt(plan.widgets[3]) !== "changed") app.replans.push(inPrompt(plan.widgets[3]));
    return Promise.resolve(true);
  },
  graphToPrompt: () => Promise.resolve({ output: { 2: {}, 4: {}, 5: { inputs: { direction: inPrompt(plan.widgets[0]) } } } }),
  extensionManager: {
    registerSidebarTab(tab) { app.tab = tab; tab.render(document.querySelector("#tab")); },
    setting: { get: () => new URLSearchParams(location.search).get("language") ?? "en" },
    toast: { add(message) { app.complaints = [...(app.complaints ?? []), message.detail]; } },
    command: { execute() {} }, sidebarTab: { activeSidebarTabId: "moviedreamer-storyboard" },
    workflow: { activeWorkflow: { changeTracker: { captureCanvasState() {
      history.push(plan.widgets[0].value);
      window.send("graphChanged", {});
    } } } },
  },
  history,
};
window.app = app;

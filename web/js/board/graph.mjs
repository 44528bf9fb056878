// The storyboard and the graph: the film's nodes, their widgets, and changes that the page's undo takes back.

import { nodeOf } from "../shots_helpers.mjs";
import { replaceNode, widgetOf } from "../script_helpers.mjs";
import { showLine } from "../script_editor.mjs";
import { PLANNER, above } from "../takes_helpers.mjs";

export const EDITOR = "MovieDreamerEditScript";
export const LOADER = "MovieDreamerLoadScript";
const ROUTES = { decoder: "MovieDreamerRouteDecoder", animator: "MovieDreamerRouteAnimator" };
const MAKERS = { decoder: "MovieDreamerDecodeKeyframes", animator: "MovieDreamerAnimateKeyframes" };
const SETTINGS = "MovieDreamerShotSettings";

/** Every node of a graph, those in its subgraphs included. */
export function allNodes(graph) {
  return (graph?.nodes ?? []).flatMap((node) => [node, ...allNodes(node.subgraph)]);
}

/** The film's nodes as the storyboard needs them. `app` and `api` are ComfyUI's. */
export class Graph {
  constructor(app, api) {
    Object.assign(this, { app, api });
    this.instead = new WeakMap();  // widget -> the value that the next prompt gets in place of its own
  }

  get root() {
    return this.app.rootGraph ?? this.app.graph;
  }

  nodes() {
    return allNodes(this.root);
  }

  planners() {
    return this.nodes().filter((node) => node.comfyClass === PLANNER);
  }

  node(id) {
    return nodeOf(this.root, id);
  }

  /** The execution id of a node, as events and outputs call it: in a subgraph "3:7". */
  idOf(node, graph = this.root, path = []) {
    for (const each of graph?.nodes ?? []) {
      if (each === node) return [...path, each.id].join(":");
      const found = each.subgraph && this.idOf(node, each.subgraph, [...path, each.id]);
      if (found) return found;
    }
    return "";
  }

  /** The node that holds a film's script: Edit Script or Load Script; null if it comes from elsewhere. */
  scriptNode(planner) {
    return above(planner, EDITOR)[0] ?? above(planner, LOADER)[0] ?? null;
  }

  /** The script's text where it stands in the graph: {text, name}; null if it is a file's. */
  script(planner) {
    const node = this.scriptNode(planner);
    if (node?.comfyClass !== EDITOR) return null;
    return { text: widgetOf(node, "text").value, name: widgetOf(node, "name").value };
  }

  value(planner, name) {
    return widgetOf(planner, name)?.value ?? "";
  }

  /** What the last run of a node showed. */
  outputs(node) {
    return this.app.nodeOutputs?.[this.idOf(node)];
  }

  /** Writes a widget as if the artist had: one step for undo. */
  write(node, name, value) {
    this.writeAll([[node, name, value]]);
  }

  /** Writes several widgets, [node, name, value] each, in one step for undo. */
  writeAll(changes) {
    let changed = false;
    for (const [node, name, value] of changes) {
      const widget = widgetOf(node, name);
      if (!widget || widget.value === value) continue;
      widget.value = value;
      widget.callback?.(value);
      changed = true;
    }
    if (changed) this.remember();
  }

  /** Lets the page's own change tracker see what changed. */
  remember() {
    this.app.canvas?.setDirty?.(true, true);
    const tracker = this.app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
    if (tracker?.captureCanvasState) tracker.captureCanvasState();
    else tracker?.checkState?.();
  }

  /** Puts Edit Script with this text in Load Script's place; the new node. */
  replaceByEditor(node, { name, text }) {
    const editor = window.LiteGraph.createNode(EDITOR);
    replaceNode(node, editor);
    widgetOf(editor, "text").value = text;
    widgetOf(editor, "name").value = name;
    this.remember();
    return editor;
  }

  /** Puts one run into the queue; `values` ({widget: value}) stand in for the planner's own in this run alone. */
  queue(planner, values = {}) {
    return this.standingIn(planner, values, () => this.app.queuePrompt(0, 1));
  }

  /** The same for a run that comes no further than to the pictures: clips and film are not made. ComfyUI runs a part of a
   *  graph only for a node that shows something, so one is in that prompt which is not in the graph.
   */
  queueToPictures(planner, values = {}) {
    const drawer = allNodes(this.root).find((node) => node.comfyClass === MAKERS.decoder && above(node, PLANNER).includes(planner));
    if (!drawer) return this.queue(planner, values);
    return this.standingIn(planner, values, async () => {
      const prompt = await this.app.graphToPrompt(), id = String(Math.max(...Object.keys(prompt.output).map(Number).filter(Boolean)) + 1000);
      prompt.output[id] = { class_type: "PreviewAny", inputs: { source: [this.idOf(drawer), 0] }, _meta: { title: "Pictures" } };
      return this.api.queuePrompt(0, prompt, { partialExecutionTargets: [id] });
    });
  }

  async standingIn(planner, values, act) {
    for (const name of Object.keys(values)) {
      const widget = widgetOf(planner, name);
      widget.serializeValue = () => this.instead.get(widget) ?? widget.value;
      this.instead.set(widget, values[name]);
    }
    try {
      return await act();
    } finally {
      for (const name of Object.keys(values)) this.instead.delete(widgetOf(planner, name));
    }
  }

  /** The node that decided a shot's decoder or animator (`field`), as a card says it ({rule, of: the shots it is for}): a
   *  route's, Shot Settings', or the one that makes all that nobody decides; undefined where it was no node.
   */
  ruleNode(planner, { rule, of } = {}, field = "decoder") {
    const all = allNodes(this.root), kinds = { route: [ROUTES[field]], settings: [SETTINGS] }[rule] ?? [];
    if (rule === "node") return all.find((node) => node.comfyClass === MAKERS[field] && above(node, PLANNER).includes(planner));
    return all.find((node) => kinds.includes(node.comfyClass) && widgetOf(node, "shots")?.value === of);
  }

  /** Shows a node in the middle of the canvas, chosen. */
  show(node) {
    const canvas = this.app.canvas;
    if (!node || !canvas) return;
    if (node.graph && canvas.graph !== node.graph) canvas.setGraph?.(node.graph);
    canvas.selectNode?.(node);
    canvas.centerOnNode?.(node);
  }

  /** Shows a line (from 1) of Edit Script; of a script from elsewhere its node. */
  showLine(planner, line) {
    const node = this.scriptNode(planner);
    this.show(node);
    if (line && node?.comfyClass === EDITOR) showLine(node, line);
  }
}

// What the script nodes do on the page, apart from the page itself: plain functions over nodes and widgets.

export const SCRIPT_FILES = [".yaml", ".yml", ".json", ".fountain", ".fdx", ".csv", ".xlsx", ".moviedream"];
export const UPLOADS = [...SCRIPT_FILES, "image/*", "audio/*"].join(",");

/** The widget of a node by its name. */
export function widgetOf(node, name) {
  return node.widgets?.find((widget) => widget.name === name);
}

/** Whether a file name is a script's. */
export function isScript(name) {
  const lower = name.toLowerCase();
  return SCRIPT_FILES.some((ending) => lower.endsWith(ending));
}

/** Takes a widget off the page; its value stays in the workflow and in the prompt. */
export function hideWidget(widget) {
  if (!widget) return;
  widget.hidden = true;
  widget.options = Object.assign(widget.options ?? {}, { hidden: true });
  widget.computeSize = () => [0, -4];
}

/** Calls `then` with what every run of the node shows. */
export function afterRuns(node, then) {
  const before = node.onExecuted;
  node.onExecuted = function (output, ...rest) {
    before?.call(this, output, ...rest);
    then(output);
  };
}

/** Writes what a run kept of the script (`output.embedded`) into the node's hidden widget; says whether it changed. */
export function rememberEmbedded(node, output) {
  const widget = widgetOf(node, "embedded");
  const kept = output?.embedded?.[0];
  if (!widget || typeof kept !== "string" || widget.value === kept) return false;
  widget.value = kept;
  return true;
}

/** Adds a name to a combo's list and chooses it, as if the artist had. */
export function chooseOption(widget, name) {
  const values = widget.options?.values;
  if (Array.isArray(values) && !values.includes(name)) widget.options.values = [...values, name];
  widget.value = name;
  widget.callback?.(name);
}

/** The uploaded file's name in the input folder, from ComfyUI's answer. */
export function uploadedName(answer) {
  return answer.subfolder ? `${answer.subfolder}/${answer.name}` : answer.name;
}

/** The text that a run shows on the node. */
export function shownText(output) {
  return (output?.text ?? []).join("\n");
}

/** What Load Script says of a script. */
export function shotsText({ title, shots }) {
  return [`${title}: ${shots.length} shot${shots.length === 1 ? "" : "s"}`, ...shots].join("\n");
}

/** Puts `made` where `node` was, with its place, size, wires from the first output and group; one step to undo. */
export function replaceNode(node, made) {
  const graph = node.graph;
  graph.beforeChange?.();
  made.pos = [...node.pos];
  graph.add(made);
  made.size = [...node.size];
  for (const id of [...(node.outputs[0].links ?? [])]) {
    const link = graph.links.get?.(id) ?? graph.links[id];
    made.connect(0, graph.getNodeById(link.target_id), link.target_slot);
  }
  graph.remove(node);
  graph.afterChange?.();
}

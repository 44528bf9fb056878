// Plan Film keeps the film's takes in its own widget, so that they are saved, shared and exported with the graph.

import { app } from "../../../scripts/app.js";
import { afterRuns, hideWidget, widgetOf } from "./script_helpers.mjs";
import { PLANNER, RENDERERS, above, plannedTakes, renderedTakes } from "./takes_helpers.mjs";

app.registerExtension({
  name: "MovieDreamer.Takes",

  nodeCreated(node) {
    if (node.comfyClass === PLANNER) {
      hideWidget(widgetOf(node, "takes"));
      afterRuns(node, (output) => keep(node, (before) => plannedTakes(before, output)));
    }
    if (RENDERERS.includes(node.comfyClass)) {
      afterRuns(node, (output) => {
        for (const planner of plannersOf(node)) keep(planner, (before) => renderedTakes(before, output));
      });
    }
  },
});

function keep(planner, change) {
  const widget = widgetOf(planner, "takes");
  if (widget) widget.value = change(widget.value);
}

/** The planners above a node; if its wires leave a subgraph, the film's only one. */
function plannersOf(node) {
  const found = above(node, PLANNER);
  if (found.length) return found;
  const all = allNodes(app.rootGraph ?? app.graph).filter((each) => each.comfyClass === PLANNER);
  return all.length === 1 ? all : [];
}

function allNodes(graph) {
  return (graph?.nodes ?? []).flatMap((node) => [node, ...allNodes(node.subgraph)]);
}

// Plan Film, Decode Keyframes, Animate Keyframes: which shot is made, and after a run the shots, what was made and why.

import { app } from "../../../scripts/app.js";
import { api } from "../../../scripts/api.js";
import { addPanel } from "./panel.mjs";
import { afterRuns } from "./script_helpers.mjs";
import { cellsOf, keptOutput, nodeOf, viewPath, wordsOf } from "./shots_helpers.mjs";

const HEIGHTS = { MovieDreamerPlanFilm: 60, MovieDreamerDecodeKeyframes: 110, MovieDreamerAnimateKeyframes: 110 };
const stages = new WeakMap();
const cached = new Set();  // stages that ComfyUI answers from its own cache in this run: it sends what they said before

app.registerExtension({
  name: "MovieDreamer.Shots",

  setup() {
    api.addEventListener("moviedreamer.progress", ({ detail }) => stageOf(detail.node)?.panel.say(detail.text));
    api.addEventListener("execution_start", () => cached.clear());
    api.addEventListener("execution_cached", ({ detail }) => {
      for (const stage of (detail?.nodes ?? []).map(stageOf).filter(Boolean)) cached.add(stage);
    });
  },

  nodeCreated(node) {
    const height = HEIGHTS[node.comfyClass];
    if (!height) return;
    const stage = { panel: addPanel(node, { placeholder: "Run to see the shots.", height }), output: null };
    stages.set(node, stage);
    afterRuns(node, (output) => show(stage, cached.has(stage) ? keptOutput(output) : output));
  },

  // A workflow that is opened again (another tab, the queue's history) still shows what its last run said.
  onNodeOutputsUpdated(outputs) {
    for (const [id, output] of Object.entries(outputs)) {
      const stage = stageOf(id);
      if (stage && output?.message) show(stage, output);
    }
  },
});

function stageOf(id) {
  const node = nodeOf(app.rootGraph ?? app.graph, id);
  return node && stages.get(node);
}

function show(stage, output) {
  stage.output = output;
  stage.panel.say(wordsOf(output));
  stage.panel.show(cellsOf(output, (file) => api.apiURL(viewPath(file))));
}

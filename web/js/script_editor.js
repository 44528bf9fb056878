// Edit Script: its text in the script editor.

import { app } from "../../../scripts/app.js";
import { api } from "../../../scripts/api.js";
import { checkAbove, giveEditor, takePlace } from "./script_editor.mjs";
import { afterRuns } from "./script_helpers.mjs";

app.registerExtension({
  name: "MovieDreamer.ScriptEditor",

  nodeCreated(node) {
    if (node.comfyClass === "MovieDreamerEditScript") giveEditor(node, { api, app });
    if (node.comfyClass === "MovieDreamerPlanFilm") afterRuns(node, () => queueMicrotask(() => checkAbove(node)));
  },

  loadedGraphNode(node) {
    if (node.comfyClass === "MovieDreamerEditScript") takePlace(node);
  },
});

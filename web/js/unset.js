// What leaves a value to the script (-1, 0, "script") says so on the node: "seed: from script", else "seed: own".

import { app } from "../../../scripts/app.js";
import { api } from "../../../scripts/api.js";
import { loadWords, t } from "./board/language.mjs";
import { UNSET, labelUnset } from "./unset_helpers.mjs";

const updates = new WeakMap();
const words = () => ({ script: t("fromScript"), own: t("own") });

app.registerExtension({
  name: "MovieDreamer.Unset",

  async init() {
    await loadWords((path) => api.fetchApi(path), app.extensionManager.setting.get("Comfy.Locale"));
  },

  nodeCreated(node) {
    if (node.comfyClass in UNSET) updates.set(node, labelUnset(node, words));
  },

  loadedGraphNode(node) {
    updates.get(node)?.();
  },
});

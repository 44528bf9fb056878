// Says on the page which shot failed, and in which of the artist's nodes between Shot In and Shot Out.

import { app } from "../../../scripts/app.js";
import { api } from "../../../scripts/api.js";
import { failureOf, newRun } from "./bodies_helpers.mjs";
import { nodeOf } from "./shots_helpers.mjs";

let run = newRun();

app.registerExtension({
  name: "MovieDreamer.Bodies",

  setup() {
    api.addEventListener("execution_start", () => (run = newRun()));
    api.addEventListener("moviedreamer.body", ({ detail }) => (run.shot = detail.shot));
    // The page's own event carries the id of the node on the canvas, also for a copy of it.
    api.addEventListener("executing", ({ detail }) => {
      if (detail) run.node = String(detail.display_node ?? detail.node ?? detail);
    });
    api.addEventListener("execution_error", ({ detail }) => {
      const message = failureOf(run, detail, (id) => nodeOf(app.rootGraph ?? app.graph, id)?.title);
      if (!message) return;
      const toast = { severity: "error", summary: message, detail: detail.exception_message };
      app.extensionManager.toast.add({ ...toast, life: 20000 });
    });
  },
});

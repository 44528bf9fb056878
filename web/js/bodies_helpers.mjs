// Which shot failed, and in which of the artist's nodes, apart from the page itself.
// ComfyUI's own message names the node that added a body's copies; the copy that failed is the one that ran last, and
// it is shown on the artist's node.

/** What a run has said so far: the shot that a body makes, and the node that ran last. */
export function newRun() {
  return { shot: "", node: "" };
}

/** The words for an execution_error, or "" if no body was at work. `titleOf` names a node by its id. */
export function failureOf(run, detail, titleOf) {
  if (!run.shot || !run.node || String(detail?.node_id) === run.node) return "";
  const title = titleOf(run.node);
  return `Shot ${run.shot}: ${title ? `${title} (node ${run.node})` : `node ${run.node}`} failed. Every shot before it is kept.`;
}

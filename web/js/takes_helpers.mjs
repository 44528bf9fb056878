// A film's takes on the page, apart from the page itself: plain functions over nodes and texts.

export const PLANNER = "MovieDreamerPlanFilm";
export const RENDERERS = ["MovieDreamerDecodeKeyframes", "MovieDreamerAnimateKeyframes"];

/** The takes after a run of Plan Film, with what is known of how shots were rendered. */
export function plannedTakes(before, output) {
  const text = output?.moviedreamer_takes?.[0];
  if (typeof text !== "string" || !text) return before;
  return merged(text, parsed(before)?.rendered);
}

/** The takes with what a run of Decode or Animate Keyframes made of the shots. */
export function renderedTakes(before, output) {
  const made = parsed(output?.moviedreamer_rendered?.[0]);
  return made && before ? merged(before, made) : before;
}

/** The nodes from which a node's inputs come, over any number of nodes, that are of a class; itself not. */
export function above(node, kind) {
  const seen = new Set([node]), found = [], waiting = [node];
  while (waiting.length) {
    const each = waiting.pop();
    for (let slot = 0; slot < (each.inputs?.length ?? 0); slot++) {
      const next = each.getInputNode?.(slot);
      if (!next || seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
      if (next.comfyClass === kind) found.push(next);
    }
  }
  return found;
}

function merged(text, rendered) {
  const takes = parsed(text);
  if (!takes) return text;
  const all = { ...takes.rendered };
  for (const [shot, made] of Object.entries(rendered ?? {})) all[shot] = { ...all[shot], ...made };
  return JSON.stringify({ ...takes, rendered: all });
}

function parsed(text) {
  try {
    const value = JSON.parse(text || "null");
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

// A film's takes on the page, apart from the page itself: plain functions over nodes and texts.

export const PLANNER = "MovieDreamerPlanFilm";
const EACH = 8;
export const RENDERERS = ["MovieDreamerDecodeKeyframes", "MovieDreamerAnimateKeyframes"];

/** The takes after a run of Plan Film, with what is known of how shots were rendered. */
export function plannedTakes(before, output) {
  const text = output?.moviedreamer_takes?.[0];
  if (typeof text !== "string" || !text) return before;
  const known = parsed(before);
  return merged(text, known?.rendered, known?.older);
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

/** As FilmTakes.with_rendered: what a shot had stays known as older, so that it can be chosen again anywhere. */
function merged(text, rendered, known) {
  const takes = parsed(text);
  if (!takes) return text;
  const all = { ...takes.rendered }, older = { ...known, ...takes.older };
  for (const [shot, made] of Object.entries(rendered ?? {})) {
    const gone = replaced(all[shot] ?? {}, made);
    if (gone) older[shot] = [...(older[shot] ?? []).filter((each) => !same(each, gone)), gone].slice(-EACH);
    all[shot] = { ...all[shot], ...made };
  }
  return JSON.stringify({ ...takes, rendered: all, ...(Object.keys(older).length ? { older } : {}) });
}

function replaced(known, made) {
  const drawn = made.drawn && known.drawn && !same(made.drawn.keyframes, known.drawn.keyframes);
  const moved = made.moved && known.moved && made.moved.clip !== known.moved.clip;
  return drawn || moved ? { ...(drawn && { drawn: known.drawn }), ...(moved && { moved: known.moved }) } : null;
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function parsed(text) {
  try {
    const value = JSON.parse(text || "null");
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

// Widgets that leave a value to the script: their "unset" is -1, 0 or "script"; on the node it is said in words.

/** Class -> widget -> the value that leaves it to the script. */
export const UNSET = {
  MovieDreamerPlanFilm: { seed: -1 },
  MovieDreamerDecodeKeyframes: { seed: -1, steps: 0, guidance: 0 },
  MovieDreamerAnimateKeyframes: { seed: -1 },
  MovieDreamerCombineFilm: { fps: 0, transition: "script" },
  MovieDreamerShotSettings: { seed: -1, steps: 0, guidance: 0, seconds: 0, motion: -1 },
  MovieDreamerReplanFrom: { seed: -1 },
};

/** What a widget is called while it has a value: "seed: from script" or "seed: own". `words` are those two. */
export function labelFor(name, value, unset, words) {
  return `${name}: ${value === unset ? words.script : words.own}`;
}

/** Calls the node's widgets by whether they are set, now and whenever they change; gives what does so again. */
export function labelUnset(node, words) {
  const known = Object.entries(UNSET[node.comfyClass] ?? {});
  const update = () => {
    for (const [name, unset] of known) {
      const widget = node.widgets?.find((each) => each.name === name);
      if (!widget) continue;
      widget.plainLabel ??= widget.label ?? name;
      widget.label = labelFor(widget.plainLabel, widget.value, unset, words());
    }
  };
  for (const [name] of known) {
    const widget = node.widgets?.find((each) => each.name === name), before = widget?.callback;
    if (!widget) continue;
    widget.callback = function (...values) {
      const answer = before?.apply(this, values);
      update();
      return answer;
    };
  }
  update();
  return update;
}

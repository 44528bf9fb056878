// What a film's nodes hold on the page now, so that the server can say what a run of them would make. What is wired in, or
// comes from a node that only a run can ask, is left out: there the server takes what was run.

import { widgetOf } from "../script_helpers.mjs";
import { above } from "../takes_helpers.mjs";

const OF_PLAN = ["seed", "temperature", "candidates", "replan"];
const OF_SHOTS = ["shots", "seed", "steps", "guidance", "seconds", "motion", "lock"];
const LEFT_OUT = ["leave_out", "instead"];
const STAGES = {
  keyframe: { node: "MovieDreamerDecodeKeyframes", widgets: ["seed", "steps", "guidance", ...LEFT_OUT], maker: "decoder",
    loader: "MovieDreamerLoadDecoder", route: "MovieDreamerRouteDecoder" },
  clip: { node: "MovieDreamerAnimateKeyframes", widgets: ["seed", "motion", "anchor_strength", ...LEFT_OUT], maker: "animator",
    loader: "MovieDreamerLoadAnimator", route: "MovieDreamerRouteAnimator" },
};
const BUNDLE = "MovieDreamerLoadBundle", SETTINGS = "MovieDreamerShotSettings";
const ELSEWHERE = {};  // stands for a node that cannot be seen from here, such as one outside of a subgraph

/** {planner, nodes} as nodes/board_page.py reads them; `all` are the graph's nodes. */
export function settingsOf(planner, all) {
  const nodes = { plan: present({ shot_settings: chain(planner, "shot_settings", SETTINGS, shotSettings) }) };
  for (const [stage, kind] of Object.entries(STAGES)) {
    const found = all.filter((node) => node.comfyClass === kind.node && isOn(node) && above(node, planner.comfyClass).includes(planner));
    if (found.length === 1) nodes[stage] = stageOf(found[0], kind);  // of two that draw one film, the last run's counts
  }
  return { planner: values(planner, OF_PLAN), nodes };
}

function stageOf(node, kind) {
  return present({
    ...values(node, kind.widgets), maker: makerOf(from(node, kind.maker), kind),
    shot_settings: chain(node, "shot_settings", SETTINGS, shotSettings),
    routes: chain(node, "routes", kind.route, (each) => whole(each, ["shots"])),
  });
}

/** What loads a decoder or animator: {bundle, name}; undefined for a node that makes one. */
function makerOf(loader, { loader: kind, maker }) {
  if (!loader || !isOn(loader)) return undefined;
  if (loader.comfyClass === BUNDLE) return whole(loader, ["bundle"]);
  const held = loader.comfyClass === kind ? whole(loader, ["bundle", maker]) : undefined;
  return held && { bundle: held.bundle, name: held[maker] };
}

const shotSettings = (node) => whole(node, OF_SHOTS);

/** What `read` gives of each node of a chain that ends in an input, first the first; undefined if it is not all known. */
function chain(node, input, kind, read) {
  const rows = [];
  for (let each = from(node, input); each; each = from(each, input)) {
    const row = each.comfyClass === kind && isOn(each) ? read(each) : undefined;
    if (!row) return undefined;
    rows.unshift(row);
  }
  return rows;
}

/** The node that is wired to an input; null for none. */
function from(node, name) {
  const at = node.inputs?.findIndex((input) => input.name === name) ?? -1;
  if (at < 0 || node.inputs[at].link == null) return null;
  return node.getInputNode(at) ?? ELSEWHERE;
}

/** The values of a node's widgets, without those that are wired in. */
function values(node, names) {
  const wired = new Set((node.inputs ?? []).filter((input) => input.link != null).map((input) => input.widget?.name));
  const known = names.filter((name) => widgetOf(node, name) && !wired.has(name));
  return Object.fromEntries(known.map((name) => [name, widgetOf(node, name).value]));
}

/** The same if all are known; undefined if not. */
function whole(node, names) {
  const found = values(node, names);
  return names.every((name) => name in found) ? found : undefined;
}

const isOn = (node) => !node.mode;
const present = (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

// Plan Film's `direction` on the node: how many shots are directed, and a button that opens the storyboard.

import { hideWidget, widgetOf } from "../script_helpers.mjs";
import { counted } from "./direction.mjs";
import { button, el, say } from "./dom.mjs";
import { many, list, t } from "./language.mjs";

const HIGH = 30;

/** Puts the line in the place of the widget; gives what writes it anew. */
export function addDirectionLine(node, { open }) {
  hideWidget(widgetOf(node, "direction"));
  const words = el("span", { class: "md-directed" }), go = button("", { symbol: "images", act: open, kind: "node" });
  const row = el("div", { class: "moviedreamer-line" }, words, go);
  const widget = node.addDOMWidget("storyboard", "MOVIEDREAMER_STORYBOARD", row, {
    serialize: false, hideOnZoom: false, getMinHeight: () => HIGH, getMaxHeight: () => HIGH, getValue: () => "", setValue: () => {},
  });
  widget.serialize = false;
  const update = () => {
    say(words, directedWords(widgetOf(node, "direction")?.value));
    say(go.lastChild, t("open"));
  };
  update();
  return update;
}

/** "2 shots directed, 1 locked". */
export function directedWords(text) {
  const { shots, locked, takes } = counted(text);
  if (!shots) return t("nothingDirected");
  return list([many("directed", shots), locked && many("lockedCount", locked), takes && many("takesChosen", takes)].filter(Boolean));
}

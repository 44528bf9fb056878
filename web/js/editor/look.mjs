// How the editor looks: ComfyUI's own colours, light and dark. Hues are mixed with the text's colour, so that they can
// be read on either ground.

import { EditorView, HighlightStyle, syntaxHighlighting, tags } from "../vendor/codemirror.mjs";

const GROUND = "var(--comfy-input-bg, #222)", TEXT = "var(--input-text, #ddd)", EDGE = "var(--border-color, #4e4e4e)";
const MENU = "var(--comfy-menu-bg, #353535)";
const mixed = (hue, share = 60) => `color-mix(in srgb, ${TEXT} ${100 - share}%, ${hue})`;
const pale = (hue, share = 22) => `color-mix(in srgb, transparent ${100 - share}%, ${hue})`;
const BLUE = "#3b8eea", GREEN = "#2fa35b", AMBER = "#e0931f", RED = "#e5484d", VIOLET = "#a06be0";

const theme = EditorView.theme({
  // Tooltips live in an element of their own that has the same theme.
  "&.cm-editor": { height: "100%", color: TEXT, backgroundColor: GROUND, fontSize: "12px", borderRadius: "6px" },
  "dialog &.cm-editor": { fontSize: "14px" },
  "&.cm-focused": { outline: `2px solid ${pale(BLUE, 80)}`, outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, Menlo, Consolas, monospace", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: TEXT, padding: "6px 0" },
  ".cm-cursor": { borderLeftColor: TEXT },
  ".cm-gutters": { backgroundColor: "transparent", color: mixed("#808080", 55), border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: pale("#808080", 14) },
  ".cm-foldPlaceholder": { backgroundColor: pale("#808080", 30), border: "none", color: TEXT },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: pale(BLUE, 40),
  },
  ".cm-selectionMatch": { backgroundColor: pale(GREEN, 30) },
  ".cm-searchMatch": { backgroundColor: pale(AMBER, 45), outline: "none" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: pale(BLUE, 35), outline: "none" },
  ".md-changes": { width: "4px", padding: "0 1px" },
  ".md-changed": { width: "3px", height: "100%", backgroundColor: AMBER },
  ".cm-lintRange-error": { backgroundColor: pale(RED, 16) },
  ".md-unknown": { textDecoration: `underline dotted ${AMBER} 2px`, textUnderlineOffset: "3px", backgroundImage: "none" },
  ".cm-panels": { backgroundColor: MENU, color: TEXT, borderColor: EDGE },
  ".cm-panels input, .cm-textfield": { backgroundColor: GROUND, color: TEXT, border: `1px solid ${EDGE}` },
  ".cm-button": { backgroundImage: "none", backgroundColor: GROUND, color: TEXT, border: `1px solid ${EDGE}` },
  ".cm-panel.cm-search [name=close], .cm-panel.cm-panel-lint [name=close]": { color: TEXT },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: pale(BLUE, 30) },
  "&.cm-tooltip, .cm-tooltip": {
    backgroundColor: MENU, color: TEXT, border: `1px solid ${EDGE}`, borderRadius: "6px", zIndex: "10000", maxWidth: "34rem",
    fontSize: "12px",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: pale(BLUE, 45), color: TEXT },
  ".cm-tooltip-autocomplete .cm-completionDetail": { color: mixed("#808080", 45), fontStyle: "normal", marginLeft: "1em" },
  ".cm-completionInfo": { whiteSpace: "pre-wrap", maxWidth: "22rem" },
  ".cm-diagnostic-error": { borderLeftColor: RED },
  ".cm-diagnostic-warning": { borderLeftColor: AMBER },
});

const colours = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: mixed(BLUE) },
  { tag: [tags.string, tags.special(tags.string), tags.attributeValue], color: mixed(GREEN) },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: mixed(VIOLET) },
  { tag: [tags.comment, tags.lineComment], color: mixed("#808080", 60), fontStyle: "italic" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace, tags.meta], color: mixed("#808080", 40) },
]);

export const look = [theme, syntaxHighlighting(colours)];

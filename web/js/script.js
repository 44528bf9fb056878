// Load Script: its shots, a button that uploads scripts, one that turns it into Edit Script, and the copy that `embed`
// keeps in the workflow. Script Info: the summary on the node.

import { app } from "../../../scripts/app.js";
import { api } from "../../../scripts/api.js";
import { addPanel } from "./panel.mjs";
import {
  UPLOADS, afterRuns, chooseOption, hideWidget, isScript, rememberEmbedded, replaceNode, shotsText, shownText,
  uploadedName, widgetOf,
} from "./script_helpers.mjs";

const refreshers = new WeakMap();

app.registerExtension({
  name: "MovieDreamer.Script",

  nodeCreated(node) {
    if (node.comfyClass === "MovieDreamerLoadScript") prepareLoader(node);
    if (node.comfyClass === "MovieDreamerScriptInfo") prepareInfo(node);
  },

  loadedGraphNode(node) {
    refreshers.get(node)?.();
  },
});

function prepareLoader(node) {
  hideWidget(widgetOf(node, "embedded"));
  for (const [label, act] of [["upload a script", pickFiles], ["edit", edit]]) {
    node.addWidget("button", label, null, () => act(node), { serialize: false }).serialize = false;
  }
  const panel = addPanel(node, { placeholder: "", height: 110 }), refresh = () => showShots(node, panel);
  const chosen = widgetOf(node, "script"), before = chosen.callback;
  chosen.callback = function (...values) {
    before?.apply(this, values);
    refresh();
  };
  refreshers.set(node, refresh);
  queueMicrotask(refresh);  // a new node; one of a workflow has its values later, in loadedGraphNode
  afterRuns(node, (output) => {
    if (rememberEmbedded(node, output)) node.graph?.setDirtyCanvas?.(true, true);
    refresh();
  });
}

/** What the server says of the chosen script. Throws an Error in its words. */
async function askServer(node, more = {}) {
  const body = { script: widgetOf(node, "script").value, embedded: widgetOf(node, "embedded")?.value ?? "", ...more };
  const headers = { "Content-Type": "application/json" };
  const response = await api.fetchApi("/moviedreamer/script", { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (response.status !== 200) throw new Error(answer.error);
  return answer;
}

async function showShots(node, panel) {
  const asked = widgetOf(node, "script").value;
  let words;
  try {
    words = shotsText(await askServer(node));
  } catch (error) {
    words = error.message;
  }
  if (widgetOf(node, "script").value === asked) panel.say(words);
}

/** Puts Edit Script with the script's text in the node's place. */
async function edit(node) {
  try {
    const { name, text } = await askServer(node, { edit: true });
    const editor = window.LiteGraph.createNode("MovieDreamerEditScript");
    app.canvas?.emitBeforeChange?.();  // one step to undo: the page would count it with the first word that is written
    replaceNode(node, editor);
    widgetOf(editor, "text").value = text;
    widgetOf(editor, "name").value = name;
    app.canvas?.emitAfterChange?.();
    app.canvas?.selectNode?.(editor);
  } catch (error) {
    complain(error);
  }
}

function prepareInfo(node) {
  const text = document.createElement("textarea");
  text.readOnly = true;
  text.placeholder = "Run to see what the script says.";
  Object.assign(text.style, { width: "100%", height: "100%", fontFamily: "monospace", fontSize: "11px",
    whiteSpace: "pre", resize: "none", boxSizing: "border-box" });
  const widget = node.addDOMWidget("shown", "MOVIEDREAMER_TEXT", text, {
    serialize: false, hideOnZoom: false, getMinHeight: () => 220, getValue: () => text.value,
    setValue: () => {},
  });
  widget.serialize = false;
  afterRuns(node, (output) => { text.value = shownText(output); });
}

/** Lets the artist choose files and puts them into ComfyUI's input folder; the first script is then chosen. */
function pickFiles(node) {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: UPLOADS, multiple: true });
  input.onchange = () => upload(node, [...input.files]);
  input.click();
}

async function upload(node, files) {
  try {
    const names = [];
    for (const file of files) names.push(await send(file));
    const script = names.find(isScript);
    if (script) chooseOption(widgetOf(node, "script"), script);
    node.graph?.setDirtyCanvas?.(true, true);
  } catch (error) {
    complain(error);
  }
}

function complain(error) {
  app.extensionManager.toast.add({ severity: "error", summary: "Load Script", detail: error.message });
}

async function send(file) {
  const body = new FormData();
  body.append("image", file);
  body.append("type", "input");
  const response = await api.fetchApi("/upload/image", { method: "POST", body });
  if (response.status !== 200) {
    throw new Error(`${file.name} could not be uploaded: ${response.status} ${response.statusText}`);
  }
  return uploadedName(await response.json());
}

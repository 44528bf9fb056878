// Load Script: a button that uploads scripts, and the copy that `embed` keeps in the workflow.
// Script Info: the summary on the node.

import { app } from "../../../scripts/app.js";
import { api } from "../../../scripts/api.js";
import {
  UPLOADS, afterRuns, chooseOption, hideWidget, isScript, rememberEmbedded, shownText, uploadedName, widgetOf,
} from "./script_helpers.mjs";

app.registerExtension({
  name: "MovieDreamer.Script",

  nodeCreated(node) {
    if (node.comfyClass === "MovieDreamerLoadScript") prepareLoader(node);
    if (node.comfyClass === "MovieDreamerScriptInfo") prepareInfo(node);
  },
});

function prepareLoader(node) {
  hideWidget(widgetOf(node, "embedded"));
  const button = node.addWidget("button", "upload a script", null, () => pickFiles(node), { serialize: false });
  button.serialize = false;
  afterRuns(node, (output) => {
    if (rememberEmbedded(node, output)) node.graph?.setDirtyCanvas?.(true, true);
  });
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
    app.extensionManager.toast.add({ severity: "error", summary: "Load Script", detail: error.message });
  }
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

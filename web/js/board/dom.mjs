// Elements of the page. Words become text nodes, whoever wrote them: nothing here is ever read as HTML.

const PROPERTIES = new Set(["value", "checked", "disabled", "muted", "loop", "src", "tabIndex", "draggable", "hidden",
  "selected", "type", "min", "max", "step", "placeholder", "title", "id", "htmlFor", "alt", "loading", "decoding"]);

/** An element: `el("button", { class: "x", on: { click } }, "words", child)`. Children that are null or false are left out. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name === "class") made.className = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (name === "style") Object.assign(made.style, value);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (PROPERTIES.has(name)) made[name] = value;
    else made.setAttribute(name, value);
  }
  return fill(made, ...children);
}

/** Puts children in the place of those that an element has; null and false are left out. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of the page's own icons (primeicons); it says nothing to a screen reader. */
export function icon(name) {
  return el("i", { class: `pi pi-${name}`, "aria-hidden": "true" });
}

/** A button with an icon; without `words` shown, they are its name and its tooltip. */
export function button(words, { symbol, act, kind = "", shown = true, hint = words, ...more } = {}) {
  const name = shown ? {} : { "aria-label": words };
  const classes = ["md-button", kind && `md-${kind}`, shown ? "" : "md-bare"].filter(Boolean).join(" ");
  return el("button", { type: "button", class: classes, title: hint, on: { click: act }, ...name, ...more },
    symbol ? icon(symbol) : null, shown ? el("span", {}, words) : null);
}

/** Sets words only where they differ: what does not change costs no layout. */
export function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Sets an attribute, or takes it away for null, only where it differs. */
export function mark(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A select; `options` are [value, words]. */
export function select(label, options, value, act, more = {}) {
  const made = el("select", { class: "md-field", "aria-label": label, title: label, ...more,
    on: { change: () => act(made.value) } },
  ...options.map(([each, words]) => el("option", { value: each }, words)));
  made.value = value;
  return made;
}

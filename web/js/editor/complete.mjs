// What may be written at a place of a script: fields and values of the JSON Schema, names and words of the text itself.
// Plain functions; code.mjs shows what they give.

import { walk } from "./place.mjs";

const NAMES = {  // where a field's value is a name: whose
  "scenes.shots.characters.id": ["characters.id", "characters.name"],
  "scenes.shots.dialogue.who": ["characters.id", "characters.name"],
  "scenes.shots.characters.look": ["characters.looks.id"],
  "scenes.place": ["places.name", "places.id", "scenes.place"],
  "scenes.shots.places": ["places.name", "places.id"],
  "scenes.shots.props": ["props.name", "props.id"],
};
const MAKERS = { decoder: "decoders", animator: "animators" };
const AGAIN = new Set([  // words that one writes again and again
  "action", "expression", "time", "look", "elements", "sound", "music", "emotion", "move", "angle", "language",
]);
const MOST = 60;

/**
 * What may stand at `end` of the text, for someone who writes there: { from, options }; null for nothing. An option is
 * { label, type: "field" | "value" | "name", detail, info, apply }. `help` is what the server says of scripts:
 * { schema, decoders, animators }.
 */
export function completions(text, end, help) {
  const place = walk(text, end), parts = schemasAt(help.schema, place.path), json = text.trimStart().startsWith("{");
  const options = place.key ? fieldsOf(parts, place, help.schema, json, text.slice(end)) : [];
  if (!place.key || options.length === 0) options.push(...valuesOf(parts, place, text, help, json));
  return options.length ? { from: place.from, options } : null;
}

/** The parts of the schema that a path leads to; several where there is a choice. */
export function schemasAt(schema, path) {
  let parts = plainParts(schema, schema);
  for (const name of path) {
    parts = parts.flatMap((part) => part.properties?.[name] ?? []).flatMap((part) => plainParts(part, schema));
  }
  return parts;
}

/** A part without references and choices; of a list its items: lists are passed over. */
function plainParts(part, schema) {
  if (part.$ref) return plainParts({ ...schema.$defs[part.$ref.split("/").at(-1)], ...withoutRef(part) }, schema);
  const inner = part.anyOf ?? part.oneOf ?? (part.items ? [part.items] : null);
  return inner ? inner.flatMap((each) => plainParts(each, schema)) : [part];
}

function withoutRef({ $ref, ...rest }) {
  return rest;
}

function fieldsOf(parts, place, schema, json, after) {
  const options = [], colon = /^["']?\s*:/.test(after);
  for (const part of parts) {
    for (const [name, field] of Object.entries(part.properties ?? {})) {
      if (place.present.includes(name)) continue;
      const needed = (part.required ?? []).includes(name), word = json && !place.quoted ? `"${name}"` : name;
      const apply = colon ? word : place.quoted ? `${word}": ` : `${word}: `;
      options.push({ label: name, type: "field", detail: needed ? "needed" : "", info: aboutOf(field, schema), apply });
    }
  }
  return options;
}

function aboutOf(field, schema) {
  const description = field.description ?? plainParts(field, schema).find((part) => part.description)?.description ?? "";
  return description.replace(/\s+/g, " ");
}

function valuesOf(parts, place, text, help, json) {
  const field = place.path.at(-1), options = new Map();
  const add = (label, type, detail = "") => {
    const number = type === "value" && parts.some((part) => part.type === "boolean");
    if (label) options.set(label, { label, type, detail, info: "", apply: written(label, place, json && !number) });
  };
  for (const part of parts) {
    for (const value of part.enum ?? []) add(String(value), "value");
    if (part.type === "boolean") ["true", "false"].forEach((value) => add(value, "value"));
  }
  for (const name of help[MAKERS[field]] ?? []) add(name, "value");
  const wanted = NAMES[place.path.join(".")] ?? [];
  if (wanted.length || AGAIN.has(field)) {
    walk(text, text.length, (path, value) => {
      const where = path.join("."), isName = wanted.includes(where);
      if (options.size < MOST && (isName || (AGAIN.has(field) && path.at(-1) === field)) && value !== place.prefix) {
        add(value, isName ? "name" : "value", isName ? path[0] : "");
      }
    });
  }
  return [...options.values()];
}

/** A value as the text around it needs it: YAML reads some words as something else, JSON wants quotes. */
function written(value, place, json) {
  const unsafe = /^[\s\-?:,[\]{}#&*!|>'"%@`]|: | #|[,[\]{}]|\s$/.test(value) || /^(true|false|null|yes|no|~|[\d.]+)$/i.test(value);
  if (place.quoted || !(json || (unsafe && !/^(true|false)$/.test(value)))) return value;
  return JSON.stringify(value);
}

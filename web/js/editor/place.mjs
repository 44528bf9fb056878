// Where in a script a place of its text is, also while the text is half written. Plain functions over texts.
//
// A path is the names of fields from the outside in; lists are passed over: the size of a shot is scenes, shots, size.

const KEY = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s'"{}[\],#:&*!|>%@`-][^:{}[\],#]*?)\s*:(?=\s|$)/;
const SCALAR_BLOCK = /^[|>][+-]?\d?[+-]?\s*(#.*)?$/;

/**
 * Walks over a text up to `end`. `found(path, value, line)` is called for every field with a value (line from 1).
 * Gives the place at the end: { path, prefix, from, key, present, quoted }: the fields around it; the word begun and
 * where it begins; whether a field's name may stand there (`key`), which names the mapping has before it; whether the
 * word stands in quotes.
 */
export function walk(text, end = text.length, found = () => {}) {
  const levels = [{ column: -1, path: [], names: [] }];
  let at = 0, line = 0, blockUnder = null, flow = null, place = null;
  while (at <= end) {
    line += 1;
    const stop = text.indexOf("\n", at), next = stop < 0 ? text.length : stop, last = next >= end;
    const row = text.slice(at, Math.min(next, end));
    if (flow) {
      flow.read(row, at, line);
      place = flow.open ? flow.place() : nowhere(end);
      if (!flow.open) flow = null;
    } else {
      if (last || row.trim()) [blockUnder, flow, place] = readRow(row, at, line, levels, blockUnder, found);
    }
    if (last) return place;
    at = next + 1;
  }
  return place;
}

/** One line of block style. Gives [column of a text block that goes on below, a flow that does, the place at its end]. */
function readRow(row, at, line, levels, blockUnder, found) {
  let column = row.length - row.trimStart().length, rest = row.trimStart();
  const none = nowhere(at + row.length);
  if (blockUnder !== null && column > blockUnder) return [blockUnder, null, none];
  if (rest.startsWith("#") || /^(---|%)/.test(rest)) return [null, null, none];
  while (/^-(\s|$)/.test(rest)) {
    close(levels, (level) => level.column > column || (level.column === column && level.item));
    levels.push({ column, item: true, path: levels.at(-1).path, names: [] });
    const after = rest.slice(1), spaces = after.length - after.trimStart().length;
    column += 1 + spaces;
    rest = after.trimStart();
  }
  close(levels, (level) => level.column >= column);
  const around = levels.at(-1), start = at + row.length - rest.length, key = KEY.exec(rest);
  if (!key) {
    if (/^[{[]/.test(rest)) return flowOf(rest, start, line, around.path, found);
    const word = rest.replace(/\s+#.*$/, "");
    if (word && around.item) found(around.path, unquoted(word), line);
    return [null, null, wordPlace(around.path, word, start, /^[\w-]*$/.test(word), around.names)];
  }
  const name = unquoted(key[1]), path = [...around.path, name], value = rest.slice(key[0].length).trimStart();
  around.names.push(name);
  levels.push({ column, path, names: [] });
  const begin = at + row.length - value.length;
  if (/^[{[]/.test(value)) return flowOf(value, begin, line, path, found);
  if (SCALAR_BLOCK.test(value)) return [column, null, none];
  const word = value.replace(/(^|\s+)#.*$/, "");
  if (word) found(path, unquoted(word.trimEnd()), line);
  return [null, null, word === value ? wordPlace(path, word, begin, false, []) : none];
}

function close(levels, done) {
  while (levels.length > 1 && done(levels.at(-1))) levels.pop();
}

function wordPlace(path, word, from, key, present) {
  const quoted = /^["']/.test(word);
  return { path, prefix: quoted ? word.slice(1) : word, from: quoted ? from + 1 : from, key, present, quoted };
}

function nowhere(from) {
  return { path: [], prefix: "", from, key: false, present: [], quoted: false };
}

function flowOf(text, at, line, path, found) {
  const flow = new Flow(path, found);
  flow.read(text, at, line);
  return flow.open ? [null, flow, flow.place()] : [null, null, nowhere(at + text.length)];
}

/** Reads { ... } and [ ... ], over any number of lines: flow style, and all of JSON. */
class Flow {
  constructor(path, found) {
    this.path = path;
    this.found = found;
    this.frames = [];
    this.begin(0);
  }

  get open() {
    return this.frames.length > 0;
  }

  begin(at) {
    this.word = "";
    this.from = at;
    this.quote = "";
    this.quoted = false;
  }

  read(text, at, line) {
    for (let i = 0; i < text.length; i++) {
      const letter = text[i];
      if (this.quote) {
        if (letter === "\\" && this.quote === '"') this.word += text[++i] ?? "";
        else if (letter === this.quote) this.quote = "";
        else this.word += letter;
      } else if (letter === "#" && /\s/.test(text[i - 1] ?? " ")) {
        break;
      } else if (/["']/.test(letter) && this.word.trim() === "") {
        Object.assign(this, { word: "", quote: letter, quoted: true, from: at + i + 1 });
      } else if (/[{}[\],:]/.test(letter)) {
        this.sign(letter, text[i + 1] ?? " ", at + i, line);
        if (!this.open) return;
      } else if (this.word !== "" || !/\s/.test(letter)) {
        if (this.word === "" && !this.quoted) this.from = at + i;
        if (!this.quoted) this.word += letter;
      }
    }
    if (this.word === "" && !this.quoted) this.from = at + text.length;
  }

  sign(letter, next, at, line) {
    const top = this.frames.at(-1);
    if (letter === ":") {
      if (!top || top.list || top.name !== null || !(/\s/.test(next) || this.quoted)) return void (this.word += letter);
      top.name = this.word.trim();
      top.names.push(top.name);
    } else if (letter === "{" || letter === "[") {
      const path = !top ? this.path : top.list || top.name === null ? top.path : [...top.path, top.name];
      this.frames.push({ list: letter === "[", path, name: null, names: [] });
    } else {
      const word = this.word.trim();
      if (top && word && (top.list || top.name !== null)) this.found(top.list ? top.path : [...top.path, top.name], word, line);
      if (letter === ",") top.name = null;
      else this.frames.pop();
    }
    this.begin(at + 1);
  }

  place() {
    const top = this.frames.at(-1), key = !top.list && top.name === null;
    const path = top.list || key ? top.path : [...top.path, top.name];
    return { path, prefix: this.word, from: this.from, key, present: key ? top.names : [], quoted: this.quote !== "" };
  }
}

function unquoted(word) {
  return /^(["']).*\1$/.test(word) ? word.slice(1, -1) : word;
}

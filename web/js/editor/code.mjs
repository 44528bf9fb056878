// A script in CodeMirror: colours, completion, marks of what is wrong, unknown or changed. It knows no ComfyUI; texts
// enter and leave as plain text, and nothing in them is ever read as HTML.

import * as cm from "../vendor/codemirror.mjs";
import { completions } from "./complete.mjs";
import { look } from "./look.mjs";

const PAUSE = 400;
/** Milliseconds without a key after which the text is checked. */
const { EditorView } = cm, changedShots = cm.StateEffect.define(), again = cm.StateEffect.define();
const TAKEN = ["Mod-Enter"];
/** Keys that ComfyUI's page has a use for: Ctrl+Enter runs the graph. */
const ON_THE_WAY_OUT = ["Tab", "Shift", "Control", "Alt", "Meta"];
/** Keys that do not end what Escape began: after it, Tab leaves the text. */

class Changed extends cm.GutterMarker {
  constructor(words) {
    super();
    this.words = words;
  }

  eq(other) {
    return other.words === this.words;
  }

  toDOM() {
    const bar = document.createElement("div");
    bar.className = "md-changed";
    bar.title = this.words;
    return bar;
  }
}

/**
 * An editor in `parent`. `label` names it, `hint` says how the keyboard leaves it; `changed(text)` is called as the
 * artist writes; `check(text)` promises { problems: [{line, message}], unknown: [{line, word}], changed: [{shot, line,
 * last}] }; `help()` promises what `completions` needs; `words` are { unknown: (word) => words, changed: words }.
 *
 * Gives { view, text(), show(text), check(), goTo(line), tooltipsIn(element), end() }.
 */
export function makeEditor({ parent, text, label, hint, changed, check, help, words }) {
  const over = document.createElement("div");
  Object.assign(over.style, { position: "fixed", width: "0", height: "0", zIndex: "10000" });  // out of the page's layout
  document.body.append(over);
  const marks = changedGutter(words.changed);
  let own = true;  // the artist changes the text, and not `show`
  const view = new EditorView({
    parent,
    state: cm.EditorState.create({
      doc: text,
      extensions: [
        cm.lineNumbers(), marks, cm.foldGutter(), cm.history(), cm.drawSelection(), cm.indentOnInput(), cm.bracketMatching(),
        cm.closeBrackets(), cm.highlightActiveLine(), cm.highlightActiveLineGutter(), cm.highlightSelectionMatches(),
        cm.search({ top: true }), cm.yaml(), cm.indentUnit.of("  "), EditorView.lineWrapping, look,
        cm.tooltips({ parent: over, position: "fixed" }),
        cm.autocompletion({ override: [async (context) => completed(context, await help())], icons: false }),
        cm.linter((shown) => checked(shown, check, words), { delay: PAUSE, needsRefresh }),
        cm.keymap.of([...cm.closeBracketsKeymap, ...cm.completionKeymap, ...cm.searchKeymap, ...cm.historyKeymap,
          ...cm.foldKeymap, ...cm.lintKeymap, ...cm.defaultKeymap.filter(({ key }) => !TAKEN.includes(key)), cm.indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-description": hint, spellcheck: "false" }),
        EditorView.domEventObservers({ keydown: (event, shown) => wayOut(event, shown, over), blur: (_, shown) => shown.setTabFocusMode(false) }),
        EditorView.updateListener.of((update) => update.docChanged && own && changed(update.state.doc.toString())),
      ],
    }),
  });
  return {
    view,
    text: () => view.state.doc.toString(),
    show(next) {
      const before = view.state.doc.toString();
      if (next === before) return;
      own = false;
      // What a workflow brings is no step to undo; a change from elsewhere after the first edit is one of its own.
      const step = cm.undoDepth(view.state) ? cm.isolateHistory.of("full") : cm.Transaction.addToHistory.of(false);
      view.dispatch({ changes: difference(before, next), annotations: step });
      own = true;
    },
    check: () => view.dispatch({ effects: again.of(null) }),
    goTo(line) {
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines)).from;
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    tooltipsIn: (element) => element.append(over),
    end() {
      view.destroy();
      over.remove();
    },
  };
}

/**
 * Tab indents. After Escape it leaves the text, however long one takes for it: CodeMirror's own Escape forgets after two
 * seconds, and is deaf while a completion is looked for. An Escape that closes offers in sight does only that.
 */
function wayOut({ key }, view, over) {
  if (key === "Escape" && !over.querySelector(".cm-tooltip-autocomplete")) view.setTabFocusMode(true);
  else if (!ON_THE_WAY_OUT.includes(key)) view.setTabFocusMode(false);
}

/** The one change that makes `next` of `before`: cursor and folds outside of it stay where they are. */
export function difference(before, next) {
  const most = Math.min(before.length, next.length);
  let from = 0, same = 0;
  while (from < most && before[from] === next[from]) from++;
  while (same < most - from && before[before.length - 1 - same] === next[next.length - 1 - same]) same++;
  return { from, to: before.length - same, insert: next.slice(from, next.length - same) };
}

function completed(context, help) {
  const given = help && completions(context.state.doc.toString(), context.pos, help);
  if (!given || (!context.explicit && given.from === context.pos && !/[ :[{,]$/.test(before(context)))) return null;
  const options = given.options.map(({ info, ...option }, index) => ({
    ...option, boost: -index, info: info ? () => Object.assign(document.createElement("div"), { textContent: info }) : undefined,
  }));
  return { from: given.from, options, validFor: /^[\w-]*$/ };
}

function before({ state, pos }) {
  return state.doc.sliceString(Math.max(0, pos - 2), pos);
}

function needsRefresh(update) {
  return update.transactions.some(({ effects }) => effects.some((effect) => effect.is(again)));
}

async function checked(view, check, words) {
  const { doc } = view.state, answer = await check(doc.toString());
  return view.state.doc === doc && answer ? found(view, answer, words) : [];
}

/** Marks the changed shots; gives what is wrong or unknown as CodeMirror's diagnostics. */
function found(view, answer, words) {
  const { doc } = view.state, line = (number) => doc.line(Math.min(Math.max(number, 1), doc.lines));
  const lines = answer.changed.flatMap((shot) =>
    Array.from({ length: shot.last - shot.line + 1 }, (_, k) => line(shot.line + k).from));
  view.dispatch({ effects: changedShots.of([...new Set(lines)].sort((a, b) => a - b)) });
  const wrong = answer.problems.map((problem) => {
    const { from, to, text } = line(problem.line);
    return { from: from + text.length - text.trimStart().length, to, severity: "error", message: problem.message };
  });
  return [...wrong, ...answer.unknown.flatMap(({ line: number, word }) => placesOf(line(number), word).map((from) => (
    { from, to: from + word.length, severity: "warning", message: words.unknown(word), markClass: "md-unknown" })))];
}

/** Where a word stands in a line; a text that goes on below its field's line is marked at that line. */
function placesOf({ from, text }, word) {
  const letters = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/'/g, "['’]");
  const whole = new RegExp(`(?<![\\p{L}\\p{N}'’])${letters}(?![\\p{L}\\p{N}])`, "giu");
  return [...text.matchAll(whole)].map((place) => from + place.index);
}

function changedGutter(message) {
  const marker = new Changed(message);
  const field = cm.StateField.define({
    create: () => cm.RangeSet.empty,
    update(marks, transaction) {
      for (const effect of transaction.effects) {
        if (effect.is(changedShots)) return cm.RangeSet.of(effect.value.map((at) => marker.range(at)));
      }
      return marks.map(transaction.changes);
    },
  });
  return [field, cm.gutter({ class: "md-changes", markers: (view) => view.state.field(field) })];
}

// The storyboard's words in the language of the page. English stands in english.json; the translations come with the
// pack's locales, which ComfyUI serves at /i18n.

let words = {};
let loading = null;
let joined = new Intl.ListFormat("en");
let plural = new Intl.PluralRules("en"), number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** Fetches the words, once for all who ask. `asked` is the page's language ("zh", "ja-JP"); English stands in for it. */
export function loadWords(fetchApi, asked) {
  return loading ??= fetchApi("/i18n").then(async (response) => useWords(response.ok ? await response.json() : {}, asked));
}

/** Takes the words from what /i18n answers: {language: {storyboard: {key: words}}}. */
export function useWords(all, asked) {
  const short = String(asked || "en").split("-")[0];
  const chosen = all[asked]?.storyboard ? asked : all[short]?.storyboard ? short : "en";
  plural = new Intl.PluralRules(chosen);
  joined = new Intl.ListFormat(chosen);
  number = new Intl.NumberFormat(chosen, { maximumFractionDigits: 1 });
  words = { ...all.en?.storyboard, ...all[chosen]?.storyboard };
}

/** The words of a key; `$name` in them becomes `values.name`. A key without words is shown as it is. */
export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\$(\w+)/g, (whole, name) => values[name] ?? whole);
}

/** The words for a number of things: key.one or key.other. */
export function many(key, n, values = {}) {
  return t(`${key}.${plural.select(n) === "one" ? "one" : "other"}`, { n, ...values });
}

/** "2 s", "1:05 min": a length of time. */
export function length(seconds) {
  if (seconds < 60) return t("seconds", { n: number.format(seconds) });
  const whole = Math.round(seconds);
  return t("minutes", { n: `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}` });
}

/** Words between which the language puts its own comma. */
export function list(parts) {
  return parts.join(t("comma"));
}

/** "the plot and the seed": words joined as the language does. */
export function both(parts) {
  return joined.format(parts);
}

// The artist's choices for single shots as Plan Film's `direction` keeps them, apart from the page: JSON text in, JSON
// text out. {"quay-3": {"seed": 7, "decoder": "ink", "lock": true, "note": "...", "take": {"keyframe": "..."}}}

/** The choices in a text: shot id, or number from 1 -> field -> value. What is no JSON object chooses nothing. */
export function readDirection(text) {
  try {
    const rows = JSON.parse(text || "{}");
    return rows && typeof rows === "object" && !Array.isArray(rows) ? rows : {};
  } catch {
    return {};
  }
}

/** What is chosen for a shot, by its id or by its number where no shot has that for an id (`ids`: a Set of all). */
export function chosenFor(rows, shot, ids) {
  return { ...(ids.has(String(shot.number)) ? {} : rows[String(shot.number)]), ...rows[shot.id] };
}

/** The text with choices by id in place of numbers, so that they stay with their shots when these move. */
export function byId(text, shots) {
  const rows = readDirection(text), kept = {};
  const numbers = new Map(shots.map((shot) => [String(shot.number), shot])), ids = new Set(shots.map((shot) => shot.id));
  for (const [name, row] of Object.entries(rows)) if (ids.has(name) || !numbers.has(name)) kept[name] = { ...row };
  for (const [name, row] of Object.entries(rows)) {
    const shot = ids.has(name) ? null : numbers.get(name);
    if (shot) kept[shot.id] = { ...row, ...kept[shot.id] };
  }
  return written(kept);
}

/** The text after choosing for shots; a value that is null, "" or false takes the choice back. */
export function directed(text, shots, ids, choices) {
  const rows = readDirection(byId(text, shots));
  for (const id of ids) {
    const row = { ...rows[id] };
    for (const [field, value] of Object.entries(choices)) {
      if (value === null || value === "" || value === false) delete row[field];
      else row[field] = value;
    }
    rows[id] = row;
  }
  return written(rows);
}

/** The text after taking back every choice for shots. */
export function undirected(text, shots, ids) {
  const rows = readDirection(byId(text, shots));
  for (const id of ids) delete rows[id];
  return written(rows);
}

/** The text in which every other shot that has a picture is locked: what runs then is these shots alone. */
export function onlyThese(text, shots, ids) {
  const others = shots.filter((shot) => shot.picture && !ids.includes(shot.id));
  return directed(text, shots, others.map((shot) => shot.id), { lock: true });
}

/** One value of a field if all shots have it, null if none has one, undefined if they differ. */
export function common(values) {
  const first = values[0] ?? null;
  return values.every((value) => JSON.stringify(value ?? null) === JSON.stringify(first)) ? first : undefined;
}

/** What Plan Film's line says: {shots: directed, locked, takes: chosen ones}. */
export function counted(text) {
  const rows = Object.values(readDirection(text)).filter((row) => row && Object.keys(row).length);
  return {
    shots: rows.length, locked: rows.filter((row) => row.lock).length, takes: rows.filter((row) => row.take).length,
  };
}

function written(rows) {
  const kept = Object.entries(rows).filter(([, row]) => row && Object.keys(row).length);
  return JSON.stringify(Object.fromEntries(kept));
}

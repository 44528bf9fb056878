// The film as a line of time, apart from the page: which shot is seen when, and what is said then. Seconds.

/** Where each shot begins and ends: [{shot, start, end}]. */
export function timelineOf(shots) {
  let start = 0;
  return shots.map((shot) => ({ shot, start, end: start += shot.seconds }));
}

/** The number of the shot that is seen at a time; the last one at the end and after it. */
export function indexAt(line, time) {
  const at = line.findIndex((each) => time < each.end);
  return at < 0 ? line.length - 1 : at;
}

/** What is said at a part (0 to 1) of a shot: its lines share the shot by their lengths. {character, text} or null. */
export function lineAt(shot, part) {
  const lines = (shot.dialogue ?? []).filter((each) => each.text), all = lines.reduce((sum, each) => sum + each.text.length, 0);
  let from = 0;
  for (const each of lines) {
    from += each.text.length / all;
    if (part < from) return each;
  }
  return lines.at(-1) ?? null;
}

/** The first and last second of the scene in which a shot plays: its run of shots without a break. */
export function sceneAround(line, at) {
  let first = at, last = at;
  while (first > 0 && line[first - 1].shot.scene === line[at].shot.scene) first--;
  while (last < line.length - 1 && line[last + 1].shot.scene === line[at].shot.scene) last++;
  return { start: line[first].start, end: line[last].end };
}

/** "0:07": a time in the film. */
export function clock(seconds) {
  const whole = Math.floor(seconds + 1e-6);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

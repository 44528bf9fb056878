// What the storyboard knows of a film, apart from the page: plain functions over the board that the server sends
// (moviedreamer_core/board). Nothing here changes what it is given.

export const STAGES = ["plan", "keyframe", "clip"];
export const STATES = ["unplanned", "planned", "rendering", "rendered", "animated", "external", "stale", "failed"];
export const FILTERS = ["scene", "character", "place", "engine", "state"];

const SHOWN_FOR = {
  scene: (shot) => [shot.scene],
  character: (shot) => shot.characters,
  place: (shot) => [shot.place],
  engine: (shot) => [engine(shot, "decoder"), engine(shot, "animator")],
  state: (shot) => [shot.state],
};

/** The name of the decoder or animator that makes a shot; "" if nobody decided. */
export function engine(shot, field) {
  return shot.decided?.[field]?.value ?? "";
}

/** The shots that a filter ({scene, character, place, engine, state}, "" for any) lets through, in film order. */
export function matching(board, filter) {
  const asked = FILTERS.filter((field) => filter[field]);
  return board.shots.filter((shot) => asked.every((field) => SHOWN_FOR[field](shot).includes(filter[field])));
}

/** What each filter offers: {scene: [[value, words]], ...}, in the order of the film; only what shots have. */
export function offers(board, stateWords) {
  const names = Object.fromEntries(board.characters.map((each) => [each.id, each.name]));
  const scenes = Object.fromEntries(board.scenes.map((each) => [each.id, sceneWords(each)]));
  const called = { scene: (id) => scenes[id] ?? id, character: (id) => names[id] ?? id, state: stateWords };
  return Object.fromEntries(FILTERS.map((field) => {
    const found = [...new Set(board.shots.flatMap(SHOWN_FOR[field]))].filter(Boolean);
    return [field, found.map((value) => [value, (called[field] ?? String)(value)])];
  }));
}

/** "2 the quiet library": a scene in words. */
export function sceneWords(scene) {
  return [scene.number, scene.title || scene.place || scene.id].filter(Boolean).join(" ");
}

/** The first stage of a shot that a run would make, which says why; undefined if nothing would be made. */
export function firstMade(shot) {
  return STAGES.map((name) => shot.stages?.[name]).find((stage) => stage?.made && stage.why);
}

/** Whether a run would make something of a shot. */
export function isMade(shot) {
  return STAGES.some((stage) => shot.stages?.[stage]?.made);
}

/** What a run of these shots makes: {shots, plan, keyframe, clip: how many, seconds: null if some are unknown}. */
export function costOf(shots) {
  const cost = { shots: 0, plan: 0, keyframe: 0, clip: 0, seconds: 0 };
  for (const shot of shots) {
    const made = STAGES.filter((stage) => shot.stages?.[stage]?.made);
    cost.shots += made.length > 0;
    for (const stage of made) {
      cost[stage]++;
      const seconds = shot.stages[stage].seconds;
      cost.seconds = cost.seconds === null || typeof seconds !== "number" ? null : cost.seconds + seconds;
    }
  }
  return cost;
}

/** What making these shots anew takes, `n` times: as `costOf`. */
export function costAnew(shots, n = 1) {
  const made = (stage) => ({ ...stage, made: true, seconds: stage?.anew ?? null });
  const anew = costOf(shots.map((shot) => ({ stages: Object.fromEntries(STAGES.map((name) => [name, made(shot.stages?.[name])])) })));
  const counts = Object.fromEntries(STAGES.map((stage) => [stage, anew[stage] * n]));
  return { ...anew, ...counts, seconds: anew.seconds === null ? null : anew.seconds * n };
}

/** The board after one live event {shot, stage, state, key, message}; the same board if it has no such shot, or if a
 *  run only passes a shot that it keeps.
 */
export function withEvent(board, event) {
  const at = board.shots.findIndex((shot) => shot.id === event.shot);
  if (at < 0 || (event.state === "rendering" && board.shots[at].stages?.[event.stage]?.made === false)) return board;
  const shot = { ...board.shots[at], state: event.state, message: event.message ?? "" };
  if (event.key && (event.stage === "keyframe" || event.stage === "clip")) {
    shot[event.stage === "clip" ? "clip" : "picture"] = { stage: event.stage, key: event.key };
    shot.stages = { ...shot.stages, [event.stage]: { ...shot.stages?.[event.stage], made: false, why: "", reason: null } };
  }
  return { ...board, shots: board.shots.with(at, shot) };
}

/** The ids from one shot to another, both included, in the order in which they are shown. */
export function between(shots, from, to) {
  const ids = shots.map((shot) => shot.id), [a, b] = [ids.indexOf(from), ids.indexOf(to)].sort((x, y) => x - y);
  return a < 0 ? [to] : ids.slice(a, b + 1);
}

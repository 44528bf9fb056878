// Continuity strips apart from the page: who and what is seen where, and how alike.

/** Strips of a board, people first: [{kind, id, name, visits: [{shot, likeness: number|null, weak}], mean: number|null}]. */
export function strips(board) {
  const by = new Map(board.shots.map((shot) => [shot.id, shot])), weak = new Set(board.continuity?.weak ?? []);
  const names = Object.fromEntries(board.characters.map((each) => [each.id, each.name]));
  const measured = (kind, id) => new Map((board.continuity?.[kind]?.[id] ?? []).map((each) => [each.shot, each.likeness]));
  const strip = (kind, id, name, seen) => {
    const likeness = measured(kind, id);
    const visits = seen.map((shot) => ({ shot: by.get(shot.id), likeness: likeness.get(shot.id) ?? null, weak: weak.has(shot.id) }));
    return { kind, id, name, visits, mean: meanOf(visits) };
  };
  const people = board.characters.map(({ id }) => strip("people", id, names[id] ?? id, board.shots.filter((shot) => shot.characters?.includes(id))));
  const places = [...new Set(board.shots.map((shot) => shot.place))].filter(Boolean)
    .map((place) => strip("places", place, place, board.shots.filter((shot) => shot.place === place)));
  return [...people, ...places].filter((each) => each.visits.length);
}

/** Runs of measured points, [x, y, weak] in pixels. */
export function curvePoints(visits, cell, high, edge = 5) {
  const runs = [[]];
  visits.forEach(({ likeness, weak }, at) => {
    if (likeness === null) runs.push([]);
    else runs.at(-1).push([at * cell + cell / 2, Math.round((1 - Math.max(0, Math.min(1, likeness))) * (high - 2 * edge)) + edge, weak]);
  });
  return runs.filter((run) => run.length);
}

function meanOf(visits) {
  const found = visits.map((visit) => visit.likeness).filter((value) => value !== null);
  return found.length ? found.reduce((sum, value) => sum + value, 0) / found.length : null;
}

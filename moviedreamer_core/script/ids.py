"""The ids of a script's scenes and shots, written or given out by their order, and the shots that a selection means."""

from collections.abc import Iterable

from .model import Script
from .routes import Targets, select, targets_of


def scene_ids(script: Script) -> tuple[str, ...]:
    """The id of every scene; one without gets scene-1, scene-2, ... among those without."""
    return _fill((scene.id for scene in script.scenes), "scene", {scene.id for scene in script.scenes if scene.id})


def shot_ids(script: Script) -> tuple[tuple[str, ...], ...]:
    """The ids of every scene's shots; one without gets <scene id>-1, -2, ... among those without in its scene.

    So a shot inserted *with* an id leaves every other id as it was; `Document.pin_ids` writes all ids into the file.
    """
    taken = {shot.id for scene in script.scenes for shot in scene.shots if shot.id}
    named = []
    for scene_id, scene in zip(scene_ids(script), script.scenes):
        named.append(_fill((shot.id for shot in scene.shots), scene_id, taken))
        taken.update(named[-1])
    return tuple(named)


def script_targets(script: Script) -> Targets:
    """Every shot as routes and selections name it, in film order."""
    return targets_of(script, shot_ids(script), scene_ids(script))


def select_shots(script: Script, selection: str) -> list[str]:
    """Ids of the shots that "3, 7-9, scene:harbour, who:mara" selects, in film order. Raises MovieDreamerError for
    unknown ones.
    """
    targets = script_targets(script)
    return [targets[index].shot_id for index in sorted(select(selection, targets))]


def _fill(ids: Iterable[str | None], prefix: str, taken: set[str]) -> tuple[str, ...]:
    filled, count = [], 0
    for name in ids:
        if name is None:
            count += 1
            while f"{prefix}-{count}" in taken:
                count += 1
            name = f"{prefix}-{count}"
        filled.append(name)
    return tuple(filled)

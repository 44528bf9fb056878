"""From a script to its shots, each complete: names are ids, inheritance is done, and it is known who decided what.

Data contract: `resolve` is pure and deterministic; shots come in film order. What a shot leaves out comes from its
scene's defaults, then the script's. For the fields in `PER_SHOT` there may be later voices:
storyboard choice > shot settings > most specific route > shot > scene > script > the bundle's default.
A shot's seed is a hash of the film's seed and the shot's id, so inserting, deleting or moving shots changes no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import MovieDreamerError
from .controls import CONTROLS, PER_SHOT
from .errors import nearest
from .model import Character, Scene, Script, Shot
from .parts import AUTO, Described
from .routes import Route, Target, pick, select, targets_of
from .speech import speech_seconds

CARRIED = ("take", "note")
"""What else a storyboard may say of a shot: others read it."""
FILM_SEED = "film seed"
"""How the source of a seed begins that nobody asked for."""


@dataclass(frozen=True)
class Choice:
    """A decided value and who decided it, e.g. Choice("decoder", "ink", "route 3, 7-9")."""

    field: str
    value: Any
    source: str


@dataclass(frozen=True)
class ResolvedCharacter:
    """A character as one shot shows it; `name` is the shown name, `description` that of its look included. `look` is
    the id of the look, "" for the usual one.
    """

    id: str
    name: str
    description: str
    action: str
    expression: str
    look: str = ""


@dataclass(frozen=True)
class ResolvedThing:
    """A prop or a place as a shot names it; `description` is "" where the script has none."""

    id: str
    name: str
    description: str


@dataclass(frozen=True)
class ResolvedLine:
    """One spoken line: `who` is the speaker's id, `name` the shown name; `language` "" where nobody says one."""

    id: str
    who: str
    name: str
    line: str
    emotion: str
    language: str
    off_screen: bool


@dataclass(frozen=True)
class ResolvedShot:
    """One complete shot. `index` and `scene_index` count from 0, `line` from 1 (0: no file).

    `choices` holds what may be decided for a shot (`PER_SHOT`) and by whom; `deciding` decides anew. `dialogue` is the
    subtitle's text: one spoken line a line, "Name: words" where it says who. `place` is in words; `places` are those of
    the script that it names. `still`, `motion_words`, `negative`, `camera`, `props`, `lines`, `sound` and `music` are
    for makers that read words.
    """

    index: int
    id: str
    line: int
    scene_id: str
    scene_index: int
    style: str
    place: str
    time: str
    elements: tuple[str, ...]
    look: str
    size: str
    plot: str
    characters: tuple[ResolvedCharacter, ...]
    dialogue: str
    keyframes: int
    join: str
    transition: str
    choices: tuple[Choice, ...]
    still: str = ""
    motion_words: str = ""
    negative: str = ""
    camera: tuple[str, str] = ("", "")
    props: tuple[ResolvedThing, ...] = ()
    places: tuple[ResolvedThing, ...] = ()
    lines: tuple[ResolvedLine, ...] = ()
    sound: str = ""
    music: str = ""
    trim: tuple[float, float] = (0.0, 0.0)

    @property
    def seconds(self) -> float:
        """The shot's length."""
        return self.choice("seconds").value

    @property
    def seed(self) -> int | None:
        """The seed that somebody asked for, else None: `seed_in` is then the film's."""
        choice = self.choice("seed")
        return None if choice.source.startswith(FILM_SEED) else choice.value

    @property
    def decoder(self) -> str | None:
        """The decoder that somebody asked for, else None: the run's or the bundle's first."""
        return self.choice("decoder").value

    @property
    def animator(self) -> str | None:
        """The animator that somebody asked for, else None: the run's or the bundle's first."""
        return self.choice("animator").value

    @property
    def shown_seconds(self) -> float:
        """How long the film shows of the shot: its length without what is trimmed off at either end."""
        return max(self.seconds - sum(self.trim), 0.0)

    def choice(self, field: str) -> Choice:
        """Value and source of one of `PER_SHOT`."""
        return next(choice for choice in self.choices if choice.field == field)

    def deciding(self, source: str, **values: Any) -> "ResolvedShot":
        """The shot with other values of `PER_SHOT`, decided by `source`."""
        return replace(
            self,
            choices=tuple(
                Choice(choice.field, values[choice.field], source) if choice.field in values else choice
                for choice in self.choices
            ),
        )

    def seed_in(self, film_seed: int) -> int:
        """The shot's seed in a film of this seed: its own, else the one that follows from the film's and its id."""
        return shot_seed(film_seed, self.id) if self.seed is None else self.seed


@dataclass(frozen=True)
class ShotSettings:
    """Values for the shots that `shots` selects ("3, 7-9, scene:harbour, who:mara, all"); None leaves a field alone.

    `lock` keeps a shot as its film made it last, whatever changes (film/takes.py).
    """

    shots: str = "all"
    seed: int | None = None
    decoder: str | None = None
    animator: str | None = None
    steps: int | None = None
    seconds: float | None = None
    guidance: float | None = None
    motion: float | None = None
    lock: bool | None = None


def shot_seed(film_seed: int, shot_id: str) -> int:
    """Seed of a shot, 0 to 2**53 - 1: a hash of the film's seed and the shot's id and of nothing else."""
    digest = hashlib.sha256(f"{film_seed}\0{shot_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11


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


def storyboard_of(script: Script, storyboard: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """A storyboard's choices by shot id. Raises MovieDreamerError for shots and fields that do not exist."""
    return _checked(storyboard, targets_of(script, shot_ids(script), scene_ids(script))) if storyboard else {}


def select_shots(script: Script, selection: str) -> list[str]:
    """Ids of the shots that "3, 7-9, scene:harbour, who:mara" selects, in film order. Raises MovieDreamerError for
    unknown ones.
    """
    targets = targets_of(script, shot_ids(script), scene_ids(script))
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


def resolve(
    script: Script,
    *,
    storyboard: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Sequence[ShotSettings] = (),
    routes: Sequence[Route] = (),
    voiced: Mapping[str, float] | None = None,
) -> tuple[ResolvedShot, ...]:
    """All shots in film order.

    `storyboard` maps shot ids, or numbers from 1, to chosen values of `PER_SHOT`. Among settings and among routes the
    most specific one that speaks for a shot decides, at equal rank the last. Raises MovieDreamerError for shots that do
    not exist.
    """
    ids = shot_ids(script)
    targets = targets_of(script, ids, scene_ids(script))
    spoken = {
        "routes": {f: pick([r for r in routes if r.field == f], targets) for f in PER_SHOT if routes},
        "settings": {f: pick(_setting_routes(settings, f), targets) for f in PER_SHOT if settings},
    }
    storyboard = _checked(storyboard or {}, targets)
    _check_fields(routes)
    cast = {name.casefold(): c for c in script.characters for name in (c.id, c.shown_name)}
    shots: list[ResolvedShot] = []
    for scene_index, scene in enumerate(script.scenes):
        for shot_index, shot in enumerate(scene.shots):
            target = targets[len(shots)]
            choices = tuple(
                _choose(field, target, script, scene, shot, storyboard, spoken["settings"], spoken["routes"])
                for field in PER_SHOT
            )
            line = script.line_of(("scenes", scene_index, "shots", shot_index))
            shots.append(_resolved(script, scene, shot, target, scene_index, line, cast, choices, voiced))
    return tuple(shots)


def _resolved(
    script: Script,
    scene: Scene,
    shot: Shot,
    target: Target,
    scene_index: int,
    line: int,
    cast: dict[str, Any],
    choices: tuple[Choice, ...],
    voiced: Mapping[str, float] | None,
) -> ResolvedShot:
    lines = _lines(script, shot, target.shot_id, cast)
    choices = tuple(_as_long_as(choice, lines, shot.dialogue, voiced, script) for choice in choices)
    people = [(cast[person.id.casefold()], person) for person in shot.characters]
    places = tuple(_things(script.places, (scene.place,) if shot.places is None else shot.places))
    inherited = "cut" if shot.join == "continue" else "transition"
    return ResolvedShot(
        index=target.index,
        id=target.shot_id,
        line=line,
        scene_id=target.scene_id,
        scene_index=scene_index,
        style=script.style,
        place=_place_words(scene.place if shot.places is None else "", places),
        time=scene.time,
        elements=scene.elements if shot.places is None else (),
        look=scene.look,
        size=shot.size,
        plot=shot.plot,
        characters=tuple(
            ResolvedCharacter(
                who.id, who.shown_name, _seen(who, person.look), person.action, person.expression, person.look or ""
            )
            for who, person in people
        ),
        dialogue=_subtitle(shot, cast),
        keyframes=_inherit("keyframes", shot, scene, script)[0] or 1,
        join=shot.join,
        transition="cut" if inherited == "cut" else _inherit("transition", shot, scene, script)[0] or "cut",
        choices=choices,
        still=shot.still,
        motion_words=shot.motion,
        negative=_inherit("negative", shot, scene, script)[0] or "",
        camera=(shot.camera.move, shot.camera.angle) if shot.camera else ("", ""),
        props=tuple(_things(script.props, shot.props)),
        places=places,
        lines=lines,
        sound=shot.sound or scene.sound,
        music=shot.music or scene.music,
        trim=(shot.trim.start, shot.trim.end) if shot.trim else (0.0, 0.0),
    )


def _as_long_as(
    choice: Choice,
    lines: tuple[ResolvedLine, ...],
    dialogue: object,
    voiced: Mapping[str, float] | None,
    script: Script,
) -> Choice:
    """A length of `auto` in seconds: what the lines take to say, at least the usual length; a text is one line."""
    if choice.field != "seconds" or choice.value != AUTO:
        return choice
    line = dialogue if isinstance(dialogue, str) else ""
    text = (ResolvedLine("", "", "", line, "", script.language or "", False),) if line else ()
    length = CONTROLS["seconds"]
    seconds = max(length.default, speech_seconds(lines or text, voiced))
    return Choice(choice.field, length.within(seconds), f"{choice.source}, {AUTO}")


def _things(known: Sequence[Described], names: Iterable[str]) -> Iterator[ResolvedThing]:
    """Those of the script's places or props that are named; other names are plain words."""
    by_name = {name.casefold(): one for one in known for name in (one.id, one.shown_name)}
    for name in names:
        one = by_name.get(name.casefold())
        if one is not None:
            yield ResolvedThing(one.id, one.shown_name, one.description)


def _place_words(words: str, places: Sequence[ResolvedThing]) -> str:
    """The place as it is said: what the script describes under that name, or else the scene's own words."""
    return ", ".join(place.description or place.name for place in places) or words


def _seen(who: Character, look: str | None) -> str:
    """A character's description, that of its look added."""
    dressed = next((one.description for one in who.looks if one.id == look), "")
    return ", ".join(filter(None, (who.description, dressed)))


def _lines(script: Script, shot: Shot, shot_id: str, cast: dict[str, Any]) -> tuple[ResolvedLine, ...]:
    """What is said, where the dialogue says by whom."""
    if isinstance(shot.dialogue, str):
        return ()
    lines = []
    for number, line in enumerate(shot.dialogue, 1):
        who: Character = cast[line.who.casefold()]
        language = line.language or (who.voice.language if who.voice else None) or script.language or ""
        name = line.id or f"{shot_id}-line-{number}"
        lines.append(ResolvedLine(name, who.id, who.shown_name, line.line, line.emotion, language, line.off_screen))
    return tuple(lines)


def _subtitle(shot: Shot, cast: dict[str, Any]) -> str:
    if isinstance(shot.dialogue, str):
        return shot.dialogue
    return "\n".join(f"{cast[line.who.casefold()].shown_name}: {line.line}" for line in shot.dialogue)


def _inherit(field: str, shot: Shot, scene: Scene, script: Script) -> tuple[Any, str]:
    """(value, source): the shot's own, else its scene's, else the script's, else (None, "default")."""
    name = CONTROLS[field].in_script if field in CONTROLS else field
    for part, source in ((shot, "shot"), (scene.defaults, "scene"), (script.defaults, "script")):
        value = getattr(part, name, None) if name else None
        if value is not None:
            return value, source
    return None, "default"


def _choose(
    field: str,
    target: Target,
    script: Script,
    scene: Scene,
    shot: Shot,
    storyboard: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Mapping[int, Route]],
    routes: Mapping[str, Mapping[int, Route]],
) -> Choice:
    chosen = storyboard.get(target.shot_id, {}).get(field)
    if chosen is not None:
        return Choice(field, chosen, "storyboard")
    for voice, name in ((settings, "shot settings"), (routes, "route")):
        route = voice.get(field, {}).get(target.index)
        if route is not None:
            return Choice(field, route.value, f"{name} {route.shots}")
    # A film's seed says nothing about one shot, so only the shot itself may state one.
    value, source = (shot.seed, "shot") if field == "seed" else _inherit(field, shot, scene, script)
    if value is None and field == "seed":
        return Choice(field, shot_seed(script.seed, target.shot_id), f"{FILM_SEED} {script.seed} and shot id")
    if value is None:
        return Choice(field, CONTROLS[field].default if field == "seconds" else None, "default")
    return Choice(field, value, source)


def _setting_routes(settings: Sequence[ShotSettings], field: str) -> list[Route]:
    values = [(entry.shots, getattr(entry, field)) for entry in settings]
    return [Route(value, shots, field) for shots, value in values if value is not None]


def _checked(storyboard: Mapping[str, Mapping[str, Any]], targets: Sequence[Target]) -> Mapping[str, Mapping[str, Any]]:
    """The storyboard by shot ids; it may name a shot by its number from 1, where no shot has that id."""
    known = [target.shot_id for target in targets]
    numbered = {str(number): shot_id for number, shot_id in enumerate(known, 1) if str(number) not in known}
    by_id: dict[str, Mapping[str, Any]] = {}
    for name, chosen in storyboard.items():
        shot_id = numbered.get(name, name)
        if shot_id not in known:
            meant = nearest(name, known)
            numbers = f"; its shots are 1 to {len(known)}" if name.isdigit() else ""
            hint = f"; did you mean {meant}?" if meant else numbers
            raise MovieDreamerError(f"the storyboard chooses for shot {name!r}, which the script does not have{hint}")
        by_id[shot_id] = {**by_id.get(shot_id, {}), **chosen}
    fields = (field for chosen in by_id.values() for field in chosen if field not in CARRIED)
    _check_names(fields, "the storyboard chooses")
    return by_id


def _check_fields(routes: Sequence[Route]) -> None:
    _check_names((route.field for route in routes), "a route decides")


def _check_names(fields: Iterable[str], verb: str) -> None:
    for field in fields:
        if field not in PER_SHOT:
            raise MovieDreamerError(f"{verb} {field!r}; expected one of {', '.join(PER_SHOT)}")

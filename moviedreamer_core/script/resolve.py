"""From a script to its shots, each complete: names are ids, inheritance is done, and it is known who decided what.

Data contract: `resolve` is pure and deterministic; shots come in film order. What a shot leaves out comes from its
scene's defaults, then the script's; for the fields in `PER_SHOT` there may be later voices (`choices`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .choices import ShotSettings, Voices, inherit
from .controls import CONTROLS
from .cues import cues_of, own_level, words_of
from .ids import script_targets
from .model import Character, Scene, Script, Shot
from .parts import AUTO, Described
from .resolved import Choice, ResolvedCharacter, ResolvedLine, ResolvedShot, ResolvedThing
from .routes import Route, Target
from .speech import speech_seconds


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
    targets = script_targets(script)
    voices = Voices(script, targets, storyboard=storyboard or {}, settings=settings, routes=routes)
    cast = {name.casefold(): c for c in script.characters for name in (c.id, c.shown_name)}
    shots: list[ResolvedShot] = []
    for scene_index, scene in enumerate(script.scenes):
        for shot_index, shot in enumerate(scene.shots):
            target = targets[len(shots)]
            choices = voices.choices(target, scene, shot)
            line = script.line_of(("scenes", scene_index, "shots", shot_index))
            made = _resolved(script, scene, shot, target, scene_index, line, cast, choices, voiced)
            cues = cues_of(scene, shot, target.index, target.index - shot_index)
            shots.append(replace(made, cues=cues, level=own_level(scene, shot)))
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
        keyframes=inherit("keyframes", shot, scene, script)[0] or 1,
        join=shot.join,
        transition="cut" if inherited == "cut" else inherit("transition", shot, scene, script)[0] or "cut",
        choices=choices,
        still=shot.still,
        motion_words=shot.motion,
        negative=inherit("negative", shot, scene, script)[0] or "",
        camera=(shot.camera.move, shot.camera.angle) if shot.camera else ("", ""),
        props=tuple(_things(script.props, shot.props)),
        places=places,
        lines=lines,
        sound=words_of(shot.sound or scene.sound),
        music=words_of(shot.music or scene.music),
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

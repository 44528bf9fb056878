"""Screenplays as shots, whatever file they stand in: paragraphs in, a script's mapping out, and back.

A scene heading begins a scene, an action paragraph a shot, dialogue joins the shot before it, a shot heading (CLOSE ON,
WIDE SHOT, PAN TO ...) says size and camera of the shot that follows. The cast is who speaks, and who is introduced in
capitals; what stands there first of somebody, in brackets or between commas, is the description. A sentence that begins
with a name is that character's action, all else the plot. Lengths are `auto`: as long as what is said takes.

The words of headings and actions that the script's own fields would not give back are kept under `x-screenplay`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import MovieDreamerError
from ..model import MAX_SHOTS, Scene, Script, Shot
from .common import Names, compact, size_for, text_of
from .headings import BOTH, Camera, camera_of, heading_of, kept_camera, place_and_time
from .people import MAX_PEOPLE, People, introduced, speaker

KIND = "screenplay"
MAX_LINES = 32
MAX_SPOKEN = 20_000
"""Bytes of dialogue in one shot: it is one subtitle."""


@dataclass(frozen=True)
class Paragraph:
    """One paragraph: `kind` is heading, action, shot, character, parenthetical, dialogue or transition."""

    kind: str
    text: str


def script_of(paragraphs: Iterable[Paragraph], title: str) -> dict[str, Any]:
    """The script (a mapping) of a screenplay. Raises MovieDreamerError if nothing happens in it."""
    rows = [Paragraph(p.kind, " ".join(p.text.split())) for p in paragraphs if p.text.strip()]
    reader = _Reader(introduced((row.text for row in rows if row.kind == "action"), _speakers(rows)))
    for row in rows:
        reader.read(row)
    return reader.script(title)


def _speakers(rows: Iterable[Paragraph]) -> Iterator[str]:
    """Everybody who says something."""
    cue = ""
    for row in rows:
        cue = speaker(row.text)[0] if row.kind == "character" else cue
        if row.kind == "dialogue":
            yield cue


def paragraphs_of(script: Script) -> Iterator[Paragraph]:
    """The screenplay of a script: every shot's size where it is not the usual one, its action, what is said in it."""
    writer = _Writer(script)
    for scene in script.scenes:
        heading = _kept(scene, "heading")
        stale = place_and_time(heading) != (scene.place, scene.time)
        if scene is not script.scenes[0] or scene.place or scene.time or heading:
            yield Paragraph("heading", heading_of(scene.place, scene.time) if stale else heading)
        for shot in scene.shots:
            yield from writer.shot(shot)


class _Writer:
    """Writes shots, and knows who has been introduced."""

    def __init__(self, script: Script) -> None:
        self.shown = {name.casefold(): c.shown_name for c in script.characters for name in (c.id, c.shown_name)}
        self.named = {c.id: c.shown_name for c in script.characters}
        self.described = {c.id: c.description for c in script.characters}
        self.people = People({c.shown_name.upper(): c.id for c in script.characters})
        self.met: set[str] = set()

    def shot(self, shot: Shot) -> Iterator[Paragraph]:
        """A shot's paragraphs."""
        if shot.transition in ("dissolve", "fade"):
            yield Paragraph("transition", "DISSOLVE TO:" if shot.transition == "dissolve" else "FADE IN:")
        kept = _kept(shot, "camera")
        camera = kept_camera(kept)
        if camera is not None and camera.size in ("", shot.size):
            yield from (Paragraph("shot", heading) for heading in kept.split(BOTH))
        elif shot.size != size_for(len(shot.characters)):
            yield Paragraph("shot", Camera.said_of(shot))
        if action := self._action(shot, camera):
            yield Paragraph("action", action)
        yield from self._dialogue(shot)

    def _action(self, shot: Shot, camera: Camera | None) -> str:
        """The action as it was read, while it still says what the shot does, or made of the shot's fields."""
        kept, subject = _kept(shot, "action"), camera.subject if camera else ""
        actions, plot = self.people.actions(kept)
        people = {self._id(person.id): person.action for person in shot.characters}
        lines = () if isinstance(shot.dialogue, str) else shot.dialogue
        shown = self.people.mentioned(subject)
        named = {*self.people.mentioned(kept), *shown}
        seen = named | {self._id(line.who) for line in lines if not line.off_screen}
        same = people == {who: text_of(actions.get(who, "")) for who in people}
        if same and named <= set(people) <= seen and shot.plot == (_plot(plot) or text_of(subject) * (not shown)):
            self.met |= set(self.people.mentioned(kept))
            return kept
        sentences = [self._sentence(who, action) for who, action in people.items() if action or who not in seen]
        return " ".join(filter(None, [*sentences, _closed(shot.plot)]))

    def _id(self, name: str) -> str:
        return self.people.ids[self.shown[name.casefold()].upper()]

    def _sentence(self, who: str, action: str) -> str:
        name, words = self.named[who], "" if who in self.met else self.described[who]
        self.met.add(who)
        return f"{name.upper()} ({words}) {action or 'is there'}." if words else f"{name} {action or 'is there'}."

    def _dialogue(self, shot: Shot) -> Iterator[Paragraph]:
        if isinstance(shot.dialogue, str):
            if shot.dialogue:
                yield Paragraph("action", f'"{" ".join(shot.dialogue.split())}"')
            return
        for line in shot.dialogue:
            off = " (O.S.)" if line.off_screen else ""
            yield Paragraph("character", self.shown[line.who.casefold()].upper() + off)
            if line.emotion:
                yield Paragraph("parenthetical", f"({line.emotion})")
            yield Paragraph("dialogue", " ".join(line.line.split()))


def _closed(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if not text or text[-1] in ".!?…" else ".")


def _kept(part: Scene | Shot, field: str) -> str:
    kept = (part.model_extra or {}).get(f"x-{KIND}")
    text = kept.get(field) if isinstance(kept, Mapping) else None
    return " ".join(text.split()) if isinstance(text, str) else ""


class _Reader:
    """Takes paragraphs one by one and holds the scenes so far."""

    def __init__(self, people: Mapping[str, str]) -> None:
        names = Names("character")
        parts = {
            name: names.give(name.title()) | compact({"description": text_of(words)}) for name, words in people.items()
        }
        self.cast = list(parts.values())
        self.people = People({name: part["id"] for name, part in parts.items()})
        self.scenes: list[dict[str, Any]] = []
        self.count = 0
        self.shot: dict[str, Any] | None = None
        self.camera: Camera | None = None
        self.transition = ""
        self.speaking: tuple[str, bool] = ("", False)
        self.emotion = ""

    def read(self, row: Paragraph) -> None:
        """One more paragraph."""
        if row.kind == "heading":
            self._heading(row.text)
        elif row.kind in ("action", "shot"):
            camera = camera_of(row.text, row.kind == "shot")
            if camera is not None:
                self._point(camera)
            elif row.kind == "action":
                self._action(row.text)
        elif row.kind == "transition":
            self.transition = next((w for w in ("dissolve", "fade") if w in row.text.casefold()), "")
        elif row.kind == "character":
            self.speaking, self.emotion = speaker(row.text), ""
        elif row.kind == "parenthetical":
            self.emotion = text_of(row.text.strip("() "))
        elif row.kind == "dialogue":
            self._say(row.text)

    def script(self, title: str) -> dict[str, Any]:
        """All that was read."""
        self._flush()
        scenes = [scene for scene in self.scenes if scene["shots"]]
        if not scenes:
            raise MovieDreamerError("the screenplay has no action and no dialogue: nothing to make shots of")
        for scene in scenes:
            for shot in scene["shots"]:
                self._finish(shot)
        return {"title": title, "defaults": {"seconds": "auto"}, "characters": self.cast, "scenes": scenes}

    def _heading(self, text: str) -> None:
        self._flush()
        place, time = place_and_time(text)
        scene: dict[str, Any] = {"place": text_of(place), **compact({"time": text_of(time)}), "shots": []}
        if heading_of(scene["place"], scene.get("time", "")) != text:
            scene[f"x-{KIND}"] = {"heading": text}
        self.scenes.append(scene)
        self.shot = None

    def _point(self, camera: Camera) -> None:
        if self.camera is not None and not self.camera.subject:
            camera = self.camera.and_then(camera)
        else:
            self._flush()
        self.camera, self.shot = camera, None

    def _flush(self) -> None:
        """A shot heading that nothing followed is a shot of its own."""
        if self.camera is not None:
            self._begin()
            self.shot = None

    def _begin(self) -> dict[str, Any]:
        if not self.scenes:
            self.scenes.append({"place": "", "shots": []})
        self.count += 1
        if self.count > MAX_SHOTS:
            raise MovieDreamerError(f"the screenplay has more than {MAX_SHOTS} action paragraphs; split it into parts")
        shot: dict[str, Any] = {"characters": [], "plot": "", "dialogue": []}
        if self.transition:
            shot["transition"], self.transition = self.transition, ""
        if self.camera is not None:
            self.camera.into(shot)
            subject, self.camera = self.camera.subject, None
            for who in self.people.mentioned(subject):
                shot["characters"].append({"id": who})
            if subject and not shot["characters"]:
                shot["plot"] = text_of(subject)
        self.scenes[-1]["shots"].append(shot)
        self.shot = shot
        return shot

    def _action(self, text: str) -> None:
        shot = self._begin()
        subject = shot["plot"]
        actions, plot = self.people.actions(text)
        for who in self.people.mentioned(text):
            if who not in [person["id"] for person in shot["characters"]] and len(shot["characters"]) < MAX_PEOPLE:
                shot["characters"].append({"id": who})
        for person in shot["characters"]:
            person |= compact({"action": text_of(actions.get(person["id"], ""))})
        shot["plot"] = _plot(plot) or subject
        shot[f"x-{KIND}"] = {**shot.get(f"x-{KIND}", {}), "action": text}

    def _say(self, text: str) -> None:
        name, hidden = self.speaking
        if name not in self.people.ids:
            return
        for words in _pieces(text):
            shot = self.shot
            size = sum(len(line["line"].encode()) for line in shot["dialogue"]) if shot else 0
            if shot is None or self.camera or len(shot["dialogue"]) >= MAX_LINES or size > MAX_SPOKEN:
                shot = self._begin()
            line = {"who": self.people.ids[name], "line": words, **compact({"emotion": self.emotion})}
            shot["dialogue"].append(line | ({"off_screen": True} if hidden else {}))
            seen = [person["id"] for person in shot["characters"]]
            if not hidden and self.people.ids[name] not in seen and len(seen) < MAX_PEOPLE:
                shot["characters"].append({"id": self.people.ids[name]})

    def _finish(self, shot: dict[str, Any]) -> None:
        people = len(shot["characters"])
        if shot.get("size", "two-shot") == "two-shot" and people != 2:
            shot["size"] = size_for(people)
        shot.setdefault("size", size_for(people))
        for field in ("characters", "plot", "dialogue"):
            if not shot[field]:
                del shot[field]


def _plot(text: str) -> str:
    """As much of a paragraph as a plot holds; all of it is kept beside the script."""
    return text_of(text if len(text) <= 1000 else text[:1000].rpartition(" ")[0])


def _pieces(text: str) -> Iterator[str]:
    """A speech in lines of at most 1,000 characters, parted between words."""
    while len(text) > 1000:
        cut = max(text.rfind(mark, 0, 1000) for mark in (". ", "! ", "? "))
        cut = cut + 1 if cut > 200 else max(text.rfind(" ", 0, 1000), 0) or 1000
        yield text[:cut].strip()
        text = text[cut:].strip()
    if text_of(text):
        yield text_of(text)

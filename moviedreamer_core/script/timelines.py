"""A film's cut as editing programs keep it, through OpenTimelineIO (`moviedreamer[formats]`), and what one says.

Data contract: a `CutShot` is one shot in the film's order: which file, how many frames the file has, which of them are
shown, and how many it shares with the shot before. Frames are whole numbers at the film's rate. In a timeline the cut
of a dissolve lies in its middle, and what is not shown of a clip are its handles; each clip carries its shot's id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MovieDreamerError
from ..files import ordinary_file
from .formats.common import needed

OURS = "moviedreamer"
"""The name of our metadata in a timeline."""
ADAPTERS = {".otio": "otio_json", ".edl": "cmx_3600", ".xml": "fcp_xml", ".fcpxml": "fcpx_xml", ".aaf": "AAF"}
_VIDEO_DISSOLVE = {
    "Identification": "0c3bea40-fc05-11d2-8a29-0050040ef7d2", "Name": "Video Dissolve", "Description": "",
    "DataDefinition": {"Name": "Picture"}, "OperationCategory": "OperationCategory_Effect", "NumberInputs": 2,
    "IsTimeWarp": False, "Bypass": 0,
}  # fmt: skip
"""The operation of that id in the AAF Object Specification."""
MOST_NESTED = 100
MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class CutShot:
    """One shot of a cut: `first` and `frames` of the file's `whole` frames are shown, `shared` of them at the beginning
    also show the shot before (a dissolve). `transition` is how it comes in.
    """

    shot: str
    whole: int
    first: int
    frames: int
    shared: int = 0
    transition: str = "cut"
    file: Path | None = None
    scene: str = ""
    note: str = ""


def write_timeline(
    path: Path, title: str, fps: int, shots: Sequence[CutShot], stems: Mapping[str, Path] | None = None
) -> None:
    """Write a cut in the format that the file's name says. `stems` are sound files under the whole film, by name.

    Raises MovieDreamerError for an unknown format, or one whose adapter is not there.
    """
    otio = needed("opentimelineio", "a timeline")
    timeline = otio.schema.Timeline(title, global_start_time=otio.opentime.RationalTime(0, fps))
    pictures = otio.schema.Track("pictures", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(pictures)
    for number, shot in enumerate(shots):
        if shot.shared:
            before, after = shot.shared // 2, shot.shared - shot.shared // 2
            pictures.append(
                otio.schema.Transition(
                    "dissolve",
                    otio.schema.TransitionTypes.SMPTE_Dissolve,
                    otio.opentime.RationalTime(before, fps),
                    otio.opentime.RationalTime(after, fps),
                )
            )
        pictures.append(_clip(otio, shot, shots[number + 1 : number + 2], fps, path.parent))
    total = sum(shot.frames for shot in shots) - sum(shot.shared for shot in shots)
    for name, stem in (stems or {}).items():
        track = otio.schema.Track(name, kind=otio.schema.TrackKind.Audio)
        track.append(
            otio.schema.Clip(name, _reference(otio, stem, total, fps, path.parent), _range(otio, 0, total, fps))
        )
        timeline.tracks.append(track)
    adapter = _adapter(otio, path)
    more = {}
    if adapter == "AAF":
        _describe_dissolves(otio, pictures)
        more = {"use_empty_mob_ids": True}  # our clips have no ids of Avid's; it gives out its own
    otio.adapters.write_to_file(timeline, str(path), adapter_name=adapter, **more)


def _describe_dissolves(otio: Any, track: Any) -> None:
    """Say what a dissolve is in AAF's own words: its writer makes none without."""
    for item in track:
        if isinstance(item, otio.schema.Transition):
            item.metadata["AAF"] = {
                "CutPoint": int(item.in_offset.value),
                "PointList": [{"Time": 0, "Value": 0}, {"Time": 1, "Value": 1}],
                "OperationGroup": {"Operation": _VIDEO_DISSOLVE},
            }


def check_timeline(path: Path) -> None:
    """Raise MovieDreamerError unless a timeline can be written under this name."""
    _adapter(needed("opentimelineio", "a timeline"), path)


def _clip(otio: Any, shot: CutShot, after: Sequence[CutShot], fps: int, folder: Path) -> Any:
    first = shot.first + shot.shared // 2
    shared = after[0].shared if after else 0
    end = shot.first + shot.frames - (shared - shared // 2)
    clip = otio.schema.Clip(
        shot.shot, _reference(otio, shot.file, shot.whole, fps, folder), _range(otio, first, end - first, fps)
    )
    clip.metadata[OURS] = {"shot": shot.shot, "scene": shot.scene, "transition": shot.transition}
    marker = otio.schema.Marker(shot.shot, _range(otio, first, 1, fps), otio.schema.MarkerColor.GREEN)
    marker.metadata[OURS] = {"shot": shot.shot, "note": shot.note}
    clip.markers.append(marker)
    return clip


def _reference(otio: Any, file: Path | None, frames: int, fps: int, folder: Path) -> Any:
    if file is None:
        return otio.schema.MissingReference(available_range=_range(otio, 0, frames, fps))
    near = file.resolve().is_relative_to(folder.resolve())
    name = file.resolve().relative_to(folder.resolve()).as_posix() if near else file.resolve().as_uri()
    return otio.schema.ExternalReference(name, _range(otio, 0, frames, fps))


def _range(otio: Any, first: int, frames: int, fps: int) -> Any:
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(first, fps), time(frames, fps))


def read_timeline(path: Path, fps: int) -> list[CutShot]:
    """The shots of the first track of pictures, in its order, in frames of `fps`; `whole` is 0 where it is not said.

    Raises MovieDreamerError for a file that no adapter reads, or a track with pictures of nobody's.
    """
    otio = needed("opentimelineio", "a timeline")
    adapter = _adapter(otio, path)
    if ordinary_file(path, "a timeline").stat().st_size > MOST_BYTES:
        raise MovieDreamerError(f"{path.name}: larger than {MOST_BYTES} bytes: no timeline is")
    if adapter == "otio_json":
        _check_nesting(path)
    more = {"rate": fps} if adapter == "cmx_3600" else {}
    try:
        if adapter == "fcpx_xml":
            timeline = otio.adapters.read_from_string(_whole_frames(path.read_text("utf-8")), adapter_name=adapter)
        else:
            timeline = otio.adapters.read_from_file(str(path), adapter_name=adapter, **more)
        timeline = timeline[0] if isinstance(timeline, otio.schema.SerializableCollection) else timeline
        return list(_shots(otio, timeline.video_tracks()[0], fps))
    except MovieDreamerError:
        raise
    # Adapters meet damaged files with errors of every kind.
    except Exception as error:
        raise MovieDreamerError(
            f"{path.name}: cannot be read as a timeline: {type(error).__name__}: {str(error)[:200]}"
        ) from error


def _whole_frames(text: str) -> str:
    """FCPXML whose fractions of a second are a millionth of a second more: its adapter cuts frames down, and 57/25 s in
    floating point is a little less than 57 frames.
    """

    def more(found: re.Match[str]) -> str:
        name, count, per = found[1], int(found[2]), int(found[3])
        return f'{name}="{count * 10**6 + per}/{per * 10**6}s"'

    return re.sub(r'\b(offset|start|duration)="(\d{1,15})/(\d{1,9})s"', more, text)


def _check_nesting(path: Path) -> None:
    """Refuse what is nested deeper than any timeline: the library's reader would end the process."""
    depth = 0
    for sign in re.findall(rb'"(?:[^"\\]|\\.)*"|[\[{\]}]', path.read_bytes()):
        depth += (sign in b"[{") - (sign in b"]}")
        if depth > MOST_NESTED:
            raise MovieDreamerError(f"{path.name}: nested more than {MOST_NESTED} levels deep: no timeline is")


def _shots(otio: Any, track: Any, fps: int) -> Iterator[CutShot]:
    items = [item for item in track if not isinstance(item, otio.schema.Gap)]
    if len(items) > 5000:
        raise MovieDreamerError(f"the timeline has {len(items)} items; expected at most 5000")
    for number, item in enumerate(items):
        if isinstance(item, otio.schema.Transition):
            continue
        around = (items[number - 1] if number else None, items[number + 1] if number + 1 < len(items) else None)
        before, after = (one if isinstance(one, otio.schema.Transition) else None for one in around)
        lead = _frames(before.in_offset, fps) if before else 0
        shared = lead + (_frames(before.out_offset, fps) if before else 0)
        shown = item.trimmed_range()
        first = _frames(shown.start_time, fps) - lead
        end = _frames(shown.end_time_exclusive(), fps) + (_frames(after.out_offset, fps) if after else 0)
        known = item.media_reference.available_range if item.media_reference else None
        start = _frames(known.start_time, fps) if known else 0
        ours = item.metadata.get(OURS)
        marks = ours if ours is not None and hasattr(ours, "get") else {}
        yield CutShot(
            str(marks.get("shot") or Path(item.name or "").stem), _frames(known.duration, fps) if known else 0,
            first - start, end - first, shared, str(marks.get("transition", "")) or ("dissolve" if shared else "cut"),
        )  # fmt: skip


def _frames(time: Any, fps: int) -> int:
    return round(time.rescaled_to(fps).value)


def _adapter(otio: Any, path: Path) -> str:
    name = ADAPTERS.get(path.suffix.lower())
    if name is None:
        raise MovieDreamerError(
            f"{path.name}: a timeline is one of {', '.join(ADAPTERS)}; got {path.suffix or 'no suffix'!r}"
        )
    if name not in otio.adapters.available_adapter_names():
        raise MovieDreamerError(f"{path.name}: its format needs an adapter: pip install 'moviedreamer[editors]'")
    return name

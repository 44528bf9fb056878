"""Everything that is measured, in one run over a store: a second run finds what the first one made.

Of the baselines only the short films are made, and clips of a sample of shots; `Evidence.sampled` says of what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..bundle import Bundle
from ..film.artefacts import Keyframe
from ..papertown import ACTIONS, Film
from ..papertown.reader import Reader
from ..progress import SILENT, Progress
from ..store import Store
from .counted_mean import CountedMean, added, gap
from .described import DESCRIBED, described, described_chances, see_described
from .details import CHANCE, kept_by_film, read_places
from .evidence import Evidence
from .face_likeness import appearances, measure_faces, quarters
from .features import MetricClip, clip_score, frechet_distance, inception_score
from .film_pictures import FilmPictures, part_of
from .fitting import fit_looks
from .held_out import LONG, HeldOut, open_film
from .history import SOURCES, fewshot, revisits, unstated_revisit
from .intervals import resampled
from .looks import KEPT, measure_looks, read_looks
from .looks import chances as look_chances
from .motion import anchor_likeness, anchored_shots, clip_frames, drawn_clip, make_clips, read_action, sampled
from .reading import READ, chances, read_film
from .see import see_drawn, see_keyframes
from .variants import BASELINES, PLAN, Variant, planned_tokens, render

CLIPS = 6
NO_CLIP = "no judging CLIP was given or found"
TOGETHER = ("place", "who", "attributes")
ACTION_KEYS = ("action", *(f"action.{name}" for name in ACTIONS))
"""The measures whose mean says whether a film is better than one that copies."""


@dataclass(frozen=True)
class Judges:
    """Who judges: papertown's reader and, where there is one, a CLIP."""

    reader: Reader
    clip: MetricClip | None = None


@dataclass(frozen=True)
class Made:
    """A film with its own keyframes, as they were seen and as they were drawn."""

    held: HeldOut
    keyframes: list[Keyframe]
    seen: FilmPictures
    drawn: FilmPictures


def make_films(bundle: Bundle, store: Store, films: Sequence[Film], progress: Progress = SILENT) -> list[Made]:
    """The films by the ordinary pipeline: cast, plan, keyframes."""
    progress.stage("plans", len(films))
    held = []
    for film in films:
        progress.check()
        held.append(open_film(film, bundle, store, progress=progress))
        _ = held[-1].plan, held[-1].truth
        progress.advance(f"{len(film.shots)} shots")
    progress.stage("keyframes", sum(len(film.shots) for film in films))
    keyframes = [list(render(one, PLAN.name, _numbered(planned_tokens(one)), progress=progress)) for one in held]
    progress.stage("faces", len(films))
    made = []
    for one, own in zip(held, keyframes, strict=True):
        made.append(Made(one, own, see_keyframes(one, own), see_drawn(one)))
        progress.advance(one.session.script.title)
    return made


def evaluate(made: Sequence[Made], judges: Judges, progress: Progress = SILENT) -> Evidence:
    """Measure films that were made: every key that `page.KEYS` explains."""
    found, every = Evidence(), [one.seen for one in made]
    drawn = [one.drawn for one in made]
    measure_keyframes(found, "", every, drawn, judges)
    measure_keyframes(found, "baselines.drawn.", drawn, drawn, judges)
    found.put("aesthetic", None, why="no aesthetic predictor: those that exist are trained on photographs")
    found.chance |= {**chances(every), **look_chances(), "unstated_revisit": CHANCE, "unstated_kept": 0.0}
    found.chance |= {f"second.{name}": found.chance[name] for name in KEPT}
    _long_film(found, made, judges.reader)
    _baselines(found, made, judges, progress)
    _second_judge(found, made, progress)
    _described(found, made, judges.reader, progress)
    _history(found, made, judges, progress)
    _clips(found, made, judges, progress)
    _reader_accuracy(found)
    return found


def measure_keyframes(
    found: Evidence, prefix: str, seen: Sequence[FilmPictures], drawn: Sequence[FilmPictures], judges: Judges
) -> None:
    """All that keyframes alone show; `drawn` are the true keyframes of the same shots."""
    reader = judges.reader
    rows = [read_film(reader, one) | measure_faces(one) | measure_looks(read_looks(reader, one)) for one in seen]
    found.take(rows, prefix, (*READ, *KEPT))
    own, other = zip(*kept_by_film([read_places(reader, one) for one in seen]), strict=True)
    why = "no shot returns to a place of a kind that another of these films has"
    found.gap(prefix + "unstated_kept", own, other, why)
    found.mean(prefix + "unstated_kept.own", own, why)
    found.mean(prefix + "unstated_kept.other", other, why)
    images = torch.cat([one.images for one in seen])
    found.put(prefix + "inception_score", inception_score(reader.probabilities(images, "place")), len(images))
    if judges.clip is None:
        for name in ("clip_score", "fid"):
            found.put(prefix + name, None, why=NO_CLIP)
        return
    clip = judges.clip
    found.mean(prefix + "clip_score", [clip_score(clip.images(o.images), clip.texts(list(o.sentences))) for o in seen])
    features, real = (clip.images(torch.cat([one.images for one in films])) for films in (seen, drawn))
    found.put(prefix + "fid", frechet_distance(features, real), len(images))


def _long_film(found: Evidence, made: Sequence[Made], reader: Reader) -> None:
    """First minus last quarter of the long film, in likeness to the first appearance and in what the reader reads."""
    long = next((one for one in made if one.held.long), None)
    if long is None:
        found.put("long_film_drop", None, why=f"no film of {LONG} shots was made")
        return
    count = len(long.held.film.shots)
    ends = (range(count // 4), range(count - count // 4, count))
    for prefix, film in (("", long.seen), ("baselines.drawn.", long.drawn)):
        first, last = quarters(appearances(film), count)
        why = "no later appearance in one of the quarters"
        found.put(prefix + "long_film_drop", gap(first, last), min(first.count, last.count), why)
        before, after = (read_film(reader, part_of(film, shots)) for shots in ends)
        for name in TOGETHER:
            a, b = before.get(name, CountedMean()), after.get(name, CountedMean())
            found.put(f"{prefix}long_film_drop.{name}", gap(a, b), min(a.count, b.count), "not in one of the quarters")


def _baselines(found: Evidence, made: Sequence[Made], judges: Judges, progress: Progress) -> None:
    """The short films another way, and the films themselves beside them."""
    short = [one for one in made if not one.held.long]
    drawn = [one.drawn for one in short]
    measure_keyframes(found, f"baselines.{PLAN.name}.", [one.seen for one in short], drawn, judges)
    together = {PLAN.name: [read_film(judges.reader, one.seen) for one in short]}
    progress.stage("baselines", len(BASELINES) * sum(len(one.film.shots) for one in drawn))
    for variant in BASELINES:
        seen = [see_variant(one.held, variant, progress) for one in short]
        measure_keyframes(found, f"baselines.{variant.name}.", seen, drawn, judges)
        if variant.name == "copy":
            together["copy"] = [read_film(judges.reader, one) for one in seen]
    _against_copying(found, together, len(short))
    shots = sum(len(one.film.shots) for one in drawn)
    found.sampled["baselines"] = f"keyframes of the {len(short)} short films, {shots} shots"


def see_variant(held: HeldOut, variant: Variant, progress: Progress = SILENT) -> FilmPictures:
    """A film made another way."""
    tokens = _numbered(variant.tokens(held))
    return see_keyframes(held, list(render(held, variant.name, tokens, faces=variant.faces, progress=progress)))


def _against_copying(found: Evidence, films: Mapping[str, Sequence[Mapping[str, CountedMean]]], count: int) -> None:
    """`better_than_copying`, from what the reader reads of both."""
    means, draws = {}, {}
    for name, rows in films.items():
        shares = [[row.get(key, CountedMean()) for row in rows] for key in TOGETHER]
        values = [sum(own, CountedMean()).value for own in shares]
        known = [value for value in values if value is not None]
        means[name] = sum(known) / len(known) if len(known) == len(values) else None
        draws[name] = np.mean([resampled(own) for own in shares], axis=0) if count else np.empty(0)
    mine, copy = means[PLAN.name], means["copy"]
    value = None if mine is None or copy is None else mine - copy
    found.put("better_than_copying", value, why="a measure is missing", draws=draws[PLAN.name] - draws["copy"])


def _second_judge(found: Evidence, made: Sequence[Made], progress: Progress) -> None:
    """What is kept, as the judge that draws sees it."""
    short = [one for one in made if not one.held.long]
    ceiling = [see_variant(one.held, BASELINES[0], progress) for one in short]
    kinds = {"": [one.seen for one in made], "baselines.drawn.": [one.drawn for one in made]}
    kinds[f"baselines.{BASELINES[0].name}."] = ceiling
    progress.stage("second judge", sum(len(one.film.shots) for films in kinds.values() for one in films))
    for prefix, films in kinds.items():
        rows = [measure_looks(fit_looks(one, progress)) for one in films]
        found.take(rows, f"{prefix}second.", KEPT)


def _described(found: Evidence, made: Sequence[Made], reader: Reader, progress: Progress) -> None:
    """The short films once more with people of whom there is no picture."""
    short = [one for one in made if not one.held.long]
    progress.stage("described people", sum(len(one.held.film.shots) for one in short))
    found.take([described(reader, one) for one in see_described([one.held for one in short], progress)], "", DESCRIBED)
    found.take([described(reader, one.drawn) for one in short], "baselines.drawn.", DESCRIBED)
    found.chance |= described_chances([one.drawn for one in short])


def _history(found: Evidence, made: Sequence[Made], judges: Judges, progress: Progress) -> None:
    """Unstated details from true history, and from an earlier episode."""
    count = sum(len(revisits(one.held)) for one in made)
    progress.stage("history", len(SOURCES) * count)
    kept = [unstated_revisit(one.held, judges.reader, progress) for one in made]
    by_source = {name: [one.get(name, CountedMean()) for one in kept] for name in SOURCES}
    for name, films in by_source.items():
        found.mean("unstated_revisit" if name == "plan" else f"baselines.{name}.unstated_revisit", films)
    why = "no shot returns to a place"
    found.gap("unstated_gain", by_source["plan"], by_source["no_history"], why)
    found.gap("baselines.copy.unstated_gain", by_source["copy"], by_source["no_history"], why)
    found.sampled["unstated_revisit"] = f"{count} returns to a place, 4 details each"
    short = [one for one in made if not one.held.long]
    progress.stage("few-shot", len(short))
    parts = []
    for one in short:
        parts.append(fewshot(one.held, judges.reader))
        progress.advance(one.held.session.script.title)
    halves = {name: [one.get(name, CountedMean()) for one in parts] for name in ("with", "pictures", "without")}
    for name, films in halves.items():
        found.mean(f"fewshot.{name}", films)
    why = "no place of a first half is seen again in the second"
    for key, name in (("fewshot_gain", "with"), ("fewshot_gain.pictures", "pictures")):
        found.gap(key, halves[name], halves["without"], why)


def _clips(found: Evidence, made: Sequence[Made], judges: Judges, progress: Progress) -> None:
    """What moves."""
    short = [one for one in made if not one.held.long]
    chosen = {one.held.film.seed: sampled(one.held, CLIPS) for one in short}
    count = sum(len(shots) for shots in chosen.values())
    progress.stage("clips", count)
    made_clips, drawn_clips = [], []
    for one in short:
        shots = chosen[one.held.film.seed]
        clips = make_clips(one.held, one.keyframes, shots, progress)
        frames = [clip_frames(clip.path) for clip in clips]
        made_clips.append(added(read_action(judges.reader, f, one.held, n) for n, f in zip(shots, frames, strict=True)))
        drawn_clips.append(added(read_action(judges.reader, drawn_clip(one.held, n), one.held, n) for n in shots))
    found.take(made_clips, "", ACTION_KEYS)
    found.take(drawn_clips, "baselines.drawn.", ACTION_KEYS)
    found.chance |= dict.fromkeys(ACTION_KEYS, 1 / len(ACTIONS))
    found.sampled["action"] = f"clips of the first {CLIPS} shots of each short film that are not wide, {count} clips"
    _anchor(found, short, progress)


def _anchor(found: Evidence, short: Sequence[Made], progress: Progress) -> None:
    """Likeness to the keyframe along an extended clip, with the anchor on and off."""
    shots = [(one, n) for one in short for n in anchored_shots(one.held)][:CLIPS]
    progress.stage("anchor", 2 * len(shots))
    for name, strength in (("on", 1.0), ("off", 0.0)):
        rows: list[Tensor] = []
        for one, n in shots:
            progress.check()
            row = anchor_likeness(one.held, one.keyframes[n], strength)
            rows += [] if row is None else [row]
            progress.advance(one.held.session.script.title)
        key = "anchor_decay" if name == "on" else "anchor_decay.off"
        mean = torch.stack(rows).mean(0) if rows else None
        decay = None if mean is None else float(mean[0] - mean[-1])
        found.put(key, decay, len(rows), "the animator does not go on in segments")
        for extension, value in enumerate([] if mean is None else mean.tolist()):
            found.put(f"anchor_likeness.{name}.{extension}", value, len(rows))
    found.sampled["anchor_decay"] = f"the first close or medium shot of {len(shots)} films, 5 extensions each"


def _reader_accuracy(found: Evidence) -> None:
    """What the reader makes of drawn frames, beside everything that it judges."""
    for name in [name for name in found.chance if f"baselines.drawn.{name}" in found.values]:
        source = f"baselines.drawn.{name}"
        found.put(f"reader_accuracy.{name}", found.values[source], found.counts.get(source), found.why.get(source, ""))
    each = [found.values[key] for key in found.values if key.startswith("reader_accuracy.by_attribute.")]
    known = [value for value in each if value is not None]
    found.put("reader_accuracy", sum(known) / len(known) if known else None, why="no close or medium shot")


def _numbered(tokens: Tensor) -> dict[int, Tensor]:
    return dict(enumerate(tokens))

"""What `moviedreamer prepare` finds, against the truth: drawn films, or a real film whose cuts were marked by hand.

    python benchmarks/prepare.py [--films 3] [--shots 16] [--same-face 0.5]
    python benchmarks/prepare.py --film sintel_trailer.mp4 --marks tests/marks/sintel_trailer.json

Prints one JSON object: of every kind of join the share that was found, and how many of the found beginnings are right;
for drawn films also faces found, precision and recall of "these two faces are one person", and dogs: the frames in the
middle of shots in which the CLIP beside the bundle sees one, of those that show one, and the other way round.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cast import load_faces
from moviedreamer_core.evaluation.counted_mean import CountedMean, added
from moviedreamer_core.evaluation.prepared import (
    Join,
    draw_film,
    joins_of,
    judge_people,
    judge_shots,
)
from moviedreamer_core.papertown import Film, make_film, to_script
from moviedreamer_core.prepare import CreatureFinder, CreatureRules
from moviedreamer_core.prepare.measure import frames_at, measure
from moviedreamer_core.prepare.people import cluster, sightings_of
from moviedreamer_core.prepare.settings import PeopleRules, ShotRules
from moviedreamer_core.prepare.shots import choose_looks, find_shots
from moviedreamer_core.script import resolve, script_from
from moviedreamer_core.sentences.clip import Clip

CLIP = Path(__file__).parents[1] / "moviedreamer_core" / "bundles" / "metric_clip"
DOGS = ("a little dog stands near", "a dog wags its tail")


def main() -> None:
    """Judge what the options say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=3)
    parser.add_argument("--shots", type=int, default=16)
    parser.add_argument("--same-face", type=float, default=0.5)
    parser.add_argument("--film", type=Path)
    parser.add_argument("--marks", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.film:
        shares = real(options.film, json.loads(options.marks.read_text()))
    else:
        rules = PeopleRules(alike=options.same_face)
        shares = added(drawn(seed, options.shots, rules) for seed in range(options.films))
    print(json.dumps({name: shown(share) for name, share in shares.items()}, indent=2))


def real(film: Path, marks: dict) -> dict[str, CountedMean]:
    """A marked film; titles count as shots, because they begin somewhere, too."""
    rules = ShotRules()
    found = find_shots(measure(film, rules), rules, marks["fps"])
    joins = [Join(each["first"], each["last"], each["kind"]) for each in marks["joins"]]
    begins = sorted(span.first for span in (*found.shots, *found.titles))
    return judge_shots(begins, joins, marks["doubtful"])


def drawn(seed: int, shots: int, people: PeopleRules) -> dict[str, CountedMean]:
    """One drawn film of the test split."""
    film, rules = make_film(seed, split="test", shots=shots), ShotRules()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        spans = draw_film(film, path)
        measures = measure(path, rules)
        found = find_shots(measures, rules, 8.0)
        looks = {n: k for k, span in enumerate(found.shots) for n in choose_looks(measures, span, people.looks)}
        pack, seen = load_faces(Bundle.open("mini")), []
        for number, frame in frames_at(path, set(looks)):
            size = (frame.shape[1], frame.shape[0])
            seen += sightings_of(pack.find(frame), looks[number], number, size, people)
        dogs = judge_dogs(film, path, [(span.first + span.end) // 2 for span in spans])
    shares = judge_shots([span.first for span in found.shots][1:], joins_of(film, spans))
    named = judge_people(film, spans, seen, cluster(seen, people))
    return {**shares, **{f"people.{name}": share for name, share in named.items()}, **dogs}


def judge_dogs(film: Film, path: Path, middles: list[int]) -> dict[str, CountedMean]:
    """How many dogs are found, and how many of those found are there."""
    resolved = resolve(script_from(to_script(film)))
    shows = {at: shot.plot == "dog" for at, shot in zip(middles, film.shots, strict=True)}
    finder = CreatureFinder(Clip.load(CLIP), DOGS, sorted({shot.place for shot in resolved}), CreatureRules())
    seen = {at: finder.find(frame, 0, at) is not None for at, frame in frames_at(path, set(middles))}
    found, there = ([at for at in middles if known[at]] for known in (seen, shows))
    return {
        "dogs.recall": CountedMean(sum(seen[at] for at in there), len(there)),
        "dogs.precision": CountedMean(sum(shows[at] for at in found), len(found)),
    }


def shown(share: CountedMean) -> str:
    """ "12 of 13"."""
    return f"{share.total:g} of {share.count}"


if __name__ == "__main__":
    main()

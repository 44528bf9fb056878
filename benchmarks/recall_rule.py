"""Whether the planner looks back to the same shot as the written rule for earlier keyframes.

    python benchmarks/recall_rule.py [--bundle mini] [--films 20] [--shots 40]

Films of papertown that no training has seen. For every shot whose place was seen before: which past shot the planner's
history attention weighs most (mean of its heads), whether that shows the same place, whether it is the very shot that
the rule takes (film/references.py: the last one of the place), and how much of the weight lies on the place's own
shots. Beside it what taking the shot before would give. Prints one JSON object. Needs no picture: places are likened by
their sentences.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from moviedreamer_core.bundle import Bundle  # noqa: E402
from moviedreamer_core.errors import MovieDreamerError  # noqa: E402
from moviedreamer_core.film.references import NamedKeyframe, earlier_keyframes  # noqa: E402
from moviedreamer_core.papertown.films import make_film  # noqa: E402
from moviedreamer_core.papertown.scripts import to_script  # noqa: E402
from moviedreamer_core.planner import Planner, load_planner  # noqa: E402
from moviedreamer_core.planner.conditions import shot_conditions  # noqa: E402
from moviedreamer_core.planner.model import PLACE  # noqa: E402
from moviedreamer_core.script import ResolvedShot, Script, resolve, shot_sentences  # noqa: E402
from moviedreamer_core.sentences import load_text  # noqa: E402

FIRST_SEED = 9_000_000


def weights(planner: Planner, places: torch.Tensor) -> torch.Tensor:
    """How much each of N shots looks back at each one before it, mean of the heads [N, N]. places [N, W]."""
    attention = planner.recollection
    if attention is None:
        raise MovieDreamerError("this planner has no history attention: choose a bundle whose planner does")
    keys = attention._keys(places[None])[0]
    like = torch.einsum("hqw,hnw->hqn", keys, keys)[None]
    steps = torch.arange(len(places))
    gap = (steps[:, None] - steps[None]).expand(1, 1, -1, -1)
    return attention.weigh(like, gap, gap > 0)[0].mean(0)


def counted(shots: tuple[ResolvedShot, ...], looks: torch.Tensor) -> list[tuple[bool, bool, float, bool]]:
    """For every shot whose place was seen before: same place, the rule's shot, weight on the place, the shot before."""
    rows, before = [], list[NamedKeyframe]()
    for number, shot in enumerate(shots):
        found = earlier_keyframes(shot, before, frozenset({"place"}))
        if found:
            chosen = shots[int(looks[number, :number].argmax())]
            own = [other for other in range(number) if shots[other].place == shot.place]
            share = float(looks[number, own].sum() / looks[number, :number].sum().clamp_min(1e-9))
            before_it = shots[number - 1].place == shot.place
            rows.append((chosen.place == shot.place, chosen.id == found[0].shot, share, before_it))
        before.append(NamedKeyframe(shot, shot.id))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="mini")
    parser.add_argument("--films", type=int, default=20)
    parser.add_argument("--shots", type=int, default=40)
    asked = parser.parse_args()
    bundle = Bundle.open(asked.bundle)
    planner, encoder = load_planner(bundle), load_text(bundle)
    c, rows = planner.config, []
    with torch.inference_mode():
        for number in range(asked.films):
            film = make_film(FIRST_SEED + number, split="test", shots=asked.shots)
            shots = resolve(Script.model_validate(to_script(film)))
            sentences = [shot_sentences(shot) for shot in shots]
            made = shot_conditions(sentences, None, encoder, max_slots=c.max_slots, face_width=c.face_width)
            rows += counted(shots, weights(planner, made.fields[:, PLACE]))
    names = ("same place", "the rule's very shot", "weight on the place's shots", "same place by the shot before")
    means = {name: round(sum(float(row[k]) for row in rows) / len(rows), 4) for k, name in enumerate(names)}
    known = {"bundle": asked.bundle, "films": asked.films, "shots whose place was seen before": len(rows)}
    print(json.dumps({**known, **means}, indent=1))


if __name__ == "__main__":
    main()

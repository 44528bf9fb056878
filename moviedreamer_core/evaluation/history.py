"""What the planner's own history is worth, in details that no script says.

`unstated_revisit`: given the true tokens of all shots before, how many details of the first shot back in a place are as
they were. `unstated_gain`: minus the same without history. `fewshot_gain`: a film's second half is planned anew as an
episode of its own, with the first half as an earlier episode or without; details of its first shots in places that the
first half showed. `fewshot_gain.pictures`: the same of the first half's pictures, without what they show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..film.episode import Episode, ShotText
from ..media.stills import read_picture
from ..papertown.reader import Reader
from ..planner import load_planner
from ..planner.evaluate import visit_kinds
from ..planner.packing import ConditionMasks
from ..progress import SILENT, Progress
from ..script.sentences import shot_sentences
from ..threads import one_thread
from ..tokenizer import Tokens
from .counted_mean import CountedMean
from .details import read_details, true_details
from .held_out import HeldOut, open_film
from .reading import right
from .variants import conditions_of, drawn_from, planned_tokens, render

REVISIT = 2
SOURCES = ("plan", "no_history", "copy", "true_tokens")


def revisits(held: HeldOut) -> list[int]:
    """The first shots back in a place, of which a planner with history can know everything."""
    kinds = visit_kinds([shot.place for shot in held.film.shots])
    return [n for n, kind in enumerate(kinds) if kind == REVISIT]


def unstated_revisit(held: HeldOut, reader: Reader, progress: Progress = SILENT) -> dict[str, CountedMean]:
    """Details right, by `SOURCES` of the tokens; and "drawn", what the reader makes of the drawn keyframes."""
    shots = revisits(held)
    if not shots:
        return {}
    places = [shot.place for shot in held.film.shots]
    truth, true = held.truth.values, true_details(held.film)[shots]
    before = [max(k for k in range(n) if places[k] == places[n]) for n in shots]
    sources = dict(zip(SOURCES, (*_predicted(held, truth, shots), truth[before], truth[shots]), strict=True))
    found = {}
    for name, tokens in sources.items():
        keyframes = render(held, f"revisit, {name}", dict(zip(shots, tokens, strict=True)), progress=progress)
        found[name] = right(_details(reader, [k.path for k in keyframes]), true)
    return found


def _predicted(held: HeldOut, truth: Tensor, shots: Sequence[int]) -> Iterator[Tensor]:
    """Draws [n, T, D] for the shots, from true history and without."""
    planner, conditions = load_planner(held.session.bundle), conditions_of(held)
    films = conditions.map(lambda value: value[None].to(planner.device))
    tokens = truth[None].to(planner.device)
    with torch.no_grad(), one_thread():
        for cut in (None, torch.ones(tokens.shape[:2], dtype=torch.bool, device=planner.device)):
            states = planner.states(tokens, films, masks=ConditionMasks(history=cut))[0]
            yield drawn_from(held, states[list(shots)], shots)


def fewshot(held: HeldOut, reader: Reader, progress: Progress = SILENT) -> dict[str, CountedMean]:
    """Details right "with" the first half as an earlier episode, with its "pictures" alone, and "without"."""
    half = len(held.film.shots) // 2
    later = replace(held.film, shots=held.film.shots[half:])
    shown = {shot.place for shot in held.film.shots[:half]}
    places = [shot.place for shot in later.shots]
    shots = [places.index(place) for place in sorted(shown & set(places))]
    if not shots:
        return {}
    pictures = Episode.of_pictures(Tokens(held.truth.values[:half], held.truth.fingerprint))
    described = replace(
        pictures, shown=tuple(ShotText(shot_sentences(shot), held.cast) for shot in held.session.shots[:half])
    )
    found = {}
    for name, history in (("with", described), ("pictures", pictures), ("without", None)):
        episode = open_film(later, held.session.bundle, held.session.store, name=f", part 2 {name}", history=history)
        tokens = planned_tokens(episode)
        keyframes = render(episode, "few-shot", {n: tokens[n] for n in shots}, progress=progress)
        found[name] = right(_details(reader, [k.path for k in keyframes]), true_details(later)[shots])
    return found


def _details(reader: Reader, paths: Sequence[Path]) -> Tensor:
    return read_details(reader, torch.stack([read_picture(path) for path in paths]))

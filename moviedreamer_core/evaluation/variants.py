"""The same films made another way: what each part of the system is worth. The decoder is the bundle's own in all.

`true_tokens` is the ceiling: tokens that the tokenizer reads from the drawn keyframes. Tokens are float32 [N, T, D].
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..cast import Cast
from ..decoder import DiffusionDecoder
from ..errors import MovieDreamerError
from ..film.artefacts import Keyframe
from ..film.film_cast import faceless
from ..film.keyframes import render_shot
from ..film.plan_takes import PlanTake, tokenizer_fingerprint
from ..film.planning import FilmPlan
from ..planner import Plan, PlannedShot, Planner, load_planner
from ..planner.conditions import Conditions, shot_conditions
from ..progress import SILENT, Progress
from ..script.sentences import shot_sentences
from ..sentences import load_text
from ..threads import one_thread
from .held_out import HeldOut


@dataclass(frozen=True)
class Variant:
    """One way to make a film. `faces` off hides them from the decoder; the plan stays."""

    name: str
    about: str
    tokens: Callable[[HeldOut], Tensor]
    faces: bool = True


def planned_tokens(held: HeldOut) -> Tensor:
    """The film's own plan."""
    return torch.cat([take.planned.tokens for take in held.plan.takes])


def true_tokens(held: HeldOut) -> Tensor:
    """What the tokenizer reads from the drawn keyframes."""
    return held.truth.values


def mean_tokens(held: HeldOut) -> Tensor:
    """The mixture's expectation in the place of a draw, each shot from the means before it."""
    planner, conditions = load_planner(held.session.bundle), conditions_of(held)
    memory, rows = planner.memory(), []
    with one_thread():
        for n in range(len(conditions)):
            flat = planner.mixture.mean(planner.predict_state(memory, conditions[n]))
            rows.append(_shaped(planner, flat))
            planner.append(memory, rows[-1], conditions[n])
    return torch.stack(rows)


def lonely_tokens(held: HeldOut) -> Tensor:
    """Drawn as the film is, but every shot planned as if it were the first."""
    planner, conditions = load_planner(held.session.bundle), conditions_of(held)
    with one_thread():
        states = [planner.predict_state(planner.memory(), conditions[n]) for n in range(len(conditions))]
        return drawn_from(held, torch.stack(states), range(len(states)))


def copied_tokens(held: HeldOut) -> Tensor:
    """The tokens of the last shot in the same place; a place's first shot has the plan's."""
    return copied(planned_tokens(held), [shot.place for shot in held.film.shots])


def copied(tokens: Tensor, places: Sequence[int]) -> Tensor:
    """Tokens [N, T, D] in which every shot repeats the last one of its place, and so the first."""
    return tokens[[list(places).index(place) for place in places]]


def unknown_tokens(held: HeldOut) -> Tensor:
    """What stands in the decoder for tokens that are not known."""
    decoder = held.session.load_decoder(held.session.shots[0])
    if not isinstance(decoder, DiffusionDecoder):
        got = type(decoder).__name__
        raise MovieDreamerError(f"the decoder is a {got}; expected a DiffusionDecoder, which can do without tokens")
    nothing = decoder.model.projector.null_tokens.detach().float()
    return nothing.expand(len(held.film.shots), -1, -1)


PLAN = Variant("plan", "the films themselves, the same ones as the baselines", planned_tokens)
BASELINES = (
    Variant("true_tokens", "the ceiling: tokens that the tokenizer reads from the drawn keyframes", true_tokens),
    Variant("mixture_mean", "the mixture's expectation in the place of a draw", mean_tokens),
    Variant("no_history", "every shot planned as if it were the first", lonely_tokens),
    Variant("copy", "the tokens of the last shot in the same place (its first: the plan's)", copied_tokens),
    Variant("tokens_off", "tokens unknown to the decoder: it has faces, descriptions and actions", unknown_tokens),
    Variant("faces_off", "the plan's tokens, but no face for the decoder", planned_tokens, faces=False),
)
SAME = {"text_to_image": "tokens_off"}
"""Per-shot text to image without a planner: this decoder reads no prompt, so what is left is `tokens_off`."""


def conditions_of(held: HeldOut) -> Conditions:
    """What the planner reads of the film's shots, [N, ...]."""
    c, bundle = load_planner(held.session.bundle).config, held.session.bundle
    sentences = [shot_sentences(shot) for shot in held.session.shots]
    return shot_conditions(
        sentences, held.cast, load_text(bundle), max_slots=c["max_slots"], face_width=c["face_width"]
    )


def drawn_from(held: HeldOut, states: Tensor, shots: Sequence[int]) -> Tensor:
    """Draws [n, T, D] from the planner's states [n, H] of these shots, with each shot's seed at the usual
    temperature."""
    planner = load_planner(held.session.bundle)
    rows = []
    for state, n in zip(states, shots, strict=True):
        generator = torch.Generator().manual_seed(held.session.seed(held.session.shots[n]))
        flat = planner.mixture.sample(state, temperature=planner.config["temperature"], generator=generator)
        rows.append(_shaped(planner, flat))
    return torch.stack(rows)


def render(
    held: HeldOut, variant: str, tokens: Mapping[int, Tensor], *, faces: bool = True, progress: Progress = SILENT
) -> Iterator[Keyframe]:
    """Keyframes of the shots that `tokens` (shot number -> [T, D]) has, through the film's pipeline and store."""
    session = held.named(variant)
    cast: Cast = held.cast if faces else faceless(session.script)
    plan = plan_of(held, tokens)
    for n in tokens:
        progress.check()
        yield render_shot(session, cast, plan, session.shots[n].id)[0]
        progress.advance(f"{variant}, {session.script.title}")


def plan_of(held: HeldOut, tokens: Mapping[int, Tensor]) -> FilmPlan:
    """A plan that says these tokens and nothing else."""
    session = held.session
    shots = [
        PlannedShot(session.shots[n].id, row[None].float(), 0.0, 0, 0.0, external=True) for n, row in tokens.items()
    ]
    whole = Plan(tuple(shots), tokenizer_fingerprint(session), session.bundle.fingerprint("planner"))
    return FilmPlan(whole, tuple(PlanTake(shot, Path(), "", False) for shot in shots))


def _shaped(planner: Planner, flat: Tensor) -> Tensor:
    return flat.detach().cpu().view(planner.config["token_count"], planner.config["token_width"])

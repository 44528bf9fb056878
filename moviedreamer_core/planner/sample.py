"""Planning a film: one shot after another, each drawn from the planner's density given script, cast and history.

Determinism: fp32, one shot per forward, one CPU thread, noise from a CPU generator per keyframe. The bytes of a shot
depend on the shot, its seed and the tokens before it alone, so a plan that is continued or planned again from shot N
equals one made in a single run.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from ..script.controls import CONTROLS
from ..script.resolved import ResolvedShot, shot_seed
from ..script.sentences import ShotSentences, shot_sentences
from ..threads import one_thread
from ..tokenizer.tokens import Tokens
from .conditions import Conditions, Faces, Sentences, inputs_digest, shot_conditions
from .memory import Memory
from .model import Planner
from .plan import HISTORY, Context, PlannedShot, tokens_digest


@dataclass(frozen=True)
class History:
    """An earlier episode as context (few-shot): keyframes' tokens [N, T, D], and the conditions of each one's shot, or
    None where they are not known. `digest` names it in a shot's `planned_with`, by default after its tokens.
    """

    tokens: Tokens
    conditions: Conditions | Sequence[Conditions | None] | None = None
    digest: str = ""


@dataclass(frozen=True)
class _Request:
    """One shot, ready to be planned."""

    shot: ResolvedShot
    sentences: ShotSentences
    conditions: Conditions
    seed: int
    kept: PlannedShot | Tensor | None


@dataclass(frozen=True)
class _Draw:
    """How to draw: `count` candidates a keyframe at `temperature`."""

    count: int
    temperature: float


def plan(
    planner: Planner,
    shots: Sequence[ResolvedShot],
    cast: Faces | None,
    encoder: Sentences,
    *,
    history: History | Tokens | None = None,
    frozen: Mapping[str, PlannedShot | Tokens] | None = None,
    candidates: int = 1,
    own_candidates: Mapping[str, int] | None = None,
    temperature: float | None = None,
    seed: int = 0,
    seeds: Mapping[str, int] | None = None,
    progress: Progress = SILENT,
) -> Iterator[PlannedShot]:
    """The plan of `shots` in film order, one at a time.

    `frozen` maps shot ids to what must stay: shots of an earlier plan (returned as they are) or tokens [K, T, D] made
    elsewhere. It is read when a shot's turn comes, so what a shot became may decide what stays after it. To plan again
    from shot N, freeze all before it; to plan one shot anew, freeze all others. Of `candidates` draws per keyframe (of
    some shots: of `own_candidates[id]`) the most likely one is kept, all are returned. `temperature` is by default the
    planner's own (0: the top mode). A shot's seed is `seeds[id]`, else its script's, else a hash of `seed` and its id.
    Everything is checked before the first shot. Raises MovieDreamerError for inputs that do not fit this planner, and
    naming the shot if the planner gives a value that is not finite. Puts the planner into evaluation mode.
    """
    draw = _Draw(candidates, planner.config.temperature if temperature is None else float(temperature))
    _check_draw(draw)
    _check_encoders(planner, cast, encoder)
    requests = _requests(planner, shots, cast, encoder, frozen or {}, seed, seeds or {})
    past = History(history) if isinstance(history, Tokens) else history
    if past is not None:
        _require(planner, past.tokens, "history")
        if past.conditions is not None and len(past.conditions) != len(past.tokens.values):
            raise MovieDreamerError(
                f"history: got {len(past.tokens.values)} keyframes, but conditions of {len(past.conditions)}; expected "
                "as many"
            )
    own = {name: replace(draw, count=count) for name, count in (own_candidates or {}).items()}
    for each in own.values():
        _check_draw(each)
    return _run(planner.eval(), requests, frozen or {}, cast, past, defaultdict(lambda: draw, own), progress)


def _run(
    planner: Planner,
    requests: list[_Request],
    frozen: Mapping[str, PlannedShot | Tokens],
    cast: Faces | None,
    past: History | None,
    draws: Mapping[str, _Draw],
    progress: Progress,
) -> Iterator[PlannedShot]:
    progress.stage("plan", len(requests))
    memory, known = planner.memory(), _history_context(planner, past)
    with one_thread():
        for n, tokens in enumerate(past.tokens.values if past else ()):
            planner.append(memory, tokens, past.conditions[n] if past and past.conditions else None)
    for request in requests:
        progress.check()
        request = replace(request, kept=_kept(planner, request.shot, frozen.get(request.shot.id)))
        with one_thread():
            inputs, draw = inputs_digest(request.sentences, cast), draws[request.shot.id]
            planned = _plan_shot(planner, memory, request, inputs, known, draw)
        known = (*known, (planned.id, planned.digest))
        progress.advance(planned.id)
        yield planned


def _history_context(planner: Planner, past: History | None) -> Context:
    """How an earlier episode stands in `planned_with`: as one entry."""
    return () if past is None else ((HISTORY, past.digest or tokens_digest(past.tokens.values)),)


def _plan_shot(
    planner: Planner, memory: Memory, request: _Request, inputs: str, known: Context, draw: _Draw
) -> PlannedShot:
    """Choose (or keep) each keyframe of a shot and remember it."""
    kept = request.kept
    if isinstance(kept, PlannedShot):
        for tokens in kept.tokens:
            planner.append(memory, tokens, request.conditions)
        return kept
    found: list[_Choice] = []
    for k in range(request.shot.keyframes):
        state = _finite(planner.predict_state(memory, request.conditions), request.shot)
        found.append(_draw(planner, state, request, k, draw) if kept is None else _score(planner, state, kept[k]))
        planner.append(memory, found[-1].tokens, request.conditions)
    many = kept is None and draw.count > 1
    return PlannedShot(
        id=request.shot.id,
        tokens=torch.stack([choice.tokens for choice in found]),
        log_likelihood=sum(choice.score for choice in found) / len(found),
        seed=request.seed,
        temperature=draw.temperature,
        inputs=inputs,
        external=kept is not None,
        planned_with=known if kept is None else (),
        candidates=torch.stack([choice.draws for choice in found]) if many else None,
        candidate_scores=torch.stack([choice.scores for choice in found]) if many else None,
    )


@dataclass(frozen=True)
class _Choice:
    """Draws [n, T, D] of one keyframe and their log-likelihoods [n] per dimension, on the CPU."""

    draws: Tensor
    scores: Tensor

    @property
    def best(self) -> int:
        return int(self.scores.argmax())

    @property
    def tokens(self) -> Tensor:
        return self.draws[self.best]

    @property
    def score(self) -> float:
        return float(self.scores[self.best])


def _draw(planner: Planner, state: Tensor, request: _Request, keyframe: int, draw: _Draw) -> _Choice:
    """Candidates for one keyframe."""
    # One after another from one generator: the first candidate is the same however many are asked for.
    own = request.seed if keyframe == 0 else shot_seed(request.seed, f"keyframe {keyframe}")
    generator = torch.Generator().manual_seed(own)
    temperature = draw.temperature
    draws = [planner.mixture.sample(state, temperature=temperature, generator=generator) for _ in range(draw.count)]
    scores = torch.stack([_likelihood(planner, state, value) for value in draws]).cpu()
    values = torch.stack(draws).cpu().view(draw.count, planner.config.token_count, planner.config.token_width)
    return _Choice(_finite(values, request.shot), scores)


def _score(planner: Planner, state: Tensor, tokens: Tensor) -> _Choice:
    """Tokens [T, D] that are given, as a choice of one."""
    own = tokens.detach().cpu().float()
    return _Choice(own[None], _likelihood(planner, state, own.to(state.device).flatten()).cpu()[None])


@torch.no_grad()
def _likelihood(planner: Planner, state: Tensor, tokens: Tensor) -> Tensor:
    return planner.mixture.log_prob(state, tokens) / planner.token_dims


def _finite(value: Tensor, shot: ResolvedShot) -> Tensor:
    if not torch.isfinite(value).all():
        raise MovieDreamerError(
            f"shot '{shot.id}' (script line {shot.line}): the planner gave a value that is not a number. Its weights "
            "are damaged: get the bundle again, then plan again (what was planned before this shot can be kept)"
        )
    return value


def _requests(
    planner: Planner,
    shots: Sequence[ResolvedShot],
    cast: Faces | None,
    encoder: Sentences,
    frozen: Mapping[str, PlannedShot | Tokens],
    seed: int,
    seeds: Mapping[str, int],
) -> list[_Request]:
    ids = [shot.id for shot in shots]
    if not ids:
        raise MovieDreamerError("plan: got no shots; a film needs at least one")
    if len(set(ids)) != len(ids):
        twice = next(name for n, name in enumerate(ids) if name in ids[:n])
        raise MovieDreamerError(f"plan: two shots have the id '{twice}'; give each its own")
    for name in [*frozen, *seeds]:
        if name not in set(ids):
            raise MovieDreamerError(f"plan: a frozen shot or seed names '{name}'; the shots are {', '.join(ids)}")
    c = planner.config
    sentences = [shot_sentences(shot) for shot in shots]
    many = shot_conditions(sentences, cast, encoder, max_slots=c.max_slots, face_width=c.face_width)
    requests = []
    for n, shot in enumerate(shots):
        own = seeds[shot.id] if shot.id in seeds else shot.seed_in(seed)
        requests.append(_Request(shot, sentences[n], many[n], own, _kept(planner, shot, frozen.get(shot.id))))
    return requests


def _kept(planner: Planner, shot: ResolvedShot, frozen: PlannedShot | Tokens | None) -> PlannedShot | Tensor | None:
    """What is frozen of a shot, checked: an earlier plan's shot, or the tokens [K, T, D] of pictures made elsewhere."""
    if frozen is None:
        return None
    mine = planner.config.tokenizer_fingerprint
    tokens = Tokens(frozen.tokens, mine) if isinstance(frozen, PlannedShot) else frozen
    values = _require(planner, tokens, f"frozen shot '{shot.id}'")
    if values.ndim != 3 or len(values) != shot.keyframes:
        raise MovieDreamerError(
            f"frozen shot '{shot.id}' has tokens of shape {tuple(values.shape)}; its script asks for {shot.keyframes} "
            "keyframes: plan it anew, or set the shot's keyframes back"
        )
    return frozen if isinstance(frozen, PlannedShot) else values


def _require(planner: Planner, tokens: Tokens, what: str) -> Tensor:
    c = planner.config
    try:
        values = tokens.require(c.tokenizer_fingerprint, c.token_count, c.token_width)
    except MovieDreamerError as error:
        raise MovieDreamerError(f"{what}: {error}") from error
    if not torch.isfinite(values).all():
        raise MovieDreamerError(f"{what}: holds a value that is not a number; encode its pictures again")
    return values


def _check_draw(draw: _Draw) -> None:
    CONTROLS["candidates"].check(draw.count)
    CONTROLS["temperature"].check(draw.temperature)


def _check_encoders(planner: Planner, cast: Faces | None, encoder: Sentences) -> None:
    """Sentences and faces must come from the encoders that the planner was trained with."""
    c = planner.config
    fingerprint = getattr(encoder, "fingerprint", "")
    if encoder.width != c.text_width or (c.text_fingerprint and fingerprint != c.text_fingerprint):
        raise MovieDreamerError(
            f"the planner reads sentences of text encoder {c.text_fingerprint[:12]} (width {c.text_width}), got "
            f"{fingerprint[:12]} (width {encoder.width}): use planner and text encoder of one bundle"
        )
    require = getattr(cast, "require", None)
    if c.face_fingerprint and require is not None:
        require(c.face_fingerprint, c.face_width)

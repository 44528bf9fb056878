"""What the nodes of a film hold on the page now, as the board takes it to say what a run would make.

The page sends for each node (web/js/board/settings.mjs) what it knows; what is left out, such as a value that is
wired in, stays as it was run:

    {"plan": {"shot_settings": [{"shots": "3", "seed": 7, ...}]},
     "keyframe": {"seed": -1, "steps": 0, "guidance": 0.0, "leave_out": "", "instead": "paper",
                  "maker": {"bundle": "mini", "name": "ink"}, "shot_settings": [...], "routes": [{"shots": "7"}]},
     "clip": {"seed": -1, "motion": 1.0, "anchor_strength": 1.0, ...}}
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..moviedreamer_core.board import BoardFilm
from ..moviedreamer_core.builtin import ANIMATORS, DECODERS
from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.session import FilmSession
from ..moviedreamer_core.film.settings import FilmSettings
from ..moviedreamer_core.script import Route, ShotSettings
from ..moviedreamer_core.script.controls import CONTROLS
from . import host
from .answers import number_of, text_of
from .plan_inputs import later_settings, left_out
from .types import AnimatorHandle, DecoderHandle
from .widgets import decided

NODES = {"plan": (), "keyframe": ("steps", "guidance"), "clip": ("motion", "anchor_strength")}
"""The node of each stage -> its widgets of numbers: those of keyframes may decide nothing."""
MAKERS = {"keyframe": "decoder", "clip": "animator"}
MORE = ("seed", "leave_out", "instead", "maker", "routes")
OF_SHOTS = ("seed", "steps", "guidance", "seconds", "motion")
MOST = 1000
"""Shot Settings or routes in a chain."""


@dataclass(frozen=True)
class Own:
    """What one stage's node adds to what the stages before it decided."""

    shot_settings: tuple[ShotSettings, ...]
    routes: tuple[Route, ...]

    @classmethod
    def of(cls, settings: FilmSettings, before: FilmSettings | None) -> "Own":
        """What is in the settings of a stage and not in those of the stage before."""
        known = (len(before.shot_settings), len(before.routes)) if before is not None else (0, 0)
        return cls(settings.shot_settings[known[0] :], settings.routes[known[1] :])


def with_nodes(film: BoardFilm, sent: Any) -> BoardFilm:
    """The film as it would be run with these values. Raises MovieDreamerError for what no node could hold."""
    if sent is None:
        return film
    if not isinstance(sent, dict) or not set(sent) <= set(NODES):
        raise MovieDreamerError(f"nodes is {str(sent)[:80]}; expected values by stage: {', '.join(NODES)}")
    was: FilmSession | None = None
    now: FilmSession | None = None
    changed: dict[str, FilmSession] = {}
    for stage, session in film.sessions().items():
        own = Own.of(session.settings, was.settings if was is not None else None)
        was, now = session, _stage(film, stage, session, own, now, sent.get(stage, {}))
        changed[stage] = now
    return film.mapped(lambda stage, session: changed[stage])


def _stage(
    film: BoardFilm, stage: str, session: FilmSession, own: Own, before: FilmSession | None, sent: Any
) -> FilmSession:
    """The session of a stage with what its node holds, after the stage `before`."""
    known = {"shot_settings", *NODES[stage], *(MORE if stage in MAKERS else ())}
    if not isinstance(sent, dict) or not set(sent) <= known:
        raise MovieDreamerError(f"nodes: {stage} is {str(sent)[:80]}; expected {', '.join(sorted(known))}")
    settings = session.settings
    for name in NODES[stage]:
        if name in sent:
            settings = replace(settings, **{name: _decided(stage, name, number_of(sent, name))})
    if "seed" in sent:
        settings = replace(settings, seed=_seed(film, number_of(sent, "seed")))
    if stage == "clip" and before is not None:  # what a keyframe was drawn with is known to its clip
        settings = replace(settings, steps=before.settings.steps, guidance=before.settings.guidance)
        settings = replace(settings, decoder=before.settings.decoder)
        session = replace(session, decoders=before.decoders)
    first = before.settings if before is not None else FilmSettings()
    settings = replace(
        settings,
        shot_settings=(*first.shot_settings, *_shot_settings(session, stage, own, sent)),
        routes=(*first.routes, *_routes(own, sent)),
    )
    session = replace(session, settings=settings, shots=())
    return _made_by(session, stage, sent["maker"]) if "maker" in sent else session


def _decided(stage: str, name: str, value: float) -> Any:
    """A number of a stage's node; of clips every one decides, and FilmSettings knows the bounds."""
    return decided(name, value) if stage == "keyframe" else CONTROLS[name].kind(value)


def _seed(film: BoardFilm, value: float) -> int | None:
    """The seed that a stage runs with: its own, or the plan's."""
    seed = decided("seed", value)
    return film.plan.settings.seed if seed is None else seed


def _shot_settings(session: FilmSession, stage: str, own: Own, sent: dict[str, Any]) -> tuple[ShotSettings, ...]:
    chain = tuple(each for each in own.shot_settings if each.decoder is None and each.animator is None)
    others = tuple(each for each in own.shot_settings if each not in chain)
    if "shot_settings" in sent:
        chain = tuple(_of_shots(row) for row in _rows(sent, "shot_settings"))
        chain = chain if stage == "plan" else later_settings(chain)
    if "leave_out" in sent and "instead" in sent:
        others = left_out(session.script, MAKERS[stage], text_of(sent, "leave_out"), text_of(sent, "instead"))
    return (*chain, *others)


def _of_shots(row: dict[str, Any]) -> ShotSettings:
    values = {name: decided(name, number_of(row, name)) for name in OF_SHOTS}
    return ShotSettings(text_of(row, "shots"), **values, lock=row.get("lock") is True or None)


def _routes(own: Own, sent: dict[str, Any]) -> tuple[Route, ...]:
    """The routes with the shots that they name now; what makes these is known by the last run alone."""
    rows = _rows(sent, "routes") if "routes" in sent else []
    if len(rows) != len(own.routes):
        return own.routes
    return tuple(replace(route, shots=text_of(row, "shots")) for route, row in zip(own.routes, rows, strict=True))


def _made_by(session: FilmSession, stage: str, sent: Any) -> FilmSession:
    """The session with what Load Decoder or Load Animator holds as the maker of shots that nobody decides."""
    field, first = MAKERS[stage], (DECODERS if stage == "keyframe" else ANIMATORS).names()[0]
    name, bundle = text_of(sent, "name", first), host.open_bundle(text_of(sent, "bundle"))
    same = bundle.folder == session.bundle.folder and bundle.swapped == session.bundle.swapped
    if same and name == getattr(session.settings, field):
        return session
    settings = replace(session.settings, **{field: name})
    if stage == "keyframe":
        made = host.bound(name, DecoderHandle(bundle, DECODERS.find(name)))
        return replace(session, bundle=bundle, settings=settings, decoders=session.decoders.extended([made]))
    made = host.bound(name, AnimatorHandle(bundle, ANIMATORS.find(name)))
    return replace(session, bundle=bundle, settings=settings, animators=session.animators.extended([made]))


def _rows(sent: dict[str, Any], name: str) -> Sequence[dict[str, Any]]:
    rows = sent[name]
    if not isinstance(rows, list) or len(rows) > MOST or not all(isinstance(row, dict) for row in rows):
        raise MovieDreamerError(f"{name} is {str(rows)[:80]}; expected a list of at most {MOST} objects")
    return rows

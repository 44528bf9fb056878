"""Which take of a shot stands when its script, cast, seeds or weights have changed: kept, or to be planned."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..cast import Cast
from ..errors import MovieDreamerError
from ..planner import Plan, PlannedShot
from ..planner.plan import HISTORY, Context
from ..script import ResolvedShot, select_shots
from ..store import artefact_key
from .keys import plan_inputs
from .plan_takes import STAGE, PlanTake, read_take, take_facts, tokenizer_fingerprint
from .session import FilmSession
from .settings import REPLAN

NOTHING = ""
"""The name of an empty history."""


class Standing:
    """Which take of a shot stands, walking along the film: `find` a shot's, then `add` what it has.

    A function of the script, its cast, seeds and weights, and of the takes that the film carries: the store is only
    where their files lie. In this order: a take that the artist pinned; for a locked shot its last one; the carried
    take of the same inputs after the same shots; unless `replan` asks for it anew, the newest one of the same inputs,
    which is then marked as planned with an older shot; the stored take of the same inputs after the same shots. None:
    it has to be planned. `looking`: what is carried gets no file, for who only wants to know what stands.
    """

    def __init__(
        self, session: FilmSession, cast: Cast, kept: Mapping[str, PlanTake] | None = None, *, looking: bool = False
    ) -> None:
        self.session, self.kept, self.looking = session, kept, looking
        self.faces, self.anew = faces_of(cast), asked_anew(session)
        self.before: str | None = NOTHING
        self.context: Context | None = tuple(past_of(session).items())
        self._own: dict[str, str] = {}

    def own(self, shot: ResolvedShot) -> str:
        """The name of what a shot is planned from, apart from the shots before it; hashed once."""
        if shot.id not in self._own:
            self._own[shot.id] = artefact_key("plan-inputs", plan_inputs(self.session, shot, self.faces))
        return self._own[shot.id]

    def find(self, shot: ResolvedShot) -> PlanTake | None:
        """The take of the next shot that stands, if any."""
        if self.kept is not None:
            return self.kept.get(shot.id) or self.stored(shot)
        return self._pinned(shot) or self._carried(shot) or self.stored(shot)

    def stored(self, shot: ResolvedShot) -> PlanTake | None:
        """The take of exactly these inputs after exactly these shots, if the store has it."""
        return None if self.before is None else stored_take(self.session, shot, artefact_key(STAGE, self.inputs(shot)))

    def inputs(self, shot: ResolvedShot) -> dict[str, Any]:
        """What names a new take of the next shot: its own inputs and the tokens of all shots before it."""
        return {"own": plan_inputs(self.session, shot, self.faces), "before": self.before}

    def add(self, shot: ResolvedShot, planned: PlannedShot | None) -> None:
        """Go on to the shot after this one, which has these tokens; None: nobody knows yet (a dry run)."""
        if planned is None or self.before is None or self.context is None:
            self.before = self.context = None
            return
        # The planner remembers a shot's words and faces beside its tokens. They go into the name where the tokens do
        # not stand for them: in a locked or pinned shot whose words have changed since.
        own = self.own(shot)
        script_inputs = "" if planned.external or planned.inputs == own or not self._holds(shot) else own
        self.before = after(self.before, planned, script_inputs)
        self.context = (*self.context, (shot.id, planned.digest))

    def _holds(self, shot: ResolvedShot) -> bool:
        pinned = self.session.store.index.pinned(self.session.name, shot.id, STAGE)
        return pinned is not None or self.session.is_locked(shot)

    def _pinned(self, shot: ResolvedShot) -> PlanTake | None:
        pinned = self.session.store.index.pinned(self.session.name, shot.id, STAGE)
        take = stored_take(self.session, shot, pinned.key) if pinned else None
        return take if take is not None and len(take.planned.tokens) == shot.keyframes else None

    def _carried(self, shot: ResolvedShot) -> PlanTake | None:
        takes, own = self.session.takes, self.own(shot)
        if self.session.is_locked(shot):
            planned = takes.latest(shot.id)
            if takes.tokenizer != tokenizer_fingerprint(self.session):
                raise MovieDreamerError(
                    f"{self.session.at(shot)}: is locked, but its plan was made with another tokenizer "
                    f"({takes.tokenizer[:12]}): unlock it, or use the bundle that made it"
                )
        elif takes.tokenizer != tokenizer_fingerprint(self.session) or shot.id in self.anew:
            return None
        else:
            planned = None if self.context is None else takes.exact(shot.id, own, self.context)
            if planned is None and self.session.settings.replan != "following":
                planned = takes.latest(shot.id, own)
        if planned is None or len(planned.tokens) != shot.keyframes:
            return None
        if self.looking:
            return PlanTake(planned, Path(), "", False, locked=self.session.is_locked(shot))
        take = carried_take(self.session, shot, planned, self.faces)
        return replace(take, locked=self.session.is_locked(shot))


def faces_of(cast: Cast) -> dict[str, str]:
    """Character id -> fingerprint of the face, "" without one."""
    return {who: cast.face_fingerprint(who) for who in cast.ids}


def after(before: str, planned: PlannedShot, script_inputs: str = "") -> str:
    """The name of the history `before` with one more shot; `script_inputs` is what its tokens do not say of it."""
    return _chained(before, planned.id, planned.digest + script_inputs)


def _chained(before: str, shot_id: str, digest: str) -> str:
    return sha256(f"{before}\0{shot_id}\0{digest}".encode()).hexdigest()


def stored_take(session: FilmSession, shot: ResolvedShot, key: str) -> PlanTake | None:
    """The take that the store has under this key."""
    found = session.store.find(STAGE, key)
    return PlanTake(read_take(found.path, shot), found.path, key, False) if found else None


def carried_take(session: FilmSession, shot: ResolvedShot, planned: PlannedShot, faces: dict[str, str]) -> PlanTake:
    """A carried take as a file: the one in which it was planned, if it is here, else one of its own.

    Never under the name of the inputs: what a workflow carries must not stand for what this planner plans.
    """
    before = NOTHING
    for name, digest in planned.planned_with:
        before = before if name.startswith(HISTORY) else _chained(before, name, digest)
    inputs = {"own": plan_inputs(session, shot, faces), "before": before}
    made_here = stored_take(session, shot, artefact_key(STAGE, inputs))
    if made_here is not None and made_here.planned.digest == planned.digest:
        return made_here
    one = Plan((planned,), tokenizer_fingerprint(session), session.bundle.fingerprint("planner"))
    inputs = {"carried": planned.digest, "inputs": planned.inputs, "as": take_facts(planned)}
    made = session.store.fetch(STAGE, inputs, ".safetensors", one.save, check=session.progress.check)
    return PlanTake(planned, made.path, made.key, False)


def past_of(session: FilmSession) -> dict[str, str]:
    """How an earlier episode stands in `planned_with`: as one entry, before all shots."""
    return {} if session.history is None else {HISTORY: session.history.digest}


def asked_anew(session: FilmSession) -> set[str]:
    """Ids of the shots that `replan` asks for anew whatever their inputs."""
    asked = session.settings.replan
    if asked in ("changed", "following"):
        return set()
    if asked == "all":
        return set(session.by_id)
    try:
        return set(select_shots(session.script, asked))
    except MovieDreamerError as error:
        raise MovieDreamerError(f"--replan {asked}: {error}; or give one of {', '.join(REPLAN)}") from error

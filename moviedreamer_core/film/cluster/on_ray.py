"""Workers on a Ray cluster: this machine's cores or GPUs with no set-up, or a cluster's by its address.

Every worker is a process of its own that keeps its models warm. Only this module imports Ray, and only who asks for
`--engine ray` imports it. Ray hands Python values between its processes: a cluster trusts whoever may reach it.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError

from ...errors import MovieDreamerError
from ...store import shared
from .crew import Ended
from .sent import SentFilm
from .work import Work, do_work

QUIET: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
SMALL_STORE = 100_000_000
"""Bytes of Ray's own object store on this machine: it carries requests, pictures go through ours."""
START_SECONDS = 300.0


class Worker:
    """The process that makes results: an actor of Ray."""

    def __init__(self, film: SentFilm, offer: str) -> None:
        self.film, self.offer, self.stage = film, offer, ""

    def begin(self) -> tuple[str, str]:
        """(its name, "" or why it refuses this film)."""
        try:
            name = shared.meet(self.film.store, self.offer)
            self.session = self.film.opened()
        except MovieDreamerError as error:
            return "", str(error)
        return name, ""

    def make(self, work: Work) -> tuple[Path | None, str]:
        """(the file that was made, "" or why it could not be)."""
        if work.stage != self.stage:  # at full size decoders and animators do not fit in memory together
            self.session.bundle.forget("decoder:")
            self.stage = work.stage
        try:
            return do_work(self.session, self.film.cast, self.film.plan, work).path, ""
        except MovieDreamerError as error:
            return None, str(error)


@dataclass(eq=False)
class Hired:
    """What is known here of a worker; `name` is empty until it has begun, `work` is what it has at hand."""

    actor: Any
    name: str = ""
    work: Work | None = None
    since: float = field(default_factory=time.monotonic)


class RayCrew:
    """`count` workers for one film; a lost one is replaced, as often as there are workers."""

    def __init__(self, film: SentFilm, offer: str, count: int, gpus: int) -> None:
        self.root, self.offer, self.count = film.store, offer, count
        self._arguments = (ray.put(film), offer)
        self._kind = ray.remote(Worker).options(num_cpus=film.threads, num_gpus=gpus, max_restarts=0)
        self._waiting: dict[Any, Hired] = {}  # by the reference of what each is doing
        self._idle: list[Hired] = []
        self._replaced = 0
        for _ in range(count):
            self._hire()

    def at_work(self) -> dict[str, str]:
        """Worker -> the shot at which it works now."""
        return {hired.name: hired.work.shot for hired in self._waiting.values() if hired.work}

    def free(self) -> int:
        return len(self._idle)

    def hand_out(self, work: Work) -> None:
        hired = self._idle.pop(0)
        hired.work = work
        self._waiting[hired.actor.make.remote(work)] = hired

    def ended(self, seconds: float) -> Sequence[Ended]:
        done, _ = ray.wait(list(self._waiting), num_returns=1, timeout=seconds)
        self._check_any()
        ends = [self._end(reference, self._waiting.pop(reference)) for reference in done]
        return [end for end in ends if end is not None]

    def dismiss(self) -> None:
        """End the workers; what they have not finished is not in the store."""
        for hired in [*self._idle, *self._waiting.values()]:
            ray.kill(hired.actor)

    def _hire(self) -> None:
        hired = Hired(self._kind.remote(*self._arguments))
        self._waiting[hired.actor.begin.remote()] = hired

    def _end(self, reference: Any, hired: Hired) -> Ended | None:
        work, hired.work = hired.work, None
        try:
            said, refused = ray.get(reference)
        except RayActorError as error:
            return self._lost(hired, work, error)
        if refused:
            raise MovieDreamerError(refused)
        self._idle.append(hired)
        if work is None:
            hired.name = said
            shared.seen(self.root, self.offer, said)
            return None
        return Ended(work, hired.name, said)

    def _lost(self, hired: Hired, work: Work | None, error: RayActorError) -> Ended | None:
        ray.kill(hired.actor)
        self._replaced += 1
        if self._replaced > self.count and not self._idle and not self._waiting:
            raise MovieDreamerError(
                f"all workers of the Ray cluster were lost, {self._replaced} in all (the last: {error}). Is there too "
                "little memory for a worker's models? Name fewer --workers. Everything finished is kept"
            ) from error
        if self._replaced <= self.count:
            self._hire()
        return None if work is None else Ended(work, hired.name, lost=True)

    def _check_any(self) -> None:
        """Raise MovieDreamerError if nobody begins, as where a cluster has no room."""
        if self._idle or any(hired.name for hired in self._waiting.values()) or not self._waiting:
            return
        if time.monotonic() - min(hired.since for hired in self._waiting.values()) > START_SECONDS:
            raise MovieDreamerError(
                f"no worker of the Ray cluster began within {START_SECONDS:g} s: `ray status` says what it has free; "
                "name fewer --workers or --threads"
            )


@contextmanager
def ray_crew(film: SentFilm, address: str | None, workers: int | None) -> Iterator[RayCrew]:
    """A crew while entered: on the cluster at `address`, else on this machine alone.

    Without `workers`, one for each GPU, or where there is none, for as many cores as a worker uses threads. Raises
    MovieDreamerError if no cluster answers, it has no room for them, or the store cannot be shared.
    """
    mine = not ray.is_initialized()
    if mine:
        _join(address, workers, film.threads)
    try:
        gpus = int(ray.cluster_resources().get("GPU", 0))
        room = gpus or int(ray.cluster_resources().get("CPU", 1)) // film.threads
        if (workers or 1) > room:
            raise MovieDreamerError(
                f"--workers {workers or 1}: the Ray cluster has room for {room} of {film.threads} threads each"
                f"{' and one GPU each' if gpus else ''}; name fewer --workers or --threads"
            )
        with shared.offered(film.store) as offer:
            crew = RayCrew(film, offer, workers or room, 1 if gpus else 0)
            try:
                yield crew
            finally:
                crew.dismiss()
    finally:
        if mine:
            ray.shutdown()


def _join(address: str | None, workers: int | None, threads: int) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told of this film
    if address is None:
        os.environ.setdefault("RAY_worker_niceness", "0")  # its 15 starves them on a busy machine
        cores = workers * threads if workers else max(threads, os.cpu_count() or 1)
        ray.init(address="local", num_cpus=cores, object_store_memory=SMALL_STORE, **QUIET)
        return
    try:
        ray.init(address=address, **QUIET)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise MovieDreamerError(
            f"no Ray cluster answers at {address}: {error}. `ray start --head` begins one; give the address that it "
            "prints, or none for this machine alone"
        ) from error

"""A film as a message: all that a worker needs to make any keyframe or clip of it, as values and names of folders.

Weights are not sent: a worker opens the bundle at the same path, or the packaged one of the same name, and the store at
the same path.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ... import __version__
from ...bundle import PACKAGED, Bundle
from ...cast import Cast
from ...errors import MovieDreamerError
from ...store import Store
from ..planning import FilmPlan
from ..session import FilmSession

OPENED_ANEW = {"bundle", "store", "progress", "decoders", "animators"}
"""Fields of a session that a worker has of its own."""
DECIDING = ("torch", "diffusers", "transformers", "numpy", "av", "pillow")
"""Packages of which another version may make other bytes."""


@dataclass(frozen=True, eq=False)
class SentFilm:
    """`values` are the session's fields, without what is opened anew; `threads` that torch uses decide bytes too."""

    bundle: str
    swapped: Mapping[str, Path]
    store: Path
    values: Mapping[str, Any]
    cast: Cast
    plan: FilmPlan
    threads: int
    versions: Mapping[str, str]

    @classmethod
    def of(cls, session: FilmSession, cast: Cast, plan: FilmPlan, threads: int) -> "SentFilm":
        """The film of a session."""
        folder = session.bundle.folder
        values = {each.name: getattr(session, each.name) for each in fields(session) if each.name not in OPENED_ANEW}
        values["folder"] = session.folder.absolute()
        return cls(
            bundle=folder.name if folder.parent == PACKAGED.resolve() else str(folder),
            swapped=dict(session.bundle.swapped),
            store=session.store.root,
            values=values,
            cast=cast,
            plan=plan,
            threads=threads,
            versions=versions(),
        )

    def opened(self) -> FilmSession:
        """The session on another machine, torch's threads set. Raises MovieDreamerError if its packages are others, or
        the bundle is not there.
        """
        mine = versions()
        other = [f"{name} {mine[name]} (asked: {v})" for name, v in self.versions.items() if mine[name] != v]
        if other:
            raise MovieDreamerError(
                f"{platform.node()}: has {', '.join(other)}: other versions may make other bytes; install the same set "
                "on every machine (constraints.txt)"
            )
        torch.set_num_threads(self.threads)
        bundle = Bundle.open(self.bundle)
        for part, folder in self.swapped.items():
            bundle = bundle.with_part(part, folder)
        return FilmSession(bundle=bundle, store=Store(self.store), **self.values)


def versions() -> dict[str, str]:
    """Versions of what decides bytes on this machine."""
    return {"moviedreamer": __version__, **{name: version(name) for name in DECIDING}}

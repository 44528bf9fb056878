"""The table of licences, and which of its lines a graph's files and nodes belong to.

Nothing here is advice: a line says what was read, where and when, and only the owner's own text counts.
"""

import json
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..errors import MovieDreamerError

TABLE = Path(__file__).with_name("models.json")
PARTNER = "partner"
"""The line of all nodes that run elsewhere and are paid."""


class Licence(BaseModel):
    """One line: `files` and `nodes` are patterns of names in lower and in their own case; `commercial`: yes, no,
    conditions, unknown; `where_not`: places in which the licence does not hold; `revenue_usd`: yearly revenue from
    which another licence is needed; `credit`: words that it asks for; `basis`: owner, told, unknown (models.json).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str
    name: str
    files: tuple[str, ...]
    nodes: tuple[str, ...]
    licence: str
    commercial: Literal["yes", "no", "conditions", "unknown"]
    where_not: tuple[str, ...]
    revenue_usd: int | None
    credit: str
    note: str
    source: str
    basis: Literal["owner", "told", "unknown"]
    read: str

    def fits(self, files: Iterable[str], nodes: Iterable[str]) -> bool:
        """Whether one of these file names or node classes belongs to this family."""
        return any(_named(name, self.files) for name in files) or any(
            fnmatchcase(node, pattern) for node in nodes for pattern in self.nodes
        )

    def words(self) -> str:
        """The line in words, with where and when it was read."""
        if self.licence == "unknown":
            return f"{self.name}: licence not read: read it at the model's page"
        sells = {"no": "not for commercial use", "conditions": "commercial use under conditions"}
        limits = [
            sells.get(self.commercial, ""),
            f"not licensed in {', '.join(self.where_not)}" if self.where_not else "",
            f"another licence from US${self.revenue_usd // 1_000_000} million a year on" if self.revenue_usd else "",
            f'credit "{self.credit}"' if self.credit else "",
        ]
        terms = "; ".join(filter(None, [self.licence, *limits]))
        secondhand = {"told": "told by others, the owner's text was not read; "}.get(self.basis, "")
        return f"{self.name}: {terms}. {self.note}{' ' if self.note else ''}({secondhand}{self.source}, {self.read})"


@cache
def licences() -> dict[str, Licence]:
    """Every line by its family."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["families"]
    return {family: Licence(family=family, **row) for family, row in rows.items()}


def licence(family: str) -> Licence:
    """One line. Raises MovieDreamerError for a family that the table does not have."""
    if family not in licences():
        raise MovieDreamerError(f"no licence of {family!r} is known; expected one of {', '.join(licences())}")
    return licences()[family]


def licences_of(files: Collection[str], nodes: Collection[str], *, partner: bool = False) -> tuple[Licence, ...]:
    """The lines that these model files and classes of nodes belong to; `partner`: some of them run elsewhere."""
    found = tuple(line for line in licences().values() if line.fits(files, nodes))
    return (*found, licence(PARTNER)) if partner else found


def unknown_files(files: Iterable[str]) -> tuple[str, ...]:
    """The files that no line speaks of."""
    return tuple(name for name in files if not any(_named(name, line.files) for line in licences().values()))


def _named(name: str, patterns: Iterable[str]) -> bool:
    base = PurePosixPath(name.replace("\\", "/")).name.lower()
    return any(fnmatchcase(base, pattern) for pattern in patterns)

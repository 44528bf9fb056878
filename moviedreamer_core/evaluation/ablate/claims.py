"""The claims and their runs, read from `claims.yaml`.

A run is one variant of a claim, in one regime, with one seed. Its `settings` decide its result, together with the
bundle's parts that its kind reads: two runs with equal settings are the same run, whatever claims they belong to.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ...errors import MovieDreamerError
from ...training.settings import load_settings, merged, overridden

FILE = Path(__file__).with_name("claims.yaml")
BETTER = ("low", "high")
READS = {
    "planner": ("text", "faces", "tokenizer"),
    "tokenizer": ("vae", "text", "faces"),
    "decoder": ("vae", "text", "faces", "tokenizer", "planner", "decoder"),
    "animator": ("vae", "text", "animator"),
    "faces": ("vae", "text", "faces", "tokenizer", "planner", "decoder", "upscaler"),
}
"""Kind of claim -> parts of the bundle that decide its results."""
TRAINED = ("planner", "tokenizer", "decoder")


@dataclass(frozen=True)
class Claim:
    """One entry of the table; see the file's head. `regimes` and `variants` are names and the settings they change."""

    name: str
    title: str
    says: str
    kind: str
    where: str
    judged: dict[str, str]
    reference: str
    variants: dict[str, dict[str, Any]]
    cannot: str
    shown: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    regimes: dict[str, dict[str, Any]] = field(default_factory=lambda: {"": {}})
    sweep: str = ""
    curve: dict[str, str] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric of the table, those that are judged first."""
        return (*self.judged, *self.shown)


@dataclass(frozen=True)
class AblationRun:
    """One run. `settings` is a whole section of training settings (of what to measure, for kinds that train nothing);
    `common` is what all runs of the claim share before regime and variant.
    """

    claim: Claim
    regime: str
    variant: str
    seed: int
    settings: dict[str, Any]
    common: dict[str, Any]

    @property
    def path(self) -> Path:
        """Where its result is kept, below the folder of all runs."""
        return Path(self.claim.name) / _slug(f"{self.regime} {self.variant}") / f"{self.seed}.json"

    def __str__(self) -> str:
        return " / ".join(part for part in (self.claim.name, self.regime, self.variant, f"seed {self.seed}") if part)


@cache
def read_claims() -> dict[str, Claim]:
    """All claims by name, in the order of the page. Raises MovieDreamerError for an entry that contradicts itself."""
    claims = {name: Claim(name=name, **entry) for name, entry in _table()["claims"].items()}
    for claim in claims.values():
        if claim.kind not in READS or claim.reference not in claim.variants or set(claim.judged.values()) - set(BETTER):
            raise MovieDreamerError(
                f"{FILE.name}, claim '{claim.name}': expected a kind out of {', '.join(READS)}, a reference that is "
                "one of its variants, and judged metrics that say low or high."
            )
    return claims


def chosen_claims(names: Sequence[str]) -> list[Claim]:
    """The claims of these names, all if none is named. Raises MovieDreamerError for an unknown name."""
    claims = read_claims()
    if unknown := [name for name in names if name not in claims]:
        raise MovieDreamerError(f"no claim is called '{unknown[0]}'; there are {', '.join(claims)}.")
    return [claim for name, claim in claims.items() if not names or name in names]


def runs_of(claims: Sequence[Claim], seeds: int, budget: Mapping[str, str]) -> list[AblationRun]:
    """Every run of the claims: seeds 0 to `seeds` - 1 of each variant in each regime.

    `budget` replaces settings that all runs of a kind share ("steps": "60"), for the kinds that know them. Raises
    MovieDreamerError for a setting that no kind of the chosen claims knows, or fewer than 1 seed.
    """
    if seeds < 1:
        raise MovieDreamerError(f"--seeds is {seeds}; expected at least 1 (3 tell a spread).")
    bases = {kind: _base(kind) for kind in {claim.kind for claim in claims}}
    for name in budget:
        if not any(_knows(base, name) for base in bases.values()):
            raise MovieDreamerError(
                f"--budget {name}: no kind of run ({', '.join(sorted(bases))}) has such a setting; "
                f"they have {', '.join(sorted({key for base in bases.values() for key in _names(base)}))}."
            )
    return [run for claim in claims for run in _runs(claim, bases[claim.kind], seeds, budget)]


def usual_seconds(run: AblationRun) -> float:
    """About how long a run takes on one CPU core, at its number of steps."""
    seconds = float(_table()["base"][run.claim.kind]["seconds"])
    steps = _base(run.claim.kind).get("loop", {}).get("steps")
    return seconds * run.settings["loop"]["steps"] / steps if steps else seconds


def _runs(claim: Claim, base: dict[str, Any], seeds: int, budget: Mapping[str, str]) -> Iterator[AblationRun]:
    known = {name: value for name, value in budget.items() if _knows(base, name)}
    common = merged(overridden(claim.kind, base, known) if known else base, claim.settings)
    for regime, narrowed in claim.regimes.items():
        for variant, changed in claim.variants.items():
            settings = merged(merged(common, narrowed), changed)
            for seed in range(seeds):
                yield AblationRun(claim, regime, variant, seed, _seeded(settings, claim.kind, seed), common)


def _seeded(settings: dict[str, Any], kind: str, seed: int) -> dict[str, Any]:
    """A trained part's seed is the loop's; what is measured only takes one of its own."""
    return merged(settings, {"loop": {"seed": seed}} if kind in TRAINED else {"seed": seed})


@cache
def _base(kind: str) -> dict[str, Any]:
    """What all runs of a kind share: the bundle's own section, made small."""
    own = {key: value for key, value in _table()["base"][kind].items() if key != "seconds"}
    if kind not in TRAINED:
        return own
    section = load_settings("mini")[kind]
    if kind == "planner":  # its model is a name there, or what differs from a packaged one
        section = {key: value for key, value in section.items() if key != "model"}
    return merged(section, own)


def _knows(base: dict[str, Any], name: str) -> bool:
    return name in _names(base)


def _names(base: dict[str, Any]) -> list[str]:
    """Settings that a budget may replace: plain numbers of the loop and of the section."""
    plain = {key: value for key, value in base.items() if isinstance(value, (int, float))}
    return [*base.get("loop", {}), *plain]


@cache
def _table() -> dict[str, Any]:
    return YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")

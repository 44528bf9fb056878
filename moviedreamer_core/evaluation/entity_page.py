"""The page of PaperEntityBench: `entity_bench.md`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..bundle import Bundle
from ..papertown import Film
from ..papertown.reader import Reader
from ..progress import SILENT, Progress
from ..store import Store
from .counted_mean import CountedMean, added
from .entity_bench import KEPT, SHOWN, WAYS, measure_schedule, open_scheduled, see_scheduled, see_way
from .page import table
from .schedules import GAPS, Schedule, film_of

SEED = 8000
DRAWN = "drawn"
Rows = Mapping[str, Mapping[str, CountedMean]]

HEAD = """# PaperEntityBench: the bundle `{bundle}`

{source}, played in papertown by people and places that no training has seen: {films} films of {lengths} shots.
Printed by

    {command}

All ways share planner, decoder and faces; what differs is what a shot is planned from. {ways}

`presence`: of all that the schedules ask for, what is in the picture: a person's place is taken, the place is of its
kind, the thing is seen. Then, of who and what comes back, by the shots since it was seen last: `person` (the likeliest
of the cast is the right one), `outfit` and `place` (said in no script: all details as at the first appearance). Each
with n. `drawn` is the true films: what the judge is worth.
Left out, since papertown or the bundle cannot show it: {left}.
"""


def print_entity_bench(
    bundle: Bundle, store: Store, schedules: Sequence[Schedule], source: str, command: str, out: Path,
    progress: Progress = SILENT,
) -> Path:  # fmt: skip
    """Make all films in all ways, measure them and write the page. Returns its path."""
    films, left = [], Counter[str]()
    for number, schedule in enumerate(schedules):
        film, missing = film_of(schedule, SEED + number)
        films.append(film)
        left += missing
    text = page(bundle.info.name, films, left, entity_bench(bundle, store, films, progress), source, command)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "entity_bench.md"
    path.write_text(text)
    return path


def entity_bench(
    bundle: Bundle, store: Store, films: Sequence[Film], progress: Progress = SILENT
) -> dict[str, dict[str, CountedMean]]:
    """What is measured, by way."""
    reader = Reader.load(bundle.path("reader"))
    progress.stage("entity bench", len(WAYS) * sum(len(film.shots) for film in films))
    held = [open_scheduled(film, bundle, store) for film in films]
    rows = {way.name: added(measure_schedule(reader, see_way(one, way, progress)) for one in held) for way in WAYS}
    return rows | {DRAWN: added(measure_schedule(reader, see_scheduled(one)) for one in held)}


def page(bundle: str, films: Sequence[Film], left: Counter[str], rows: Rows, source: str, command: str) -> str:
    """The page's text."""
    ways = "; ".join(f"`{way.name}`: {way.about}" for way in WAYS) + "."
    missing = ", ".join(f"{count} {name}" for name, count in sorted(left.items())) or "nothing"
    lengths = ", ".join(str(len(film.shots)) for film in films)
    head = HEAD.format(bundle=bundle, source=source, films=len(films), lengths=lengths, command=command, ways=ways,
                       left=missing)  # fmt: skip
    parts = [head, "## Presence\n", *_table(rows, SHOWN)]
    for name in KEPT:
        parts += [f"\n## `{name}`, by the shots since it was seen last\n", *_table(rows, [f"{name}.{g}" for g in GAPS])]
    return "\n".join(parts) + "\n"


def _table(rows: Rows, keys: Sequence[str]) -> Iterable[str]:
    shown = [(f"`{name}`", *(_cell(row.get(key)) for key in keys)) for name, row in rows.items()]
    return table(("", *(key.partition(".")[2] or key for key in keys)), shown)


def _cell(share: CountedMean | None) -> str:
    return "" if share is None or share.value is None else f"{share.value:.3f} ({share.count})"

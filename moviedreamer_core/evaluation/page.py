"""The table of an evaluation: flat JSON for machines, Markdown for people, every key explained."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..atomic import plain_errors, write_text
from ..bundle import Bundle
from ..papertown import Film
from ..store.keys import folder_hash
from .evidence import Evidence
from .held_out import has_twin
from .keys import BESIDE, KEYS, TARGETS, Target
from .variants import BASELINES, PLAN, SAME

HOW_TO_READ = """\
Values are fractions in [0, 1] unless named otherwise; cosines are in [-1, 1]. *95 %* is the middle of a bootstrap over
films: how far ten other such films might be off (nothing where it is about one film, or no mean). *Ceiling* is the same
measure with the tokens of the drawn keyframes in the planner's place, on the short films; *drawn* that of the true
frames: what the judge itself is worth. `n`: over how many things a mean is. A target has passed if the worse end of the
interval has."""


@dataclass(frozen=True)
class Run:
    """What was evaluated, and by which command."""

    name: str
    command: str
    films: str
    parts: Mapping[str, Mapping[str, str]]
    quick: bool = False
    people: int = 0
    twins: int = 0


def describe_run(bundle: Bundle, command: str, made: Sequence[Film], quick: bool, clip: Path | None) -> Run:
    """The run as the table says it; fingerprints are of what is on disk now."""
    parts = {
        part: {
            "fingerprint": bundle.fingerprint(part)[:16],
            "commit": str(bundle.card(part).get("commit", "")),
            "steps": str(bundle.card(part).get("steps", "")),
        }
        for part in bundle.parts()
    }
    if clip is not None:
        parts["metric_clip"] = {"fingerprint": folder_hash(clip)[:16], "commit": "", "steps": ""}
    lengths = ", ".join(str(len(film.shots)) for film in made)
    people = [member.person for film in made for member in film.cast]
    films = f"{len(made)} films of the split `test`, of {lengths} shots"
    return Run(bundle.info.name, command, films, parts, quick, len(people), sum(map(has_twin, people)))


def write_page(found: Evidence, run: Run, out: Path) -> list[Path]:
    """`<bundle>.json` and `<bundle>.md` in `out`; each appears whole or not at all."""
    files = {
        out / f"{run.name}.json": json.dumps(as_json(found, run), ensure_ascii=False, separators=(",", ":")) + "\n",
        out / f"{run.name}.md": as_markdown(found, run),
    }
    with plain_errors(out, "write the evidence"):
        out.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            write_text(path, text)
    return list(files)


def as_json(found: Evidence, run: Run) -> dict[str, object]:
    """Everything, flat: values by key, then the rest behind `interval.`, `count.`, `chance.`, `about.`, `part.` ..."""
    flat: dict[str, object] = {"bundle": run.name, "command": run.command, "films": run.films, "quick": run.quick}
    flat |= {key: None if value is None else round(value, 4) for key, value in found.values.items()}
    flat |= {f"baselines.{name}.same_as": f"baselines.{other}" for name, other in SAME.items()}
    flat |= {f"interval.{key}": [round(end, 4) for end in ends] for key, ends in found.intervals.items()}
    flat |= {f"count.{key}": count for key, count in found.counts.items()}
    flat |= {f"chance.{key}": round(value, 4) for key, value in found.chance.items()}
    flat |= {f"about.{key}": text for key, text in KEYS.items()}
    flat |= {f"about.baselines.{variant.name}": variant.about for variant in (PLAN, *BASELINES)}
    flat |= {f"why_null.{key}": text for key, text in found.why.items()}
    flat |= {f"sampled.{key}": text for key, text in found.sampled.items()}
    flat |= {f"target.{t.key}": f"{t}: {_verdict(found, t)}" for t in TARGETS}
    flat |= {f"part.{part}.{key}": text for part, facts in run.parts.items() for key, text in facts.items()}
    return flat


def as_markdown(found: Evidence, run: Run) -> str:
    """The page."""
    value, chance = found.values, found.chance
    lines = [f"# Evidence: the bundle `{run.name}`", ""]
    lines += [f"Measured on {run.films}: people and arrangements of places that no training has seen. Printed by", ""]
    lines += [f"    {run.command}", ""]
    if run.quick:
        lines += ["**A quick run: it shows that the command works, and too little to judge the weights by.**", ""]
    lines += [HOW_TO_READ, ""]
    lines += [*_people(run), ""]
    targets = [
        (f"`{t.key}`", str(t), _number(value.get(t.key)), _ends(found, t.key), _verdict(found, t)) for t in TARGETS
    ]
    lines += ["## Targets", "", *table(("what", "target", "value", "95 %", ""), targets), ""]
    rows = [
        (f"`{key}`", _number(value.get(key)), _ends(found, key), _number(value.get(f"baselines.true_tokens.{key}")),
         _number(value.get(f"baselines.drawn.{key}")), _number(chance.get(key)), str(found.counts.get(key, "")),
         about + _why(found, key))
        for key, about in KEYS.items()
    ]  # fmt: skip
    head = ("key", "value", "95 %", "ceiling", "drawn", "chance", "n", "what it is")
    lines += ["## The films", "", *table(head, rows), ""]
    lines += [f"Sampled: `{key}` from {text}." for key, text in found.sampled.items()]
    lines += ["", "## Baselines", "", *_baselines(found), ""]
    lines += ["## Attribute by attribute", "", *_attributes(found), ""]
    lines += ["## Along the film", "", *_along(found), ""]
    parts = [(part, f"`{facts['fingerprint']}`", facts["commit"], facts["steps"]) for part, facts in run.parts.items()]
    lines += ["## Weights", "", *table(("part", "fingerprint", "commit", "steps"), parts), ""]
    return "\n".join(lines)


def _people(run: Run) -> list[str]:
    """How far people are held out, in plain words."""
    if not run.people:
        return []
    return [
        f"Held out are combinations: of the {run.people} people, {run.twins} have a twin who may appear in training",
        "and differs in one attribute alone. No single value, and no pair of values, is new to the weights.",
    ]


def _verdict(found: Evidence, target: Target) -> str:
    return target.verdict(found.values.get(target.key), found.intervals.get(target.key))


def _ends(found: Evidence, key: str) -> str:
    ends = found.intervals.get(key)
    return "" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"


def _baselines(found: Evidence) -> Iterable[str]:
    rows = []
    for variant in (PLAN, *BASELINES):
        numbers = [found.values.get(f"baselines.{variant.name}.{key}") for key in BESIDE]
        rows.append((f"`{variant.name}`", *map(_number, numbers)))
    drawn = [found.values.get(f"baselines.drawn.{key}") for key in BESIDE]
    rows.append(("drawn frames", *map(_number, drawn)))
    yield from table(("", *(f"`{key}`" for key in BESIDE)), rows)
    yield ""
    yield from (f"- `{variant.name}`: {variant.about}." for variant in (PLAN, *BASELINES))
    for name, other in SAME.items():
        yield (
            f"- `{name}` (each shot from its words alone) is `{other}` in this architecture, and not made twice: the "
            "decoder reads no prompt, place and plot reach a picture through the tokens alone."
        )
    yield "- `drawn frames`: the true frames of all films, the long one too."


def _attributes(found: Evidence) -> Iterable[str]:
    columns = ("", "baselines.true_tokens.", "reader_accuracy.")
    names = [key for key in found.values if key.startswith("by_attribute.")]
    rows = [
        (key.partition(".")[2], *(_number(found.values.get(column + key)) for column in columns),
         _number(found.chance.get(key)))
        for key in names
    ]  # fmt: skip
    yield "Close and medium shots, the one person there. Wardrobe and arrangement are said in no script: in a free run"
    yield "their truth is chance for any planner, and what counts is whether they are kept (`unstated_kept`)."
    yield ""
    yield from table(("attribute", "film", "ceiling (true tokens)", "reader on drawn frames", "chance"), rows)


def _along(found: Evidence) -> Iterable[str]:
    for prefix, title in (("face_long.", "shots since the first appearance"), ("long_film_drop.", "drop of"),
                          ("anchor_likeness.", "likeness to the keyframe, anchor on / off, after extension"),
                          ("fewshot.", "details in a second half, first half"),
                          ("unstated_kept.", "returns agree with first visit of")):  # fmt: skip
        keys = [key for key in found.values if key.startswith(prefix)]
        rows = [(key.removeprefix(prefix), _number(found.values[key]), str(found.counts.get(key, ""))) for key in keys]
        if rows:
            yield from table((title, "value", "n"), rows)
            yield ""


def _why(found: Evidence, key: str) -> str:
    return f" (null: {found.why[key]})" if key in found.why else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    marks = "|".join(" --- " for _ in head)
    return [f"| {' | '.join(head)} |", f"|{marks}|", *(f"| {' | '.join(row)} |" for row in rows)]

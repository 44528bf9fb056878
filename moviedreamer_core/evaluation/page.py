"""The table of an evaluation: flat JSON for machines, Markdown for people, every key explained."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..bundle import Bundle
from ..store.files import plain_errors, write_text
from ..store.keys import folder_hash
from .run import Evidence
from .variants import BASELINES, PLAN, SAME

NOT_COMPARABLE = "*not comparable with published numbers*"
KEYS = {
    "place": "close and medium shots in which the reader sees the script's kind of place",
    "who": "close and medium shots in which the likeliest of the film's cast is the right one",
    "attributes": "what makes a face (shape, skin, hair, eyes, nose, glasses, beard, hat), read in the same shots",
    "shot_size": "the same shots, read as close or medium",
    "action": "actions of people, read from the motion of clips",
    "swapped_identity": "two-shots whose people are likelier the other way round (0 is perfect)",
    "reader_accuracy": "the reader's own accuracy on drawn close and medium frames, mean over its attributes",
    "detection_rate": "close and medium keyframes in which the face pack finds a face",
    "face_short": "cosine of a character's faces in two shots running",
    "face_long": "cosine of a character's face and of its first appearance",
    "face_strangers": "cosine of different characters of one film: the floor of the two above",
    "long_film_drop": "`face_long` of the first minus that of the last quarter of the film of 100 shots",
    "clip_score": f"mean of max(cosine, 0) of keyframe and script sentence, by the judging CLIP; {NOT_COMPARABLE}",
    "fid": f"Frechet distance to the drawn keyframes, by the judging CLIP (not a fraction); {NOT_COMPARABLE}",
    "inception_score": f"1 to 8, from the reader's probabilities of the 8 places; {NOT_COMPARABLE}",
    "aesthetic": f"an aesthetic predictor's score; {NOT_COMPARABLE}",
    "unstated_revisit": "given the true history, details of the next return to a place that are as they were",
    "unstated_gain": "`unstated_revisit` minus the same without history",
    "unstated_kept": "in a free run, details of returns as at the film's own first visit, minus as at other films'",
    "fewshot_gain": "details right in a second half with the first half as an earlier episode, minus without",
    "fewshot_gain.pictures": "the same of the first half's pictures alone, without what they show",
    "anchor_decay": "likeness to the keyframe lost from the first segment to the fifth extension, anchor on",
    "anchor_decay.off": "the same with the anchor off",
    "better_than_copying": "mean of place, who, attributes and shot_size on short films: plan minus `copy`",
}
BESIDE = ("place", "who", "attributes", "shot_size", "swapped_identity", "detection_rate", "face_short", "face_long",
          "unstated_revisit", "unstated_gain", "unstated_kept", "clip_score", "fid", "inception_score")  # fmt: skip
"""The columns of the table of baselines."""


@dataclass(frozen=True)
class Target:
    """What a value should be: at least so much, or at most."""

    key: str
    bound: float
    most: bool = False

    def verdict(self, value: float | None) -> str:
        """ "passed", "missed" or "not measured"."""
        if value is None:
            return "not measured"
        return "passed" if (value <= self.bound if self.most else value >= self.bound) else "missed"

    def __str__(self) -> str:
        return f"at {'most' if self.most else 'least'} {self.bound:g}"


TARGETS = (
    Target("reader_accuracy.place", 0.99),
    Target("reader_accuracy.who", 0.99),
    Target("reader_accuracy.shot_size", 0.99),
    Target("place", 0.97),
    Target("who", 0.95),
    Target("attributes", 0.90),
    Target("long_film_drop", 0.02, most=True),
    Target("unstated_gain", 0.30),
    Target("unstated_kept", 0.15),
    Target("better_than_copying", 0.0),
)


@dataclass(frozen=True)
class Run:
    """What was evaluated, and by which command."""

    name: str
    command: str
    films: str
    parts: Mapping[str, Mapping[str, str]]
    quick: bool = False


def describe_run(bundle: Bundle, command: str, lengths: Sequence[int], quick: bool, clip: Path | None) -> Run:
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
    films = f"{len(lengths)} films of the split `test`, of {', '.join(map(str, lengths))} shots"
    return Run(bundle.info.name, command, films, parts, quick)


def write_page(found: Evidence, run: Run, out: Path) -> list[Path]:
    """`<bundle>.json` and `<bundle>.md` in `out`; each appears whole or not at all."""
    files = {
        out / f"{run.name}.json": json.dumps(as_json(found, run), indent=1, ensure_ascii=False) + "\n",
        out / f"{run.name}.md": as_markdown(found, run),
    }
    with plain_errors(out, "write the evidence"):
        out.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            write_text(path, text)
    return list(files)


def as_json(found: Evidence, run: Run) -> dict[str, object]:
    """Everything, flat: values by key, then `count.`, `chance.`, `about.`, `why_null.`, `target.`, `part.`."""
    flat: dict[str, object] = {"bundle": run.name, "command": run.command, "films": run.films, "quick": run.quick}
    flat |= {key: None if value is None else round(value, 4) for key, value in found.values.items()}
    flat |= {f"baselines.{name}.same_as": f"baselines.{other}" for name, other in SAME.items()}
    flat |= {f"count.{key}": count for key, count in found.counts.items()}
    flat |= {f"chance.{key}": round(value, 4) for key, value in found.chance.items()}
    flat |= {f"about.{key}": text for key, text in KEYS.items()}
    flat |= {f"about.baselines.{variant.name}": variant.about for variant in (PLAN, *BASELINES)}
    flat |= {f"why_null.{key}": text for key, text in found.why.items()}
    flat |= {f"sampled.{key}": text for key, text in found.sampled.items()}
    flat |= {f"target.{t.key}": f"{t}: {t.verdict(found.values.get(t.key))}" for t in TARGETS}
    flat |= {f"part.{part}.{key}": text for part, told in run.parts.items() for key, text in told.items()}
    return flat


def as_markdown(found: Evidence, run: Run) -> str:
    """The page."""
    value, chance = found.values, found.chance
    lines = [f"# Evidence: the bundle `{run.name}`", ""]
    lines += [f"Measured on {run.films}: people and arrangements of places that no training has seen. Printed by", ""]
    lines += [f"    {run.command}", ""]
    if run.quick:
        lines += ["**A quick run: it shows that the command works, and too little to judge the weights by.**", ""]
    lines += ["Values are fractions in [0, 1] unless named otherwise; cosines are in [-1, 1]. *Drawn* is the same"]
    lines += ["measure on the true frames: what the judge itself is worth. `n`: over how many things a mean is.", ""]
    targets = [(f"`{t.key}`", str(t), _number(value.get(t.key)), t.verdict(value.get(t.key))) for t in TARGETS]
    lines += ["## Targets", "", *_table(("what", "target", "value", ""), targets), ""]
    rows = [
        (f"`{key}`", _number(value.get(key)), _number(value.get(f"baselines.drawn.{key}")), _number(chance.get(key)),
         str(found.counts.get(key, "")), about + _why(found, key))
        for key, about in KEYS.items()
    ]  # fmt: skip
    lines += ["## The films", "", *_table(("key", "value", "drawn", "chance", "n", "what it is"), rows), ""]
    lines += [f"Sampled: `{key}` from {text}." for key, text in found.sampled.items()]
    lines += ["", "## Baselines", "", *_baselines(found), ""]
    lines += ["## Attribute by attribute", "", *_attributes(found), ""]
    lines += ["## Along the film", "", *_along(found), ""]
    parts = [(part, f"`{told['fingerprint']}`", told["commit"], told["steps"]) for part, told in run.parts.items()]
    lines += ["## Weights", "", *_table(("part", "fingerprint", "commit", "steps"), parts), ""]
    return "\n".join(lines)


def _baselines(found: Evidence) -> Iterable[str]:
    rows = []
    for variant in (PLAN, *BASELINES):
        numbers = [found.values.get(f"baselines.{variant.name}.{key}") for key in BESIDE]
        rows.append((f"`{variant.name}`", *map(_number, numbers)))
    drawn = [found.values.get(f"baselines.drawn.{key}") for key in BESIDE]
    rows.append(("drawn frames", *map(_number, drawn)))
    yield from _table(("", *(f"`{key}`" for key in BESIDE)), rows)
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
    yield from _table(("attribute", "film", "ceiling (true tokens)", "reader on drawn frames", "chance"), rows)


def _along(found: Evidence) -> Iterable[str]:
    for prefix, title in (("face_long.", "shots since the first appearance"), ("long_film_drop.", "drop of"),
                          ("anchor_likeness.", "likeness to the keyframe, anchor on / off, after extension"),
                          ("fewshot.", "details in a second half, first half"),
                          ("unstated_kept.", "returns agree with first visit of")):  # fmt: skip
        keys = [key for key in found.values if key.startswith(prefix)]
        rows = [(key.removeprefix(prefix), _number(found.values[key]), str(found.counts.get(key, ""))) for key in keys]
        if rows:
            yield from _table((title, "value", "n"), rows)
            yield ""


def _why(found: Evidence, key: str) -> str:
    return f" (null: {found.why[key]})" if key in found.why else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    marks = "|".join(" --- " for _ in head)
    return [f"| {' | '.join(head)} |", f"|{marks}|", *(f"| {' | '.join(row)} |" for row in rows)]

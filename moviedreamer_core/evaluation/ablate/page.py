"""docs/evidence/ablations.md, ablations.json and a plot a claim, from the results that are kept."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...atomic import plain_errors, write_text
from ...errors import MovieDreamerError
from .claims import Claim, read_claims
from .compare import Finding, Spread, Table, differs, findings, in_short, tabled
from .plot import draw_claim
from .runs import Ablation, Result

PAGE, NUMBERS, PICTURES = "ablations.md", "ablations.json", "ablations"
DIGITS = 6  # after the point; seeds differ from the third on
HEAD = """# The paper's claims, one by one

Written by `moviedreamer ablate` from the results below `{runs}`; not edited by hand.

Every run of a claim has the same budget and its own seed. Numbers are means over seeds ± the standard deviation over
seeds. A difference is claimed only where the two spreads do not overlap, otherwise the line says "no difference seen":
that is no proof that there is none, these runs are small. With three seeds each, chance alone makes spreads miss each
other about once in 14 comparisons, so of the many comparisons on this page a few that say "better" will be luck.
Bold numbers differ from the reference's (the first line of each table) by that rule. Reduced models behave like
themselves: nothing here was trained at the paper's size.
"""


def write_page(ablation: Ablation, out: Path, groups: dict[str, str] | None = None) -> list[Path]:
    """Write page, numbers and plots to the folder `out`; returns their files.

    `groups` says for claims by name which results to show (`Ablation.group`); of other claims the newest are shown.
    Raises MovieDreamerError if there are no results at all, or the folder cannot be written.
    """
    results = _newest(ablation, groups or {})
    if not results:
        raise MovieDreamerError(f"there are no results below {ablation.root} yet: run moviedreamer ablate first.")
    short, sections, numbers, files = [], [], {}, []
    with plain_errors(out, "write the page"):
        (out / PICTURES).mkdir(parents=True, exist_ok=True)
        for name, claim in read_claims().items():
            if not (own := results.get(name)):
                short.append(f"| {claim.title} | not run yet |")
                continue
            table = tabled(claim, own)
            found = findings(claim, table)
            files.append(out / PICTURES / f"{name}.webp")
            draw_claim(claim, table, own, files[-1])
            short.append(f"| [{claim.title}](#{_anchor(claim.title)}) | {in_short(claim, found)} |")
            sections.append(_section(claim, own, table, found))
            numbers[name] = _numbers(claim, own, table, found)
        head = HEAD.format(runs=_shown(ablation.root))
        text = "\n".join([head, "| claim | what these runs saw |", "|---|---|", *short, "", *sections])
        write_text(out / PAGE, text)
        write_text(out / NUMBERS, json.dumps(numbers, indent=None, separators=(",", ":"), sort_keys=True) + "\n")
    return [out / PAGE, out / NUMBERS, *files]


def _newest(ablation: Ablation, groups: dict[str, str]) -> dict[str, list[Result]]:
    """Results by claim, all of one group."""
    by_claim: dict[str, list[tuple[float, Result]]] = {}
    for path, kept in ablation.all_done():
        by_claim.setdefault(kept.claim, []).append((path.stat().st_mtime, kept))
    chosen = {name: groups.get(name) or max(rows, key=lambda row: row[0])[1].group for name, rows in by_claim.items()}
    return {name: [r for _, r in rows if r.group == chosen[name]] for name, rows in by_claim.items()}


def _section(claim: Claim, results: Sequence[Result], table: Table, found: Sequence[Finding]) -> str:
    shown = [name for name in claim.metrics if any(name in row for row in table.values())]
    lines = [f"## {claim.title}", "", claim.says, "", f"**Where it is measured.** {claim.where}", ""]
    lines += [f"![{claim.title}]({PICTURES}/{claim.name}.webp)", ""]
    lines += [f"| {' | '.join([claim.sweep or 'variant', 'seeds', *shown])} |", f"|{'---|' * (len(shown) + 2)}"]
    for regime in claim.regimes:
        order = sorted(claim.variants, key=lambda variant: variant != claim.reference)
        lines += [_row(claim, table, regime, variant, shown) for variant in order if (regime, variant) in table]
    lines += ["", "**What we conclude.**", ""]
    lines += [f"- {f'{one.regime}: ' if one.regime else ''}{one.text}" for one in found] or ["- nothing yet"]
    return "\n".join([*lines, "", f"**What we cannot.** {claim.cannot}", "", _made_by(results), ""])


def _row(claim: Claim, table: Table, regime: str, variant: str, shown: Sequence[str]) -> str:
    mine, against = table[regime, variant], table.get((regime, claim.reference), {})
    cells = []
    for name in shown:
        text = str(mine[name]) if name in mine else "–"
        distinct = (
            variant != claim.reference and name in mine and name in against and differs(mine[name], against[name])
        )
        cells.append(f"**{text}**" if distinct else text)
    name = f"{regime}, {variant}" if regime else variant
    return f"| {' | '.join([name, str(max(len(spread.values) for spread in mine.values())), *cells])} |"


def _made_by(results: Sequence[Result]) -> str:
    """The runs' budget, in small print."""
    budgets = [result.budget for result in results]
    ranges = []
    for name in budgets[0]:
        values = sorted({budget[name] for budget in budgets if name in budget})
        ranges.append(f"{name.replace('_', ' ')} {' or '.join(f'{value:g}' for value in values)}")
    parts = ", ".join(f"{part} {mark[:8]}" for part, mark in results[0].parts.items())
    seconds = sum(result.seconds for result in results) / len(results)
    return f"<sub>{len(results)} runs of {seconds:.0f} CPU seconds; {', '.join(ranges)}. Parts: {parts}.</sub>"


def _numbers(claim: Claim, results: Sequence[Result], table: Table, found: Sequence[Finding]) -> dict[str, Any]:
    """One claim of ablations.json."""
    rows = [
        {"regime": regime, "variant": variant, "metrics": {name: _spread(spread) for name, spread in spreads.items()}}
        for (regime, variant), spreads in table.items()
    ]
    return {
        "title": claim.title,
        "judged": claim.judged,
        "reference": claim.reference,
        "rows": rows,
        "findings": [asdict(finding) for finding in found],
        "cannot": claim.cannot,
        "parts": results[0].parts,
        "runs": len(results),
        "seconds": round(sum(result.seconds for result in results), 1),
    }


def _spread(spread: Spread) -> dict[str, Any]:
    """The values of a metric, with as many digits as say something."""
    own = None if spread.spread is None else round(spread.spread, DIGITS)
    return {"mean": round(spread.mean, DIGITS), "spread": own, "values": [round(v, DIGITS) for v in spread.values]}


def _shown(path: Path) -> str:
    """The folder of the runs, without this machine's own places."""
    return path.as_posix() if not path.is_absolute() else path.name


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")

"""Puts trained parts together as a bundle that `Bundle.open` reads, within the limits of what a package may ship."""

import shutil
from pathlib import Path

from ..bundle import PARTS, Bundle, BundleInfo
from ..errors import MovieDreamerError

JUDGES = ("metric_clip", "metric_clip_vision")
"""What judges bundles (`moviedreamer evaluate`) and is part of none: it lies beside them."""
PART_LIMIT = 15_000_000
BUNDLE_LIMIT = 50_000_000


def pack(built: Path, target: Path, info: BundleInfo) -> Bundle:
    """Copy the trained parts in `built` (a run's folder `bundle`) to `target` with a bundle.json, the judges beside it,
    and open the result.

    Parts not trained yet are left as `target` has them. Raises MovieDreamerError if a part or the whole is too large.
    """
    parts = [part for part in PARTS if (built / part / "config.json").exists()]
    if not parts:
        raise MovieDreamerError(f"{built} holds no trained part: train one first (moviedreamer train).")
    judges = [judge for judge in JUDGES if (built / judge / "config.json").exists()]
    for name, place in [(part, target / part) for part in parts] + [(judge, target.parent / judge) for judge in judges]:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(built / name, place)
    info.save(target)
    bundle = Bundle.open(target)
    sizes = {part: bundle.size(part) for part in bundle.parts()}
    large = [part for part, size in sizes.items() if size > PART_LIMIT]
    if large or sum(sizes.values()) > BUNDLE_LIMIT:
        got = ", ".join(f"{part} {size / 1e6:.1f} MB" for part, size in sizes.items())
        raise MovieDreamerError(
            f"{target}: a part may have {PART_LIMIT / 1e6:.0f} MB, the bundle {BUNDLE_LIMIT / 1e6:.0f} MB; got {got}."
        )
    return bundle

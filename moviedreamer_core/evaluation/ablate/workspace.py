"""Where a run works: it reads the bundle's frozen parts, shares what was drawn with all runs, writes beside them."""

from pathlib import Path

from ...bundle import Bundle, BundleInfo
from ...training.data import FRAME_SIZE, Data
from ...training.part import Workspace

SHOW_SIZE = (512, 256)


class RunWorkspace(Workspace):
    """`root` is the run's own folder, `bundle` a folder of parts that is only read, `data` what all runs share.

    A part that the run trains lies below `root`, whatever the bundle has of that name.
    """

    def __init__(self, root: Path, bundle: Path, data: Path, *, trains: str, workers: int = 1):
        self.root, self.bundle, self.trains = Path(root), Path(bundle), trains
        self.data = Data(Path(data), workers=workers)

    def folder(self, part: str) -> Path:
        """The run's own folder of the part that it trains, the bundle's of any other."""
        return self.root / "bundle" / part if part == self.trains else self.bundle / part


def open_parts(folder: Path) -> Bundle:
    """A bundle by its folder, finished or still in training."""
    if (folder / "bundle.json").is_file():
        return Bundle.open(folder)
    return Bundle(folder, BundleInfo("in training", FRAME_SIZE, SHOW_SIZE, 8))

"""Part `faces` from a folder of the user's: a pack of InsightFace's kind, or OpenCV Zoo's YuNet and SFace."""

import shutil
from pathlib import Path

from ..errors import MovieDreamerError
from .writing import source, write_card


def add_faces(pack: Path, folder: Path) -> None:
    """Write the part: the pack as it is, or put together of YuNet and SFace. Raises MovieDreamerError for a folder that
    holds one of these two alone, or several.
    """
    folder.mkdir(parents=True)
    networks = sorted(pack.glob("*.onnx"))
    beside = [file for file in sorted(pack.iterdir()) if file.suffix == ".json" or "LICENSE" in file.name]
    pair = _yunet_and_sface(networks)
    for file in beside if pair else [*networks, *beside]:
        shutil.copyfile(file, folder / file.name)
    if pair:
        _put_together(*pair, folder)
    taken = source("detector and recogniser", pack, networks)
    write_card(folder, "faces", trained="nothing is missing", elsewhere=[taken], seed=None)


def _yunet_and_sface(networks: list[Path]) -> tuple[Path, Path] | None:
    """The two files of such a folder, None if it is another pack's."""
    found = [[file for file in networks if name in file.name.lower()] for name in ("yunet", "sface")]
    if not any(found):
        return None
    if [len(files) for files in found] != [1, 1]:
        names = ", ".join(file.name for files in found for file in files)
        raise MovieDreamerError(f"{networks[0].parent}: expected one YuNet and one SFace (*.onnx), found {names}")
    return found[0][0], found[1][0]


def _put_together(detector: Path, recogniser: Path, folder: Path) -> None:
    try:
        from .opencv_faces import write_pack  # noqa: PLC0415  (onnx may not be there)
    except ImportError as error:
        raise MovieDreamerError(
            f"{detector.parent}: YuNet and SFace are put together with the library onnx: pip install "
            "'moviedreamer[train]'"
        ) from error
    write_pack(detector, recogniser, folder)

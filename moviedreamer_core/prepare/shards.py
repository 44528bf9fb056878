"""Tar shards of prepared keyframes: pictures and numbers, never anything that runs.

Data contract: a shard is an uncompressed tar, `frames-000.tar` and on, of at most `PER_SHARD` shots in film order. Shot
ID has `ID.png` (the keyframe, RGB), `ID.json` (film, first, end, keyframe: frame numbers; begins: cut or fade; people:
ids left to right) and `ID.faces.npy` (float32 [people, F], unit norm: each one's face in the keyframe; a row of zeros
where it was not seen in that very frame). Same content, same bytes. Reading uses tarfile, JSON and npy without pickle:
other readers of tar shards unpickle what a name tells them to.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..atomic import replacing
from ..errors import MovieDreamerError
from ..files import DAMAGED, json_object, ordinary_file
from ..picture_files import picture_bytes

PER_SHARD = 256
MOST_BYTES = 512 * 2**20  # of one member


@dataclass(frozen=True)
class ShotRecord:
    """What `ID.json` says."""

    id: str
    film: str
    first: int
    end: int
    keyframe: int
    begins: str
    people: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PreparedShot:
    """One shot of a shard: picture uint8 [H, W, 3], faces float32 [people, F]."""

    record: ShotRecord
    picture: np.ndarray
    faces: np.ndarray


def write_shards(folder: Path, shots: Iterable[PreparedShot]) -> list[Path]:
    """Write the shots of a film; each shard appears whole or not at all. Older shards that are left over go."""
    written: list[Path] = []
    for number, part in enumerate(_parts(shots)):
        path = folder / f"frames-{number:03d}.tar"
        with replacing(path) as temporary, tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar:
            for shot in part:
                _add(tar, shot)
        written.append(path)
    for old in set(folder.glob("frames-*.tar")) - set(written):
        old.unlink()
    return written


def read_shards(folder: Path) -> Iterator[PreparedShot]:
    """The shots of a film's folder in order. Raises MovieDreamerError for a shard that is damaged or hostile."""
    paths = sorted(folder.glob("frames-*.tar"))
    if not paths:
        raise MovieDreamerError(f"{folder}: holds no frames-*.tar; expected a folder that `moviedreamer prepare` made")
    for path in paths:
        yield from _read(ordinary_file(path, "a shard"))


def _read(path: Path) -> Iterator[PreparedShot]:
    members: dict[str, dict[str, bytes]] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                stem, _, kind = member.name.partition(".")
                if not member.isfile() or kind not in ("png", "json", "faces.npy") or member.size > MOST_BYTES:
                    raise MovieDreamerError(f"{path}: holds {member.name!r}, which is no part of a shard")
                file = tar.extractfile(member)
                members.setdefault(stem, {})[kind] = b"" if file is None else file.read()
                if len(members[stem]) == 3:
                    yield _shot(stem, members.pop(stem), path)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise MovieDreamerError(f"{path}: cannot be read as a shard: {error}; prepare the film again") from error
    if members:
        raise MovieDreamerError(f"{path}: shot '{next(iter(members))}' is not whole; prepare the film again")


def _shot(stem: str, parts: dict[str, bytes], path: Path) -> PreparedShot:
    try:
        fields = json_object(parts["json"].decode(), f"{path}: {stem}.json")
        numbers = {name: int(fields[name]) for name in ("first", "end", "keyframe")}
        people = tuple(str(each) for each in fields["people"])
        record = ShotRecord(stem, str(fields["film"]), begins=str(fields["begins"]), people=people, **numbers)
        faces = np.load(io.BytesIO(parts["faces.npy"]), allow_pickle=False)
        with picture_bytes(parts["png"], path) as image:
            picture = np.asarray(image.convert("RGB"))
        if faces.ndim != 2 or len(faces) != len(people) or faces.dtype != np.float32 or not np.isfinite(faces).all():
            raise ValueError(f"faces {faces.dtype} {list(faces.shape)} of {len(people)} people")
    except (OSError, SyntaxError, EOFError, *DAMAGED) as error:
        raise MovieDreamerError(f"{path}: shot '{stem}' is damaged: {error}; prepare the film again") from error
    return PreparedShot(record, picture, faces)


def _parts(shots: Iterable[PreparedShot]) -> Iterator[Sequence[PreparedShot]]:
    part: list[PreparedShot] = []
    for shot in shots:
        part.append(shot)
        if len(part) == PER_SHARD:
            yield part
            part = []
    if part:
        yield part


def _add(tar: tarfile.TarFile, shot: PreparedShot) -> None:
    picture, faces = io.BytesIO(), io.BytesIO()
    Image.fromarray(shot.picture).save(picture, "PNG")
    np.save(faces, shot.faces.astype(np.float32), allow_pickle=False)
    fields = {name: value for name, value in asdict(shot.record).items() if name != "id"}
    texts = json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()
    for kind, data in (("png", picture.getvalue()), ("json", texts), ("faces.npy", faces.getvalue())):
        info = tarfile.TarInfo(f"{shot.record.id}.{kind}")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))

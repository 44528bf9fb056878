"""Face embeddings through `insightface.app.FaceAnalysis`, from a pack that the user names; nothing is ever downloaded.

A pack is a folder of ONNX files: an SCRFD-style detector and an ArcFace-style recogniser (a manifest V2 pack works
too). It may hold a `config.json` with `det_size` [width, height], `det_threshold` and `smallest_face` (pixels); packs
without one get insightface's two detection scales. Embeddings are float32 tensors [F] of length 1, on the CPU.
A picture is a path, a uint8 RGB array [H, W, 3] or a float tensor [3, H, W] in [0, 1].
"""

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ..bundle import file_hash
from ..errors import MovieDreamerError
from ..files import is_file, read_json, shown_name
from ..picture_files import picture_file
from .runtime import onnxruntime

Picture: TypeAlias = str | Path | np.ndarray | Tensor
CPU = ("CPUExecutionProvider",)
LONGEST_SIDE = 1600
SMALLEST_FACE = 32


@dataclass(frozen=True, eq=False)
class FoundFace:
    """One face: box (left, top, right, bottom) and landmarks [5, 2] (eyes, nose, mouth corners) in pixels."""

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    score: float
    embedding: Tensor

    @property
    def side(self) -> float:
        """The shorter side of the box in pixels."""
        return min(self.box[2] - self.box[0], self.box[3] - self.box[1])


class FacePack:
    """Finds and describes faces with the pack in `folder`.

    `providers` are onnxruntime's execution providers (the CPU unless told), `threads` the fixed number of threads: the
    same picture gives the same bytes. The networks are loaded at once. Raises MovieDreamerError if the folder holds no
    usable pack.
    """

    def __init__(self, folder: str | Path, *, providers: Sequence[str] | None = None, threads: int = 1) -> None:
        self.folder = Path(folder)
        _onnx_files(self.folder)
        settings = _settings(self.folder)
        self.smallest_face = settings.smallest_face
        self.knows = known_faces(self.folder)
        self._analysis = _open(self.folder, tuple(providers or CPU), threads)
        self._analysis.prepare(ctx_id=0, det_thresh=settings.det_threshold, det_size=settings.det_size)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hex digits) over the content of the pack's ONNX files."""
        return pack_fingerprint(self.folder)

    @cached_property
    def width(self) -> int:
        """F, the length of an embedding."""
        recogniser = self._analysis.models["recognition"]
        width = recogniser.output_shape[-1]
        if isinstance(width, int):
            return width
        return int(recogniser.get_feat(np.zeros((*recogniser.input_size, 3), np.uint8)).size)

    def find(self, picture: Picture, *, name: str = "") -> list[FoundFace]:
        """Every face of a picture, the largest first; boxes are in the picture's own pixels.

        `name` stands for the picture in errors if it is not a path. Raises MovieDreamerError if it cannot be read.
        """
        return self._find(*_read(picture, name))

    def embed_picture(self, picture: Picture, *, name: str = "") -> Tensor:
        """The embedding [F] of the one face in a reference picture.

        Raises MovieDreamerError that names the picture if it cannot be read, or shows no face, several, or one that is
        too small.
        """
        pixels, title = _read(picture, name)
        face = _only_face(self._find(pixels, title), title, self.smallest_face, pixels.shape, only_for(self.knows))
        return face.embedding

    def embed_crops(self, crops: Sequence[np.ndarray]) -> Tensor:
        """Embeddings [N, F] of faces aligned already (insightface's `norm_crop`), RGB uint8 [112, 112, 3] each."""
        features = self._analysis.models["recognition"].get_feat(
            [np.ascontiguousarray(crop[:, :, ::-1]) for crop in crops]
        )
        embeddings = torch.from_numpy(np.asarray(features, np.float32))
        return embeddings / embeddings.norm(dim=1, keepdim=True).clamp_min(1e-6)

    def _find(self, pixels: np.ndarray, title: str) -> list[FoundFace]:
        small, scale = _shrink(pixels)
        with warnings.catch_warnings():
            # insightface 2.1 calls scikit-image's `estimate`, which warns of its renaming at every face.
            warnings.simplefilter("ignore", FutureWarning)
            found = self._analysis.get(np.ascontiguousarray(small[:, :, ::-1]))
        faces = [_found(face, scale, title) for face in found]
        return sorted(faces, key=lambda face: -face.side)


def pack_fingerprint(folder: Path | str) -> str:
    """A pack's fingerprint (64 hex digits) without loading it. Raises MovieDreamerError if the folder holds none."""
    return sha256("".join(file_hash(file) for file in _onnx_files(Path(folder))).encode()).hexdigest()


def known_faces(folder: Path | str) -> str:
    """The only faces that a pack knows, as its card says: "paper faces"; "" for a pack that does not say."""
    card = Path(folder) / "card.json"
    return str(read_json(card).get("knows", "")) if is_file(card) else ""


def only_for(knows: str) -> str:
    """What to tell who might have given such a pack a photograph; "" for a pack that knows all faces."""
    return f"; this pack knows {knows} only: photographs need one of your own (--faces, Load Faces)" if knows else ""


def _only_face(faces: list[FoundFace], title: str, smallest: float, shape: tuple[int, ...], hint: str) -> FoundFace:
    """The quality gate of a reference picture; `shape` is the picture's [H, W, 3], `hint` ends an error."""
    size = f"{shape[1]}x{shape[0]}"
    if not faces:
        raise MovieDreamerError(
            f"{title}: no face found in this {size} picture; use one in which the face is seen from the front, lit, "
            "and at least a quarter of the picture high, or leave out `references` and describe the character in words"
            f"{hint}"
        )
    if len(faces) > 1:
        places = ", ".join(f"at ({sum(f.box[0::2]) / 2:.0f}, {sum(f.box[1::2]) / 2:.0f})" for f in faces[:6])
        raise MovieDreamerError(
            f"{title}: {len(faces)} faces found ({places}), expected exactly one; crop the picture to the "
            f"character's face{hint}"
        )
    if faces[0].side < smallest:
        raise MovieDreamerError(
            f"{title}: the face is {faces[0].side:.0f} pixels small in this {size} picture, expected at least "
            f"{smallest:.0f}; use a larger picture or a closer one"
        )
    return faces[0]


def _found(face: Any, scale: float, title: str) -> FoundFace:
    embedding = torch.from_numpy(np.asarray(face.embedding, np.float32).reshape(-1).copy())
    length = float(embedding.norm())
    if not np.isfinite(length) or length < 1e-6:
        raise MovieDreamerError(
            f"{title}: the face pack gave an embedding of length {length}: its recogniser is damaged; get the pack anew"
        )
    left, top, right, bottom = (float(v) / scale for v in face.bbox)
    landmarks = np.asarray(face.kps, np.float32) / scale
    return FoundFace((left, top, right, bottom), landmarks, float(face.det_score), embedding / length)


def _read(picture: Picture, name: str) -> tuple[np.ndarray, str]:
    """The pixels, uint8 RGB [H, W, 3], and what to call the picture in an error."""
    if isinstance(picture, (str, Path)):
        return _read_file(Path(picture)), str(picture)
    title = name or "the picture"
    if isinstance(picture, Tensor):
        if picture.ndim != 3 or picture.shape[0] != 3 or not bool(torch.isfinite(picture).all()):
            raise MovieDreamerError(
                f"{title}: got a tensor {list(picture.shape)}, expected finite values [3, H, W] in [0, 1]"
            )
        picture = picture.detach().cpu().float().clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy()
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise MovieDreamerError(
            f"{title}: got an array {list(picture.shape)} of {picture.dtype}, expected RGB uint8 [H, W, 3]"
        )
    return picture, title


def _read_file(path: Path) -> np.ndarray:
    if not is_file(path):
        raise MovieDreamerError(
            f"{shown_name(path)}: no such picture; correct the path under `references` of the script"
        )
    with picture_file(path) as image:
        upright = ImageOps.exif_transpose(image)
        if not upright.mode.endswith(("A", "a")) and "transparency" not in upright.info:
            return np.asarray(upright.convert("RGB"))  # without a copy for alpha, which large pictures would feel
        seen = upright.convert("RGBA")
        paper = Image.new("RGBA", seen.size, (255, 255, 255, 255))
        return np.asarray(Image.alpha_composite(paper, seen).convert("RGB"))


def _shrink(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """At most LONGEST_SIDE pixels a side, averaged down (the recogniser's crop would alias), and the scale."""
    scale = LONGEST_SIDE / max(pixels.shape[:2])
    if scale >= 1:
        return pixels, 1.0
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)), scale


def _onnx_files(folder: Path) -> list[Path]:
    """The pack's files. Looked for before insightface sees the folder: it would try to download a missing one."""
    files = sorted(folder.rglob("*.onnx")) if folder.is_dir() else []
    if not files:
        what = "holds no .onnx files" if folder.is_dir() else "is not a folder"
        raise MovieDreamerError(
            f"{folder} {what}; expected a face pack: a folder with an insightface detector and recogniser (*.onnx), "
            "such as `faces` of the mini bundle, or a pack that you have downloaded and unpacked yourself"
        )
    return files


@dataclass(frozen=True)
class _Settings:
    """A pack's `config.json`. `det_size` (width, height) or None for insightface's own two scales."""

    det_size: tuple[int, int] | None = None
    det_threshold: float = 0.5
    smallest_face: float = SMALLEST_FACE


def _settings(folder: Path) -> _Settings:
    """What `config.json` says, or the defaults for a pack without one."""
    file = folder / "config.json"
    if not file.is_file():
        return _Settings()
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        size = values.get("det_size")
        if size is not None:
            width, height = (int(v) for v in size)
            if not (32 <= width <= 4096 and 32 <= height <= 4096):
                raise ValueError(f"det_size {width}x{height} is out of range (32 to 4096)")
            size = (width, height)
        threshold, smallest = float(values.get("det_threshold", 0.5)), float(values.get("smallest_face", SMALLEST_FACE))
        return _Settings(size, threshold, smallest)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise MovieDreamerError(
            f"{file}: cannot be read as the settings of a face pack ({error}); expected det_size [width, height], "
            "det_threshold and smallest_face"
        ) from error


def _open(folder: Path, providers: tuple[str, ...], threads: int) -> Any:
    # Here: 1.2 s that a film without faces need not wait for (measured), and a broken onnxruntime breaks faces alone.
    runtime = onnxruntime()
    from insightface.app import FaceAnalysis  # noqa: PLC0415

    unknown = [p for p in providers if p not in runtime.get_available_providers()]
    if unknown:
        raise MovieDreamerError(
            f"onnxruntime has no provider {unknown[0]!r} here; it has {', '.join(runtime.get_available_providers())}"
        )
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    wanted = ["detection", "recognition"]
    try:
        analysis = FaceAnalysis(
            name=str(folder.resolve()), allowed_modules=wanted, providers=list(providers), sess_options=options
        )
    except AssertionError as error:
        raise MovieDreamerError(f"{folder}: none of its .onnx files is a face detector; get the whole pack") from error
    except Exception as error:
        raise MovieDreamerError(f"{folder}: cannot be loaded as a face pack: {error}; get the pack anew") from error
    if missing := [task for task in wanted if task not in analysis.models]:
        raise MovieDreamerError(f"{folder}: the pack has no model for {missing[0]}; get the whole pack")
    return analysis

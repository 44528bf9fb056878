"""The face pack: an SCRFD-style detector and an ArcFace-style recogniser, trained on papertown's people, as ONNX.

The embedding must carry the whole person, for the decoder draws the face from it: linear heads read every attribute
from it, and a supervised contrastive loss (Khosla et al. 2020) pulls the portraits of one person together and
look-alikes apart.
"""

import json
import os
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from insightface.utils.face_align import norm_crop
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import MovieDreamerError
from ...papertown import EXPRESSIONS, PERSON, Person, draw_frame, draw_portrait, faces, portrait_face
from ...papertown.films import lookalike, random_person
from ..data import frame_film
from ..face_embeddings import SPREAD, Pose, spread
from ..face_networks import ANCHORS, STRIDES, Detector, Recogniser, export_onnx
from ..part import Part, Workspace
from ..settings import Count, PartSettings, Weight

CANVAS = 256
LEVELS = ((0, 44), (44, 88), (88, 10_000))  # the longer side of a face, in pixels, that a stride answers for


class FaceNetworks(nn.Module):
    """Both networks and the attribute heads, in one forward."""

    def __init__(self, width: int):
        super().__init__()
        self.detector, self.recogniser = Detector(), Recogniser(width)
        self.heads = nn.ModuleDict({name: nn.Linear(width, len(values)) for name, values in PERSON.items()})

    def forward(
        self, crops: Tensor | None, scenes: Tensor
    ) -> tuple[Tensor | None, dict[str, Tensor], tuple[Tensor, ...]]:
        """crops [B, 3, 112, 112], scenes [b, 3, 256, 256] -> unit embeddings, attribute logits, detector rows.

        Without crops the recogniser rests.
        """
        if crops is None:
            return None, {}, self.detector(scenes)
        unit = F.normalize(self.recogniser(crops), dim=1)
        wide = unit * unit.shape[1] ** 0.5
        return unit, {name: head(wide) for name, head in self.heads.items()}, self.detector(scenes)


@dataclass(frozen=True, kw_only=True)
class FacesSettings(PartSettings):
    """`width` is F, the length of an embedding. `people` are drawn with `portraits` pictures each, `held_out` more
    people to measure on; `scenes` are drawn for the detector, `scenes_per_batch` of them in a step. `contrast` weighs
    that loss. `recognise` false: the detector learns alone and the exported recogniser is kept to the byte, with every
    embedding that was made by it.
    """

    width: Count
    people: Count
    portraits: Count
    scenes: Count
    scenes_per_batch: Count
    held_out: Count
    contrast: Weight
    recognise: bool = True


class FacesPart(Part[FaceNetworks]):
    """The face pack: a detector and a recogniser of papertown's faces."""

    name = "faces"
    about = {"knows": "paper faces"}
    Settings = FacesSettings
    settings: FacesSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        torch.manual_seed(0)
        self.model = FaceNetworks(self.settings.width)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which torch's types leave out
        if not self.settings.recognise:
            self.model.recogniser.requires_grad_(False)
            self.model.heads.requires_grad_(False)
        self.crops, self.marks = self._crops("train", self.settings.people)
        self.held_out, self.held_out_marks = self._crops("validation", self.settings.held_out)
        self.scenes, self.boxes = self._scenes("train", self.settings.scenes)
        self.held_out_scenes, self.held_out_boxes = self._scenes("validation", 64)

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        each = self.settings.portraits
        pairs = rng.integers(
            len(self.crops) // each // 2, size=size // each // 2
        )  # a person and the look-alike after it
        rows = ((pairs[:, None] * 2 + np.arange(2)).reshape(-1, 1) * each + np.arange(each)).reshape(-1)
        crops = np.stack([_corrupted(self.crops[r], rng) for r in rows])
        scenes = rng.integers(len(self.scenes), size=self.settings.scenes_per_batch)
        targets = [np.stack(level) for level in zip(*(detector_targets(self.boxes[k]) for k in scenes), strict=True)]
        return {
            "crops": _pixels(crops, 127.5),
            "marks": torch.from_numpy(self.marks[rows // each].astype(np.int64)),
            "who": torch.from_numpy(rows // each),
            "scenes": _pixels(np.stack([_corrupted(self.scenes[k], rng) for k in scenes]), 128.0),
            **{f"targets{k}": torch.from_numpy(t) for k, t in enumerate(targets)},
        }

    def loss(self, batch: dict[str, Tensor], model: FaceNetworks) -> tuple[Tensor, dict[str, float]]:
        unit, logits, found = model(batch["crops"] if self.settings.recognise else None, batch["scenes"])
        losses = [detector_loss(rows, batch[f"targets{k}"]) for k, rows in enumerate(found)]
        detection = sum(losses, start=losses[0].new_zeros(()))
        if unit is None:
            return detection, {"detection": float(detection.detach())}
        attributes = torch.stack(
            [F.cross_entropy(logits[n], batch["marks"][:, k]) for k, n in enumerate(PERSON)]
        ).mean()
        contrast = supervised_contrast(unit, batch["who"])
        parts = {"attributes": attributes, "contrast": contrast, "detection": detection}
        loss = attributes + self.settings.contrast * contrast + detection
        return loss, {k: float(v.detach()) for k, v in parts.items()}

    def validate(self, model: FaceNetworks) -> dict[str, float]:
        device, each = next(model.parameters()).device, self.settings.portraits
        unit = torch.cat(
            [F.normalize(model.recogniser(part), dim=1) for part in _pixels(self.held_out, 127.5).to(device).split(64)]
        )
        marks = torch.from_numpy(self.held_out_marks.astype(np.int64)).repeat_interleave(each, 0).to(device)
        right = {
            n: float((model.heads[n](unit * unit.shape[1] ** 0.5).argmax(1) == marks[:, k]).float().mean())
            for k, n in enumerate(PERSON)
        }
        people = unit.unflatten(0, (-1, each))
        same = (people[:, 0] * people[:, 1]).sum(1)
        alike = (people[0::2, 0] * people[1::2, 1]).sum(1)
        found = [
            self._found(model.detector, image, boxes)
            for image, boxes in zip(self.held_out_scenes, self.held_out_boxes, strict=True)
        ]
        separated = float((same[0::2] > alike).float().mean())
        return {
            "attributes": sum(right.values()) / len(right),
            "least": min(right.values()),
            "same": float(same.mean()),
            "alike": float(alike.mean()),
            "separated": separated,
            "detection": float(np.mean([overlap > 0.5 for scene in found for overlap, _ in scene])),
            "landmarks": float(np.median([off for scene in found for _, off in scene])),
            **right,
        }

    def _found(self, detector: Detector, image: np.ndarray, faces: np.ndarray) -> list[tuple[float, float]]:
        """Of every face of a scene: the overlap of the best box, and how far its landmarks are off, over the side of
        the face.
        """
        out = detector(_pixels(image[None], 128.0).to(next(detector.parameters()).device))
        shown = []
        for k, stride in enumerate(STRIDES):
            keep = out[k][:, 0] > 0.5
            side = CANVAS // stride
            cell = torch.arange(side * side, device=keep.device).repeat_interleave(ANCHORS)[keep]
            corner = torch.stack([cell % side, cell // side], 1) * stride
            box, marks = out[3 + k][keep] * stride, out[6 + k][keep] * stride
            shown.append(torch.cat([corner - box[:, :2], corner + box[:, 2:], corner.repeat(1, 5) + marks], 1))
        candidates = torch.cat(shown).cpu().numpy()
        best = []
        for face in faces:
            overlaps = [_overlap(c[:4], face[:4]) for c in candidates]
            if not overlaps:
                best.append((0.0, 1.0))
                continue
            found = candidates[int(np.argmax(overlaps))]
            best.append((max(overlaps), float(np.abs(found[4:] - face[4:]).mean() / (face[2:4] - face[:2]).max())))
        return best

    def export(self, model: FaceNetworks, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        names = [f"{kind}_{stride}" for kind in ("score", "box", "landmarks") for stride in STRIDES]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            export_onnx(
                model.detector.cpu(), torch.zeros(1, 3, CANVAS, CANVAS), str(folder / "det.onnx"), names, moving=(2, 3)
            )
            if self.settings.recognise:
                example = torch.zeros(1, 3, 112, 112)
                export_onnx(model.recogniser.cpu(), example, str(folder / "rec.onnx"), ["embedding"], moving=(0,))
            elif not (folder / "rec.onnx").exists():
                raise MovieDreamerError(f"{folder} has no rec.onnx to keep: train faces with recognise=true first.")
        settings = {
            "det_size": [CANVAS, CANVAS],
            "det_threshold": 0.5,
            "smallest_face": 32,
            "width": self.settings.width,
        }
        (folder / "config.json").write_text(json.dumps(settings, indent=2) + "\n")

    def gate(self) -> tuple[str, float]:
        return "attributes", 0.95

    def _kept(self, name: str, make: Callable[[], Any]) -> list[np.ndarray]:
        paths = [self.workspace.data.root / f"{name}_{k}.npy" for k in range(2)]
        if not all(p.exists() for p in paths):
            self.workspace.data.root.mkdir(parents=True, exist_ok=True)
            for path, value in zip(paths, make(), strict=True):
                np.save(path, value)
        return [np.load(p, mmap_mode="r", allow_pickle=False) for p in paths]

    def _crops(self, split: str, people: int) -> tuple[np.ndarray, np.ndarray]:
        """Aligned crops uint8 [people * portraits, 112, 112, 3] and attribute indices [people, 9].

        Every second person is a look-alike of the one before.
        """
        each, workers = self.settings.portraits, self.workspace.data.workers
        crops, marks = self._kept(
            f"faces_{split}_{people}x{each}_{SPREAD}",
            lambda: _in_parallel(_draw_people, [(split, k, each) for k in range(people // 2)], workers),
        )
        return crops, marks

    def _scenes(self, split: str, count: int) -> tuple[np.ndarray, list[np.ndarray]]:
        """Pictures uint8 [count, 256, 256, 3] and faces float32 [count, 3, 14]: box, landmarks; NaN for none."""
        pictures, boxes = self._kept(
            f"face_scenes_{split}_{count}_{SPREAD}",
            lambda: _in_parallel(_draw_scene, [(split, k) for k in range(count)], self.workspace.data.workers),
        )
        return pictures, [b[~np.isnan(b[:, 0])] for b in boxes]


def supervised_contrast(unit: Tensor, who: Tensor, temperature: float = 0.1) -> Tensor:
    """Supervised contrastive loss (Khosla et al. 2020, eq. 2) of unit embeddings [B, F] with people's numbers [B]."""
    alike = unit @ unit.T / temperature  # [B, B], cosines
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    same = (who[:, None] == who[None]) & ~itself
    # [B, B]: log of the softmax over all others
    log = alike - alike.masked_fill(itself, -torch.inf).logsumexp(1, keepdim=True)
    return -(log * same).sum(1).div(same.sum(1).clamp_min(1)).mean()


def detector_targets(boxes: np.ndarray) -> list[np.ndarray]:
    """Per stride [side * side * ANCHORS, 15]: 1 where a face is centred on the cell, then its box and landmarks in
    strides; 0 elsewhere.
    """
    levels = []
    for stride, (low, high) in zip(STRIDES, LEVELS, strict=True):
        side = CANVAS // stride
        target = np.zeros((side, side, 15), np.float32)
        for box in boxes:
            if not low <= max(box[2] - box[0], box[3] - box[1]) < high:
                continue
            x, y = (box[0] + box[2]) / 2 / stride, (box[1] + box[3]) / 2 / stride
            for j in range(max(0, int(y)), min(side, int(y) + 2)):
                for i in range(max(0, int(x)), min(side, int(x) + 2)):
                    corner = np.array([i, j], np.float32)
                    distances = np.concatenate([corner - box[:2] / stride, box[2:4] / stride - corner])
                    target[j, i] = np.concatenate(
                        [[1.0], distances, (box[4:].reshape(5, 2) / stride - corner).reshape(-1)]
                    )
        levels.append(target.reshape(-1, 1, 15).repeat(ANCHORS, 1).reshape(-1, 15))
    return levels


def detector_loss(rows: Tensor, targets: Tensor) -> Tensor:
    """Focal loss of the scores (Lin et al. 2017, gamma 2) and L1 of boxes and landmarks where there is a face."""
    face = targets[..., 0]  # [B, cells]
    cross = F.binary_cross_entropy_with_logits(rows[..., 0], face, reduction="none")
    focal = ((rows[..., 0].sigmoid() - face).abs() ** 2 * cross).sum() / face.sum().clamp_min(8)
    off = (rows[..., 1:] - targets[..., 1:]).abs().mean(-1)  # [B, cells, 14] -> [B, cells]
    return focal + 0.5 * (off * face).sum() / face.sum().clamp_min(1)


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = max(0.0, width) * max(0.0, height)
    return shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared + 1e-6)


def _pixels(pictures: np.ndarray, scale: float) -> Tensor:
    return (torch.from_numpy(np.ascontiguousarray(pictures)).movedim(-1, 1).float() - 127.5) / scale


def _corrupted(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture in another light, sometimes blurred as an enlarged small face is."""
    corrupted = picture.astype(np.float32) * rng.uniform(0.85, 1.15, 3) + rng.uniform(-12, 12)
    if rng.random() < 0.3:
        corrupted = (
            corrupted + np.roll(corrupted, 1, 0) + np.roll(corrupted, 1, 1) + np.roll(corrupted, (1, 1), (0, 1))
        ) / 4
    return np.clip(corrupted + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def _in_parallel(draw: Callable[..., Any], jobs: list[tuple[Any, ...]], workers: int) -> tuple[np.ndarray, np.ndarray]:
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        pictures, values = zip(*pool.map(draw, jobs, chunksize=16), strict=True)
    return np.concatenate(pictures), np.concatenate(values)


def _draw_people(job: tuple[str, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A person and a look-alike: aligned crops [2 * each, 112, 112, 3], attributes [2, 9]."""
    split, number, each = job
    rng = Random(f"faces:{split}:{number}")
    first = random_person(rng, split)
    people = [first, lookalike(rng, first, split)]
    crops = np.stack([_portrait_crop(person, rng) for person in people for _ in range(each)])
    marks = np.array([[values.index(getattr(p, name)) for name, values in PERSON.items()] for p in people], np.int8)
    return crops, marks


def _portrait_crop(person: Person, rng: Random) -> np.ndarray:
    side = rng.choice((112, 160, 224))
    pose: Pose = {"tilt": rng.uniform(-12, 12), "jitter": 1.0, "seed": rng.randrange(1 << 30)}
    look, expression = ("paper", "ink")[rng.random() < 0.25], rng.choice(EXPRESSIONS)
    picture = draw_portrait(person, size=(side, side), look=look, expression=expression, **pose)
    landmarks = spread(portrait_face(person, size=(side, side), **pose).landmarks)
    slip = np.array([[rng.gauss(0, side / 150) for _ in range(2)] for _ in range(5)], np.float32)
    return norm_crop(picture, landmarks + slip, 112)


def _draw_scene(job: tuple[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """A portrait or a film frame on the detector's canvas, [1, 256, 256, 3], and its faces [1, 3, 14]."""
    split, number = job
    rng = Random(f"scene:{split}:{number}")
    look = ("paper", "ink")[rng.random() < 0.25]
    canvas = np.zeros((CANVAS, CANVAS, 3), np.uint8)
    if number % 2:
        film = frame_film(1, split, number)
        t, size = rng.uniform(0, 2), (CANVAS, CANVAS // 2)
        canvas[: CANVAS // 2] = draw_frame(film, 0, t, size=size, look=look)
        found = faces(film, 0, t, size)
    else:
        person = random_person(rng, split)
        pose: Pose = {"tilt": rng.uniform(-12, 12), "jitter": 1.0, "seed": rng.randrange(1 << 30)}
        canvas[:] = draw_portrait(person, size=(CANVAS, CANVAS), look=look, expression=rng.choice(EXPRESSIONS), **pose)
        found = [portrait_face(person, size=(CANVAS, CANVAS), **pose)]
    rows = np.full((1, 3, 14), np.nan, np.float32)
    for k, face in enumerate(found):
        rows[0, k] = np.concatenate([np.array(face.box, np.float32), spread(face.landmarks).reshape(-1)])
    return canvas[None], rows

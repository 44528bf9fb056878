"""The attribute reader of papertown, trained on clips and on frames of both looks, worn as generated ones are."""

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...atomic import replacing
from ...bundle import load_model
from ...papertown import LOOKS, Film, draw_frame, labels
from ...papertown.columns import Logits, accuracy, cross_entropy
from ...papertown.labels import ATTRIBUTES
from ...papertown.reader import CELLS, CLIP_FRAMES, Reader, of_head
from ...papertown.world import MAX_PEOPLE
from ..corruption import corrupt
from ..data import frame_film
from ..export import save_half
from ..image_tensors import save_grid, to_images
from ..part import Part, Workspace
from ..settings import Count, PartSettings, Weight
from ..shots import Shots

FPS = 8
HELD_OUT = 384
ACTION_COLUMNS = [list(ATTRIBUTES).index(f"slot{k}.action") for k in range(MAX_PEOPLE)]


class Eyes(nn.Module):
    """Frames and clips in one forward, so that the gradients of several processes are averaged."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, images: Tensor, boxes: Tensor, clips: Tensor) -> tuple[Logits, Tensor, Tensor, Tensor]:
        """Logits of images [B, 3, 64, 128] whose heads are cut out at the boxes [B, 3, 3] given (side 0: nobody there),
        the boxes found, where each slot looks [B, 3, glances, 128], and action logits of grey clips [C, 8, 64, 128].
        """
        scene, slots, found, maps = self.reader.glance(images)
        row, slot = (boxes[..., 2] > 0).nonzero().unbind(1)
        heads = torch.zeros_like(slots).index_put((row, slot), self.reader.heads(images[row], boxes[row, slot]))
        slots = torch.where(of_head(slots), heads, slots)
        return (scene, slots), found, maps, self.reader.forward_motion(clips)


@dataclass(frozen=True, kw_only=True)
class ReaderSettings(PartSettings):
    """`frames` (look -> how many are drawn), `clips` (how many), `clips_per_frame` of a batch, `heads` (weight of what
    teaches it to look at heads and to box them), `seed`, `model` (over the Reader's own config).
    """

    frames: dict[str, Count]
    clips: Count
    clips_per_frame: Weight
    heads: Weight
    seed: int
    model: dict[str, Any] = field(default_factory=dict)


class ReaderPart(Part[Eyes]):
    """The attribute reader, which judges pictures and clips."""

    name = "reader"
    Settings = ReaderSettings
    settings: ReaderSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.frames = [workspace.data.frames("train", self.settings.frames[look], look) for look in LOOKS]
        self.held_out = [workspace.data.frames("validation", HELD_OUT, look) for look in LOOKS]
        shots = [Shots(workspace, "train", self.settings.frames[look]) for look in LOOKS]
        self.heads = [each.heads(*CELLS).flatten(1) for each in shots]
        self.boxes = [each.head_boxes() for each in shots]
        self.clips, self.actions = drawn_clips(workspace, "train", self.settings.clips)
        self.held_out_clips = drawn_clips(workspace, "validation", min(256, self.settings.clips))
        torch.manual_seed(self.settings.seed)
        self.model = Eyes(Reader(**self.settings.model))

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        counts = (size // 2, size - size // 2)
        chosen = [rng.integers(len(look), size=n) for look, n in zip(self.frames, counts, strict=True)]
        rows = list(zip(self.frames, chosen, strict=True))
        clips = rng.integers(len(self.clips), size=max(1, round(size * self.settings.clips_per_frame)))
        return {
            "images": to_images(np.concatenate([look.images[own] for look, own in rows])),
            "labels": torch.from_numpy(np.concatenate([look.labels[own] for look, own in rows])).long(),
            "heads": torch.cat([heads[own] for heads, own in zip(self.heads, chosen, strict=True)]).long(),
            "boxes": torch.cat([boxes[own] for boxes, own in zip(self.boxes, chosen, strict=True)]),
            "clips": torch.from_numpy(self.clips[clips]).float().div(255),
            "actions": torch.from_numpy(self.actions[clips]).long(),
        }

    def loss(self, batch: dict[str, Tensor], model: Eyes) -> tuple[Tensor, dict[str, float]]:
        clips = batch["clips"]
        clips = corrupt(clips.reshape(len(clips), 1, -1, clips.shape[-1]).expand(-1, 3, -1, -1))[:, 0].view_as(clips)
        answers, boxes, maps, motion = model(corrupt(batch["images"]), misplaced(batch["boxes"]), clips)
        losses = {
            "looks": cross_entropy(answers, batch["labels"]),
            "moves": F.cross_entropy(motion.flatten(0, 1), batch["actions"].flatten(), ignore_index=-1),
            "heads": heads_missed(maps, batch["heads"]),
            "boxes": boxes_missed(boxes, batch["boxes"]),
        }
        weights = {"looks": 1.0, "moves": 0.2, "heads": self.settings.heads, "boxes": self.settings.heads}
        total = sum((weights[name] * loss for name, loss in losses.items()), start=losses["looks"].new_zeros(()))
        return total, {name: float(loss.detach()) for name, loss in losses.items()}

    def validate(self, model: Eyes) -> dict[str, float]:
        """Shares read right on drawn frames of the test split: people and arrangements that training never showed."""
        scores: dict[str, float] = {}
        reader = model.reader
        for look, frames in zip(LOOKS, self.held_out, strict=True):
            images = to_images(frames.images)
            parts = [reader(part.to(reader.device)) for part in images.split(64)]
            scene, slots = (torch.cat(column).cpu() for column in zip(*parts, strict=True))
            found = accuracy((scene, slots), torch.from_numpy(frames.labels))
            if look == LOOKS[0]:
                scores |= found
            scores[f"mean_{look}"] = sum(found.values()) / len(found)
            scores[f"who_{look}"] = self._who(reader, images)
        clips, actions = (torch.from_numpy(array) for array in self.held_out_clips)
        motion = torch.cat([reader.forward_motion(c.to(reader.device).float() / 255).cpu() for c in clips.split(32)])
        seen = actions >= 0
        scores["clip_action"] = float((motion.argmax(-1) == actions)[seen].float().mean())
        return scores

    def samples(self, model: Eyes, path: Path) -> None:
        """Held-out frames above the same frames worn: what it reads."""
        torch.manual_seed(0)
        images = torch.cat([to_images(frames.images[:8]) for frames in self.held_out])
        save_grid(torch.cat([images, corrupt(images, 1.0)]), path)

    def export(self, model: Eyes, folder: Path) -> None:
        save_half(model.reader, folder)

    def load(self, folder: Path) -> None:
        self.model.reader = load_model(Reader, folder)

    def gate(self) -> tuple[str, float]:
        return "mean_paper", 0.95

    def _who(self, reader: Reader, images: Tensor) -> float:
        """How often the leftmost person is told from the rest of the film's cast of three (wide shots left out)."""
        right = []
        for k, image in enumerate(images[:128]):
            film = self.workspace.data.film("validation", k)
            if film.shots[0].size != "wide":
                found = reader.who(image[None], 0, [member.person for member in film.cast])
                right.append(int(found) == film.shots[0].figures[0].character)
        return sum(right) / max(1, len(right))


def heads_missed(maps: Tensor, heads: Tensor) -> Tensor:
    """-log of what the first half of a slot's glances gives to its head, the mean over the heads that are seen.

    maps [B, 3, glances, N], each summing to 1; heads int64 [B, N], 0 or 1 + the slot of whose head is in the cell.
    """
    # [B, 3, N]: whose head is in which cell
    on = heads[:, None] == torch.arange(1, maps.shape[1] + 1, device=heads.device)[:, None]
    # [B, 3]: the share of a slot's glances that rests on its head
    rest = (maps[:, :, : maps.shape[2] // 2].float() * on[:, :, None]).sum(-1).mean(-1)
    seen = on.any(-1)
    return -rest[seen].clamp(min=1e-4).log().mean() if bool(seen.any()) else maps.sum() * 0


def boxes_missed(found: Tensor, boxes: Tensor) -> Tensor:
    """How far found boxes [B, 3, 3] are from the true ones (side 0: nobody there), in sides of the true ones."""
    there = boxes[..., 2] > 0
    found, true = found[there], boxes[there]
    # [M, 3]: the box coding of R-CNN (Girshick et al. 2014), the smooth L1 of Fast R-CNN, over the M people there
    off = torch.cat([(found - true)[:, :2] / true[:, 2:], (found[:, 2:] / true[:, 2:]).log()], dim=-1)
    return F.smooth_l1_loss(off, torch.zeros_like(off), beta=0.1)


def misplaced(boxes: Tensor, by: float = 0.07) -> Tensor:
    """Boxes [B, 3, 3] as far from their places as found ones are: moved and scaled by about `by` sides."""
    off = by * torch.randn_like(boxes)
    return torch.cat([boxes[..., :2] + off[..., :2] * boxes[..., 2:], boxes[..., 2:] * (1 + off[..., 2:])], dim=-1)


def drawn_clips(workspace: Workspace, split: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey clips uint8 [N, 8, 64, 128] of one second, both looks in turn, and each slot's action int64 [N, 3] (or -1).

    Drawn on first use and kept beside the frames.
    """
    data = workspace.data
    pictures = data.root / f"clips_{split}_grey_{data.seed}_{count}.npy"
    marks = pictures.with_name(f"{pictures.stem}_actions.npy")
    if not (pictures.exists() and marks.exists()):
        jobs = [(data.seed, split, k) for k in range(count)]
        with ProcessPoolExecutor(data.workers, mp_context=get_context("spawn")) as pool:
            drawn, actions = zip(*pool.map(_draw_grey, jobs, chunksize=32), strict=True)
        clips, values = np.stack(drawn), np.stack(actions)
        data.root.mkdir(parents=True, exist_ok=True)
        np.save(marks, values)
        with replacing(pictures, durable=False) as temporary, temporary.open("wb") as stream:
            np.save(stream, clips)
    return np.load(pictures, allow_pickle=False), np.load(marks, allow_pickle=False)


def _draw_grey(job: tuple[int, str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Clip k of a split and its actions (runs in a worker process)."""
    film = frame_film(*job)
    actions = np.array(list(labels(film, 0).values()), np.int64)[ACTION_COLUMNS]
    return _grey_clip(film, LOOKS[job[2] % 2]), actions


def _grey_clip(film: Film, look: str) -> np.ndarray:
    frames = [draw_frame(film, 0, k / FPS, size=(128, 64), look=look) for k in range(CLIP_FRAMES)]
    return np.stack(frames).mean(-1).round().astype(np.uint8)

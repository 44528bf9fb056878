"""The attribute reader: judges any picture or clip of papertown, drawn or generated.

Data contract: images are float32 [B, 3, H, W] in [0, 1] of any size with papertown's aspect (2:1); they are read at
128x64. An answer gives, for every attribute of `labels.ATTRIBUTES`, a class index [B] and its probability [B]. Slots
are the people from left to right; an answer for a slot that is empty ("people" says so) means nothing. Clips are
[F, 3, H, W] at 8 frames a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

from ..bundle import load_model
from ..errors import MovieDreamerError
from .columns import PERSONAL, PERSONAL_COUNTS, outputs, split
from .labels import ATTRIBUTES
from .world import ACTIONS, MAX_PEOPLE, PERSON, Person

READ_SIZE = (64, 128)
CELLS = (8, 16)
CLIP_FRAMES = 8
HEAD_SIDE = 32
HEAD_MARGIN = 1.5  # hair and hat, over the box of the face
WIDE_ATTRIBUTES = ("skin", "hair_color", "hat")
Answer = tuple[Tensor, Tensor]


class ResBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(8, width), nn.GroupNorm(8, width)
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.norm1(x)))
        return x + self.conv2(F.relu(self.norm2(y)))


class Trunk(nn.Module):
    """A convolutional net from channels [B, C, 64, 128] to features [B, 128, W]: 8x16 cells that know of each other."""

    def __init__(self, channels: int, widths: Sequence[int], heads: int = 4) -> None:
        super().__init__()
        a, b, c = widths
        self.body = nn.Sequential(
            nn.Conv2d(channels, a, 5, stride=2, padding=2),
            nn.GroupNorm(8, a),
            nn.ReLU(),
            nn.Conv2d(a, b, 3, stride=2, padding=1),
            ResBlock(b),
            nn.Conv2d(b, c, 3, stride=2, padding=1),
            ResBlock(c),
        )
        self.position = nn.Parameter(torch.randn(CELLS[0] * CELLS[1], c) * 0.1)
        self.norm = nn.LayerNorm(c)
        self.mix = nn.MultiheadAttention(c, heads, batch_first=True)
        self.last = nn.LayerNorm(c)

    def forward(self, x: Tensor) -> Tensor:
        cells = self.body(x).flatten(2).mT + self.position
        y = self.norm(cells)
        return self.last(cells + self.mix(y, y, y, need_weights=False)[0])


class HeadTrunk(nn.Sequential):
    """Heads [N, 3, 32, 32] to features [N, 16 * the last width]: 4x4 places, so that what is where stays known."""

    def __init__(self, widths: Sequence[int]) -> None:
        a, b, c = widths
        super().__init__(
            nn.Conv2d(3, a, 5, padding=2),
            nn.GroupNorm(8, a),
            nn.ReLU(),
            nn.Conv2d(a, b, 3, stride=2, padding=1),
            ResBlock(b),
            nn.Conv2d(b, c, 3, stride=2, padding=1),
            ResBlock(c),
            nn.AvgPool2d(2),
            nn.Flatten(),
        )


class Look(nn.Module):
    """Looks at cells [B, N, W] with `views` x `glances` learned softmax maps: [B, views, glances * W]."""

    def __init__(self, width: int, views: int, glances: int) -> None:
        super().__init__()
        self.views, self.glances = views, glances
        self.score = nn.Linear(width, views * glances)

    def forward(self, cells: Tensor) -> Tensor:
        return self.seen(cells, self.maps(cells))

    def maps(self, cells: Tensor) -> Tensor:
        """Where it looks, [B, views, glances, N]: every map sums to 1."""
        return self.score(cells).float().softmax(dim=1).mT.unflatten(1, (self.views, self.glances))

    def seen(self, cells: Tensor, maps: Tensor) -> Tensor:
        """What it sees there."""
        return torch.einsum("bvgn,bnc->bvgc", maps.to(cells.dtype), cells).flatten(2)


class Reader(ModelMixin, ConfigMixin):
    """Linear heads for every attribute on a small convolutional trunk, a second trunk that reads heads, cut out of the
    frame where the first finds them, and a third that reads motion.

    The first half of a slot's glances is taught to rest on its head (`training/parts/reader.py`): left alone, they find
    clothes and hats. A head is small in most frames, and its nose is a few pixels: in cells of 8 pixels they are lost.
    """

    @register_to_config
    def __init__(
        self,
        widths: tuple[int, int, int] = (24, 48, 96),
        motion_widths: tuple[int, int, int] = (24, 40, 56),
        head_widths: tuple[int, int, int] = (24, 48, 64),
        glances: int = 6,
    ) -> None:
        super().__init__()
        scene, person = outputs()
        self.trunk = Trunk(3, widths)
        self.look = Look(widths[-1], 1 + MAX_PEOPLE, glances)
        self.scene = nn.Linear(glances * widths[-1], scene)
        self.person = nn.Linear(glances * widths[-1], person)
        self.box = nn.Linear(glances * widths[-1], 3)
        self.head_trunk = HeadTrunk(head_widths)
        self.head = nn.Linear(16 * head_widths[-1], person)
        self.motion_trunk = Trunk(CLIP_FRAMES + 1, motion_widths)
        self.motion_look = Look(motion_widths[-1], MAX_PEOPLE, glances)
        self.motion = nn.Linear(glances * motion_widths[-1], len(ACTIONS))

    @classmethod
    def load(cls, folder: Path | str) -> Reader:
        """The reader of a bundle's folder. Raises MovieDreamerError if the folder holds something else."""
        return load_model(cls, Path(folder))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images [B, 3, 64, 128] in [0, 1] to `columns` logits: scene [B, S], slots [B, 3, P]."""
        scene, slots, boxes, _ = self.glance(images)
        heads = self.heads(images.repeat_interleave(MAX_PEOPLE, 0), boxes.flatten(0, 1))
        return scene, torch.where(of_head(slots), heads.view_as(slots), slots)

    def glance(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What the cells of images [B, 3, 64, 128] say: scene [B, S] and slots [B, 3, P]; the box [B, 3, 3] of each
        slot's face (the x and y of its middle, its side; in heights of the frame); where each slot looks
        [B, 3, glances, 128].
        """
        cells = self.trunk(images * 4 - 2)
        maps = self.look.maps(cells)
        seen = self.look.seen(cells, maps)
        offset = self.box(seen[:, 1:]).float()
        middle = maps[:, 1:, : maps.shape[2] // 2].mean(2) @ _middles(maps)
        boxes = torch.cat([middle + offset[..., :2], 0.25 * offset[..., 2:].clamp(-3, 3).exp()], dim=-1)
        return self.scene(seen[:, 0]), self.person(seen[:, 1:]), boxes, maps[:, 1:]

    def heads(self, images: Tensor, boxes: Tensor) -> Tensor:
        """What the heads at boxes [N, 3] of images [N, 3, 64, 128] say: slot logits [N, P], of which those `of_head`
        mean something.
        """
        return self.head(self.head_trunk(cut_out(images, boxes) * 4 - 2))

    def forward_motion(self, clips: Tensor) -> Tensor:
        """Grey clips [B, 8, 64, 128] in [0, 1] (8 frames a second) to logits of each slot's action [B, 3, 6]."""
        mean = clips.mean(1, keepdim=True)
        return self.motion(self.motion_look(self.motion_trunk(torch.cat([(clips - mean) * 6, mean * 4 - 2], dim=1))))

    @torch.no_grad()
    def read(self, images: Tensor) -> dict[str, Answer]:
        """Every attribute of the images [B, 3, H, W]: name -> (index int64 [B], probability float32 [B])."""
        return {name: _best(logits) for name, logits in self._logits(images)}

    @torch.no_grad()
    def read_clip(self, frames: Tensor) -> dict[str, Answer]:
        """Each slot's action as its motion in the first second of frames [F, 3, H, W] shows it: "slot0.action" ->
        (index, probability), each [1].

        F is at least 8; what follows the first 8 is not read. The reader knows shots from their first frame on: what
        comes later of a drawn shot it mistakes (a pointing hand that nods, for a jump).
        """
        if len(frames) < CLIP_FRAMES:
            raise MovieDreamerError(
                f"the clip has {len(frames)} frames, motion is read from {CLIP_FRAMES} or more; read its frames one by "
                "one instead"
            )
        grey = _fit(frames[:CLIP_FRAMES]).mean(1)
        logits = self.forward_motion(grey[None].to(self.device)).float()[0].cpu()
        return {f"slot{k}.action": _best(logits[k : k + 1]) for k in range(MAX_PEOPLE)}

    @torch.no_grad()
    def likelihood(self, images: Tensor, slot: int, persons: Sequence[Person], *, wide: bool = False) -> Tensor:
        """Log-likelihood [B, len(persons)] that the person in `slot` is each of `persons`.

        `wide`: judge by what a wide shot shows (skin, hair colour, hat); the small details cannot be read there.
        """
        logits = dict(self._logits(images))
        names = WIDE_ATTRIBUTES if wide else tuple(PERSON)
        total = torch.zeros(len(images), len(persons))
        for name in names:
            table = logits[f"slot{slot}.{name}"].log_softmax(-1)
            total += table[:, [PERSON[name].index(asdict(person)[name]) for person in persons]]
        return total

    def who(self, images: Tensor, slot: int, persons: Sequence[Person], *, wide: bool = False) -> Tensor:
        """Index [B] into `persons` (a film's cast) of who most likely stands in `slot` of each image."""
        return self.likelihood(images, slot, persons, wide=wide).argmax(-1)

    @torch.no_grad()
    def probabilities(self, images: Tensor, name: str) -> Tensor:
        """Probability [B, classes] of every value of one attribute."""
        return dict(self._logits(images))[name].softmax(-1)

    def _logits(self, images: Tensor) -> list[tuple[str, Tensor]]:
        parts = [self(part.to(self.device)) for part in _fit(images).split(64)]
        scene, slots = (torch.cat(column).float().cpu() for column in zip(*parts, strict=True))
        return list(split((scene, slots)))


def cut_out(images: Tensor, boxes: Tensor) -> Tensor:
    """Heads [N, 3, 32, 32] of images [N, 3, 64, 128] around boxes [N, 3] (middle x, y, side, in heights of the frame);
    edge pixels stand for what lies outside. No gradient goes into the boxes.
    """
    side = torch.linspace(-1, 1, HEAD_SIDE, device=images.device) * HEAD_MARGIN / 2
    x, y, size = boxes.detach().float()[..., None].unbind(1)
    across, down = x + size * side - READ_SIZE[1] / READ_SIZE[0] / 2, 2 * (y + size * side) - 1
    shape = (len(images), HEAD_SIDE, HEAD_SIDE)
    grid = torch.stack([across[:, None].expand(shape), down[:, :, None].expand(shape)], dim=-1)
    return F.grid_sample(images, grid.to(images), padding_mode="border", align_corners=False)


def of_head(logits: Tensor) -> Tensor:
    """bool [P] for slot logits [..., P]: which columns are about a head (its face, hair, hat and expression)."""
    counts = torch.tensor(PERSONAL_COUNTS, device=logits.device)
    about = torch.tensor([name in PERSON or name == "expression" for name in PERSONAL], device=logits.device)
    return about.repeat_interleave(counts)


def describe(answers: dict[str, Answer], index: int = 0) -> dict[str, str]:
    """The answers for one image in words: attribute -> value."""
    return {name: ATTRIBUTES[name][int(values[index])] for name, (values, _) in answers.items()}


def _middles(like: Tensor) -> Tensor:
    """The middle [128, 2] of every cell, x and y in heights of the frame."""
    height, width = CELLS
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return ((torch.stack([x, y], dim=-1).flatten(0, 1) + 0.5) / height).to(like)


def _best(logits: Tensor) -> Answer:
    probability, index = logits.softmax(-1).max(-1)
    return index, probability


def _fit(images: Tensor) -> Tensor:
    """Images [B, 3, H, W] at the size that is read. Raises MovieDreamerError for another kind of tensor."""
    if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point() or not len(images):
        raise MovieDreamerError(
            f"the reader got a {images.dtype} tensor of shape {tuple(images.shape)}; it reads float images "
            "[B, 3, H, W] in [0, 1]"
        )
    if images.shape[-2:] == READ_SIZE:
        return images.float()
    return F.interpolate(images.float(), size=READ_SIZE, mode="bilinear", antialias=True, align_corners=False)

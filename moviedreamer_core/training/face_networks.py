"""The two small networks of a bundle's face pack, in the shapes that insightface expects (SCRFD and ArcFace)."""

from typing import cast

import torch
from torch import Tensor, nn

STRIDES = (8, 16, 32)
ANCHORS = 2


def _conv(inward: int, outward: int, stride: int = 1, kernel: int = 3) -> nn.Module:
    layers = nn.Conv2d(inward, outward, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outward), nn.ReLU()
    return nn.Sequential(*layers)


def _head(width: int) -> nn.Conv2d:
    """Scores, boxes and landmarks of a level's anchors; to begin with, all but surely no face."""
    head = nn.Conv2d(width, ANCHORS * 15, 3, 1, 1)
    nn.init.zeros_(head.weight)
    nn.init.constant_(cast(Tensor, head.bias), -2.0)
    return head


class Residual(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(
            _conv(width, width), nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, width, h, w] to the same."""
        return x + self.body(x)


class Detector(nn.Module):
    """pixels [B, 3, H, W] ((RGB - 127.5) / 128; multiples of 32) -> scores, boxes, landmarks at three strides.

    Nine outputs in SCRFD's order: scores [N, 1], box distances [N, 4] (left, top, right, bottom), landmark offsets
    [N, 10], each at strides 8, 16, 32, in units of the stride, from the corner of the cell; 2 anchors a cell.
    """

    def __init__(self, widths: tuple[int, ...] = (12, 24, 48, 64, 96)):
        super().__init__()
        a, b, c, d, e = widths
        self.stem = nn.Sequential(_conv(3, a, 2), _conv(a, b, 2))
        self.levels = nn.ModuleList(
            [
                nn.Sequential(_conv(b, c, 2), Residual(c)),
                nn.Sequential(_conv(c, d, 2), Residual(d)),
                nn.Sequential(_conv(d, e, 2), Residual(e)),
            ]
        )
        self.heads = nn.ModuleList(_head(width) for width in (c, d, e))

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Raw outputs: logits instead of scores while training, scores for one picture in evaluation."""
        x, found = self.stem(pixels), []
        for level, head in zip(self.levels, self.heads, strict=True):
            x = level(x)
            rows = head(x).permute(0, 2, 3, 1)
            found.append(rows.reshape(rows.shape[0], -1, 15) if self.training else rows.reshape(-1, 15))
        if self.training:
            return tuple(found)
        scores = [rows[:, :1].sigmoid() for rows in found]
        return (*scores, *(rows[:, 1:5].clamp(min=0) for rows in found), *(rows[:, 5:] for rows in found))


class Recogniser(nn.Module):
    """An aligned face [B, 3, 112, 112] ((RGB - 127.5) / 127.5) -> embedding [B, width]."""

    def __init__(self, width: int = 128):
        super().__init__()
        self.body = nn.Sequential(
            _conv(3, 48, 4, kernel=7),
            _conv(48, 64, 2),
            Residual(64),
            _conv(64, 96, 2),
            Residual(96),
            _conv(96, 16, kernel=1),
        )
        self.outward = nn.Linear(16 * 49, width)

    def forward(self, faces: Tensor) -> Tensor:
        """Embeddings, not normalised: insightface does that."""
        return self.outward(self.body(faces).flatten(1))


def export_onnx(network: nn.Module, example: Tensor, path: str, names: list[str], *, moving: tuple[int, ...]) -> None:
    """Write `network` in evaluation mode as ONNX; the axes `moving` of the input may have any size."""
    axes = {"input": {axis: f"axis{axis}" for axis in moving}, **{name: {0: "rows"} for name in names}}
    with torch.no_grad():
        torch.onnx.export(
            network.eval(), (example,), path, input_names=["input"], output_names=names, dynamic_axes=axes,
            opset_version=17, dynamo=False,
        )  # fmt: skip

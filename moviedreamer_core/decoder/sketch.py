"""The sketch: a first guess of the picture's latents, read from the context in one pass.

Ours, for small bundles (docs/method.md, stage 3; the paper config has none): learned queries, one a patch of the latent
plane, attend to the context vectors. The UNet gets the sketch as extra input channels, so that its few steps are spent
on detail and not on finding the layout, and the tokens learn layout from the first training step.
With the guess come *notes*: channels without a meaning of their own, in which the sketcher tells the UNet what it knows
of a place and a blurred picture does not show, such as whose head is there and what is on its nose.
"""

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F


class Sketcher(ModelMixin, ConfigMixin):
    """context [B, L, context_width], pooled [B, pooled_width] -> sketch [B, channels + notes, height, width]: the
    guessed latents, then the notes.

    `pooled` alone gives a linear guess (`fit_layout` starts it at the principal axes of the training latents: attention
    alone needs thousands of steps to find out that places differ); the blocks add to it what the context says.
    """

    @register_to_config
    def __init__(
        self,
        context_width: int = 128,
        pooled_width: int = 128,
        channels: int = 4,
        height: int = 16,
        width: int = 32,
        patch: int = 2,
        hidden: int = 160,
        layers: int = 4,
        heads: int = 5,
        notes: int = 0,
    ):
        super().__init__()
        count, values = (height // patch) * (width // patch), channels * patch * patch
        self.inward = nn.Linear(context_width, hidden)
        self.places = nn.Parameter(torch.randn(count, hidden) * 0.5)
        self.layout = nn.Linear(pooled_width, count * values)
        self.placed = nn.Linear(values, hidden)
        layer = nn.TransformerDecoderLayer(
            hidden, heads, 3 * hidden, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerDecoder(layer, layers, nn.LayerNorm(hidden))
        self.outward = nn.Linear(hidden, values)
        nn.init.zeros_(self.outward.weight)
        self.beside = nn.Linear(hidden, notes * patch * patch) if notes else None

    def forward(self, context: Tensor, pooled: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """The sketch at the trained size, resampled to `size` (height, width in latent pixels) if that is another."""
        return self.drawn(*self.states(context, pooled), size)

    def states(self, context: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """The linear guess [B, patches, values] and what is known of every patch [B, patches, hidden]."""
        guess = self.layout(pooled).unflatten(1, (len(self.places), -1))  # [B, N, values], N patches
        return guess, self.blocks(self.places + self.placed(guess), self.inward(context))  # [B, N, hidden] attend to L

    def drawn(self, guess: Tensor, states: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """The sketch from both."""
        c = self.config
        found = guess + self.outward(states)  # [B, N, values]
        if self.beside is not None:
            found = torch.cat([found, self.beside(states)], dim=-1)
        patches = found.transpose(1, 2).unflatten(2, (c.height // c.patch, c.width // c.patch))
        sketch = F.pixel_shuffle(patches, c.patch)  # [B, (channels + notes) patch^2, h/p, w/p] -> [B, ..., h, w]
        if size and size != (c.height, c.width):
            sketch = F.interpolate(sketch, size, mode="bilinear", align_corners=False)
        return sketch

    def parts(self, sketch: Tensor) -> tuple[Tensor, Tensor]:
        """The guessed latents [B, channels, h, w] of a sketch, and its notes [B, notes, h, w]."""
        return sketch[:, : self.config.channels], sketch[:, self.config.channels :]

    def for_training(self, sketch: Tensor) -> Tensor:
        """The sketch as a UNet in training gets it: the guess sends no gradients back, the notes do."""
        guess, notes = self.parts(sketch)
        return torch.cat([guess.detach(), notes], dim=1)

    @torch.no_grad()
    def fit_layout(self, latents: Tensor) -> None:
        """Start the linear guess at the principal axes of latents [N, C, h, w], one a number of `pooled`."""
        # [N, C, h, w] -> [N, C p^2, h/p, w/p] -> [N, patches, C p^2] -> [N, patches C p^2]
        rows = F.pixel_unshuffle(latents, self.config.patch).flatten(2).transpose(1, 2).flatten(1)
        mean = rows.mean(0)
        _, sizes, axes = torch.svd_lowrank(rows - mean, q=self.layout.in_features, niter=2)
        self.layout.weight.copy_(axes * (sizes / len(rows) ** 0.5))
        self.layout.bias.copy_(mean)

"""Heads that teach a network who is seen where.

From what it knows of a patch, linear heads read the face of whoever's head is seen there. Pixels alone teach a decoder
late: a pair of glasses is a few pixels, but for a head it is a class of its own. Ours; the heads are never exported.
"""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..decoder.condition import Slots
from ..decoder.model import KeyframeDecoder
from ..decoder.sketch import Sketcher
from ..papertown import ATTRIBUTES, EXPRESSIONS, PERSON
from ..papertown.world import MAX_PEOPLE

READ: Mapping[str, tuple[str, ...]] = {**PERSON, "expression": EXPRESSIONS}
COLUMNS = {name: [list(ATTRIBUTES).index(f"slot{slot}.{name}") for slot in range(MAX_PEOPLE)] for name in READ}


class IdentityHeads(nn.ModuleDict):
    """States of patches [B, P, W] to logits [B, P, classes] of every attribute of a head."""

    def __init__(self, width: int) -> None:
        super().__init__({name: nn.Linear(width, len(values)) for name, values in READ.items()})

    def forward(self, states: Tensor) -> dict[str, Tensor]:
        return {name: head(states) for name, head in self.items()}


class DecoderWithHeads(nn.Module):
    """A decoder with a sketch, and the heads that teach it."""

    def __init__(self, decoder: KeyframeDecoder) -> None:
        super().__init__()
        self.decoder = decoder
        if decoder.sketcher is None:
            raise ValueError("decoder: expected one with a sketch, got one without")
        self.heads = IdentityHeads(int(decoder.sketcher.config.hidden))

    def forward(
        self, noisy: Tensor, timestep: Tensor, tokens: Tensor, slots: Slots, level: Tensor, known: Tensor
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """(v prediction, guessed latents, logits [B, patches, classes] of every attribute)."""
        decoder, sketcher = self.decoder, cast(Sketcher, self.decoder.sketcher)  # asked for in __init__
        context, pooled = decoder.projector(tokens, slots, level, known)
        guess, states = sketcher.states(context, pooled)
        sketch = sketcher.drawn(guess, states, (noisy.shape[-2], noisy.shape[-1]))
        prediction = decoder.denoise(noisy, timestep, context, pooled, sketcher.for_training(sketch))
        return prediction, sketcher.parts(sketch)[0], self.heads(states)


def identity_loss(logits: Mapping[str, Tensor], heads: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over the attributes of the heads that are seen.

    logits [B, P, classes] by attribute; heads int64 [B, P], 0 or 1 + the slot of whose head is in the patch; labels
    int64 [B, A] in the order of ATTRIBUTES, -1 where nothing can be seen.
    """
    losses = []
    for name, values in logits.items():
        # [B, P]: the class of whose head is in the patch; column 0, nobody, is -1
        own = F.pad(labels[:, COLUMNS[name]], (1, 0), value=-1).gather(1, heads)
        if bool((own >= 0).any()):
            losses.append(F.cross_entropy(values.flatten(0, 1).float(), own.flatten(), ignore_index=-1))
    return torch.stack(losses).mean() if losses else labels.new_zeros((), dtype=torch.float32)

"""A small part for tests of the training loop, run by `accelerate launch` too: python training_line.py FOLDER."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from moviedreamer_core.training.loop import processes, train
from moviedreamer_core.training.part import Part, Workspace
from moviedreamer_core.training.settings import LoopSettings, PartSettings

SETTINGS = LoopSettings(
    steps=60, batch=16, learning_rate=0.02, warmup=5, ema=0.9, validate_every=25, checkpoint_seconds=0
)


@dataclass(frozen=True)
class LineSettings(PartSettings):
    """`seed` of the first weights; `whole`: makes the batch that so many processes make together."""

    seed: int = 0
    whole: int = 1


class Line(Part):
    """Learns y = 3 x - 1."""

    name = "line"
    Settings = LineSettings

    def __init__(self, settings, workspace):
        super().__init__(settings, workspace)
        torch.manual_seed(self.settings.seed)
        self.model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
        self.unused = nn.Parameter(torch.zeros(1))
        self.model.register_parameter("unused", self.unused)

    def batch(self, step, rng, size):
        whole = self.settings.whole
        rngs = [rng] if whole == 1 else [np.random.default_rng([SETTINGS.seed, step, p]) for p in range(whole)]
        x = np.concatenate([r.normal(size=(size // whole, 1)) for r in rngs])
        return {"x": torch.from_numpy(x.astype(np.float32))}

    def loss(self, batch, model):
        loss = (model(batch["x"]) - (3 * batch["x"] - 1)).square().mean()
        return loss, {"error": float(loss.detach()), "size": len(batch["x"])}

    def validate(self, model):
        x = torch.linspace(-1, 1, 9)[:, None]
        return {"error": float((model(x) - (3 * x - 1)).square().mean())}

    def export(self, model, folder):
        save_file(model.state_dict(), folder / "model.safetensors")
        (folder / "config.json").write_text("{}")


if __name__ == "__main__":
    root = Path(sys.argv[1])
    together = processes()
    torch.set_num_threads(1)
    part = Line({"seed": together.process_index}, Workspace(root))  # the main process' start must win
    found = train(part, SETTINGS)
    save_file(part.model.state_dict(), root / f"weights-{together.process_index}.safetensors")
    (root / f"found-{together.process_index}.txt").write_text(f"{together.num_processes} {len(found)}")

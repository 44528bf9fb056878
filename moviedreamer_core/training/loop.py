"""Trains one part of a bundle: deterministic, resumable after a kill at any moment, on one process or several.

A step's batch and noise depend only on (seed, step, process), so a resumed run sees what an unbroken one would have
seen.
Checkpoints are safetensors (weights, EMA, AdamW moments) in a folder that appears whole or not at all.
Files of a run, below `runs/<bundle>/<part>/`: `checkpoint-<step>/`, `log.jsonl` (loss, validation),
`samples/<step>.png`, `curve.png`.
"""

import json
import logging
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..errors import MovieDreamerError
from ..progress import SILENT, Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoopSettings:
    """How a part is trained. `warmup` is in steps, `checkpoint_seconds` and `limit_seconds` in seconds (0: no limit).
    """

    steps: int = 1000
    batch: int = 16
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    warmup: int = 100
    weight_decay: float = 0.01
    beta2: float = 0.99
    ema: float = 0.999
    clip_norm: float = 1.0
    seed: int = 0
    validate_every: int = 500
    checkpoint_seconds: float = 120.0
    limit_seconds: float = 0.0
    precision: str = "no"

    @classmethod
    def from_dict(cls, values: dict) -> "LoopSettings":
        """Settings from the `loop` section of a part; an unknown key is an error."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise MovieDreamerError(
                f"Unknown loop setting {unknown[0]!r}; the settings are {', '.join(sorted(known))}."
            )
        return cls(**values)


class Workspace:
    """Folders of one bundle in the making: `root/bundle/<part>` holds what is trained so far, `root/data` what was
    drawn for it.
    """

    def __init__(self, root: Path, *, workers: int = 0):
        from .data import Data

        self.root = Path(root)
        self.data = Data(self.root / "data", workers=workers)

    def folder(self, part: str) -> Path:
        """The folder of an exported part. It may not exist yet."""
        return self.root / "bundle" / part

    def require(self, part: str) -> Path:
        """The folder of an exported part that must be there. Raises MovieDreamerError otherwise."""
        folder = self.folder(part)
        if not (folder / "config.json").exists():
            raise MovieDreamerError(
                f"Part '{part}' is not in {self.root / 'bundle'}: train it first (moviedreamer train --part {part})."
            )
        return folder


class Part:
    """What the loop needs to know of a part. `model` holds every trained parameter; `settings` is the part's section
    of the config.
    """

    name: str
    model: nn.Module

    def __init__(self, settings: dict, workspace: Workspace):
        self.settings = settings
        self.workspace = workspace

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """`size` training examples, decided by `rng` alone."""
        raise NotImplementedError

    def loss(self, batch: dict[str, Tensor], model: nn.Module) -> tuple[Tensor, dict[str, float]]:
        """A scalar loss and the numbers worth a line of the log."""
        raise NotImplementedError

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Quality on held-out data with the averaged weights. Deterministic."""
        return {}

    def measure(self, model: nn.Module) -> dict[str, float]:
        """What the gate looks at: as `validate`, but possibly slower and more thorough."""
        return self.validate(model)

    def samples(self, model: nn.Module, path: Path) -> None:
        """Write a picture of what the part can do now."""

    def export(self, model: nn.Module, folder: Path) -> None:
        """Write the part's folder of a bundle: config.json and fp16 model.safetensors (or ONNX)."""
        raise NotImplementedError

    def load(self, folder: Path) -> None:
        """Warm start: take the weights of an exported part into `model`."""
        raise MovieDreamerError(f"Part '{self.name}' cannot be warm-started from a bundle.")

    def gate(self) -> tuple[str, float] | None:
        """The validation metric, and the least value at which later parts may be trained on this one."""
        return None


def learning_rate(step: int, s: LoopSettings) -> float:
    """Linear warm-up, then a cosine from `learning_rate` down to `final_learning_rate`."""
    if step < s.warmup:
        return s.learning_rate * (step + 1) / s.warmup
    done = min(1.0, (step - s.warmup) / max(1, s.steps - s.warmup))
    return s.final_learning_rate + (s.learning_rate - s.final_learning_rate) * 0.5 * (1 + np.cos(np.pi * done))


def train(part: Part, settings: LoopSettings, *, progress: Progress = SILENT, fresh: bool = False) -> dict[str, float]:
    """Train `part` to `settings.steps` (or the time limit), going on from its last checkpoint, and export it. Returns
    the last validation.
    """
    from accelerate import Accelerator

    accelerator = Accelerator(mixed_precision=settings.precision)
    run = Run(part, settings, accelerator, fresh=fresh)
    progress.stage(f"train {part.name}", settings.steps)
    for _ in range(run.step):
        progress.advance()
    started = time.monotonic()
    while run.step < settings.steps and not (
        settings.limit_seconds and time.monotonic() - started > settings.limit_seconds
    ):
        progress.check()
        run.advance()
        progress.advance(f"loss {run.smooth_loss:.4f}")
    return run.finish()


class Run:
    """The state of one training: everything that a checkpoint must hold."""

    def __init__(self, part: Part, settings: LoopSettings, accelerator: Any, *, fresh: bool):
        from diffusers.training_utils import EMAModel

        self.part, self.settings, self.accelerator = part, settings, accelerator
        self.folder = part.workspace.root / part.name
        if fresh and self.folder.exists() and accelerator.is_main_process:
            shutil.rmtree(self.folder)
        accelerator.wait_for_everyone()
        (self.folder / "samples").mkdir(parents=True, exist_ok=True)
        part.model.to(accelerator.device)
        parameters = [p for p in part.model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            parameters, lr=settings.learning_rate, betas=(0.9, settings.beta2), weight_decay=settings.weight_decay
        )
        self.ema = EMAModel(parameters, decay=settings.ema, use_ema_warmup=True, power=0.75)
        self.step, self.seconds, self.smooth_loss = 0, 0.0, float("nan")
        self.parameters, self.optimizer = parameters, optimizer
        self._resume()
        self.model, self.optimizer = accelerator.prepare(part.model, optimizer)
        self._tick = self._saved = time.monotonic()

    @property
    def bare(self) -> nn.Module:
        return self.accelerator.unwrap_model(self.model)

    def advance(self) -> None:
        """One optimiser step; validates and saves when it is time to."""
        s = self.settings
        key = [s.seed, self.step, self.accelerator.process_index]
        rng = np.random.default_rng(key)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        batch = {k: v.to(self.accelerator.device) for k, v in self.part.batch(self.step, rng, s.batch).items()}
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, s)
        self.model.train()
        with self.accelerator.autocast():
            loss, numbers = self.part.loss(batch, self.model)
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.parameters, s.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.ema.step(self.parameters)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise MovieDreamerError(
                f"Training of '{self.part.name}' diverged at step {self.step} (loss {value}): lower the learning rate."
            )
        self.smooth_loss = value if not np.isfinite(self.smooth_loss) else 0.98 * self.smooth_loss + 0.02 * value
        self.step += 1
        self._book(numbers)

    def finish(self) -> dict[str, float]:
        """Validate, save, export with the averaged weights and write the card. Returns the validation."""
        metrics = self._validate()
        self._save()
        if self.accelerator.is_main_process:
            folder = self.part.workspace.folder(self.part.name)
            folder.mkdir(parents=True, exist_ok=True)
            with self._averaged():
                self.part.export(self.bare.eval(), folder)
            (folder / "card.json").write_text(json.dumps(self._card(metrics), indent=2) + "\n")
            plot_curve(self.folder / "log.jsonl", self.folder / "curve.png")
        self.accelerator.wait_for_everyone()
        return metrics

    def _book(self, numbers: dict[str, float]) -> None:
        s, now = self.settings, time.monotonic()
        self.seconds += now - self._tick
        self._tick = now
        if self.step % 50 == 0:
            self._log({"loss": self.smooth_loss, **numbers})
        if self.step % s.validate_every == 0 and self.step < s.steps:
            self._validate()
        if now - self._saved > s.checkpoint_seconds:
            self._save()
            self._saved = time.monotonic()

    def _validate(self) -> dict[str, float]:
        if not self.accelerator.is_main_process:
            return {}
        with self._averaged(), torch.no_grad():
            model = self.bare.eval()
            metrics = {k: float(v) for k, v in self.part.validate(model).items()}
            self.part.samples(model, self.folder / "samples" / f"{self.step:06d}.png")
        self._log({f"validation.{k}": v for k, v in metrics.items()})
        self._tick = time.monotonic()
        return metrics

    def _averaged(self) -> Any:
        return _Averaged(self.ema, self.parameters)

    def _log(self, numbers: dict[str, float]) -> None:
        if self.accelerator.is_main_process:
            row = {
                "step": self.step,
                "seconds": round(self.seconds, 1),
                **{k: round(float(v), 5) for k, v in numbers.items()},
            }
            log.info("%s %s", self.part.name, row)
            with open(self.folder / "log.jsonl", "a") as f:
                f.write(json.dumps(row) + "\n")

    def _card(self, metrics: dict[str, float]) -> dict:
        s = self.settings
        return {
            "part": self.part.name, "steps": self.step, "batch": s.batch, "seed": s.seed, "seconds":
            round(self.seconds),
            "hardware": f"{self.accelerator.device.type}, {torch.get_num_threads()} threads",
            "torch": torch.__version__,
            "commit": _commit(), "parameters": sum(p.numel() for p in self.bare.parameters()), "quality": metrics,
        }  # fmt: skip

    def _save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        final, temporary = self.folder / f"checkpoint-{self.step}", self.folder / "checkpoint.part"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        save_file(
            {k: v.detach().contiguous().clone() for k, v in self.bare.state_dict().items()},
            temporary / "model.safetensors",
        )
        save_file({str(i): p.contiguous() for i, p in enumerate(self.ema.shadow_params)}, temporary / "ema.safetensors")
        state = self.optimizer.state_dict()["state"]
        moments = {
            f"{i}.{k}": torch.as_tensor(v).contiguous() for i, values in state.items() for k, v in values.items()
        }
        save_file(moments, temporary / "optimizer.safetensors")
        numbers = {
            "step": self.step,
            "seconds": self.seconds,
            "loss": self.smooth_loss,
            "ema_step": self.ema.optimization_step,
        }
        (temporary / "state.json").write_text(json.dumps(numbers))
        shutil.rmtree(final, ignore_errors=True)
        os.rename(temporary, final)
        for old in self._checkpoints()[:-1]:
            shutil.rmtree(old, ignore_errors=True)

    def _checkpoints(self) -> list[Path]:
        return sorted(self.folder.glob("checkpoint-*"), key=lambda p: int(p.name.split("-")[1]))

    def _resume(self) -> None:
        found = self._checkpoints()
        if not found:
            return
        numbers = json.loads((found[-1] / "state.json").read_text())
        self.part.model.load_state_dict(load_file(found[-1] / "model.safetensors"))
        shadow = load_file(found[-1] / "ema.safetensors")
        for i, p in enumerate(self.ema.shadow_params):
            p.copy_(shadow[str(i)])
        self.ema.optimization_step = numbers["ema_step"]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in load_file(found[-1] / "optimizer.safetensors").items():
            index, _, key = name.partition(".")
            state.setdefault(int(index), {})[key] = value
        self.optimizer.load_state_dict({"state": state, "param_groups": self.optimizer.state_dict()["param_groups"]})
        self.step, self.seconds, self.smooth_loss = numbers["step"], numbers["seconds"], numbers["loss"]


class _Averaged:
    """While entered, the parameters are the EMA's."""

    def __init__(self, ema: Any, parameters: list[nn.Parameter]):
        self.ema, self.parameters = ema, parameters

    def __enter__(self) -> None:
        self.ema.store(self.parameters)
        self.ema.copy_to(self.parameters)

    def __exit__(self, *_: object) -> None:
        self.ema.restore(self.parameters)


def _commit() -> str:
    try:
        command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def plot_curve(log_file: Path, picture: Path) -> None:
    """Draw the loss over the steps, one line, as a small PNG."""
    from PIL import Image, ImageDraw

    rows = [json.loads(line) for line in log_file.read_text().splitlines()] if log_file.exists() else []
    points = [(r["step"], r["loss"]) for r in rows if "loss" in r]
    width, height, margin = 640, 240, 30
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    if len(points) > 1:
        steps, losses = np.array(points).T
        low, high = losses.min(), np.quantile(losses, 0.98)
        x = margin + (width - 2 * margin) * (steps - steps[0]) / max(1, steps[-1] - steps[0])
        y = height - margin - (height - 2 * margin) * np.clip((losses - low) / max(1e-9, high - low), 0, 1)
        draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill="#b04a3a", width=2)
        draw.text((margin, 8), f"loss {losses[-1]:.4f} at step {int(steps[-1])} (least {low:.4f})", fill="black")
    image.save(picture)

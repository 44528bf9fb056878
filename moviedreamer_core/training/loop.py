"""Trains one part of a bundle: deterministic, resumable after a kill at any moment, on one process or several.

A step's batch and noise depend only on (seed, step, process), so a resumed run sees what an unbroken one would have
seen.
Checkpoints are safetensors (weights, EMA, AdamW moments) in a folder that appears whole or not at all.
Several processes (`accelerate launch`) share a step's batch and keep the same weights; the main one alone validates and
writes, the others wait for it. Mixed precision is bf16 autocast around the training loss: weights, moments, validation
and export stay float32.
Files of a run, below `runs/<bundle>/<part>/`: `checkpoint-<step>/`, `log.jsonl` (loss, validation),
`samples/<step>.png`, `curve.png`.
"""

import json
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, PartialState
from accelerate.utils import DistributedType, broadcast_object_list, convert_to_fp32
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from .batches import Batches
from .checkpoint import load_averaged, load_moments, load_weights, save_checkpoint
from .curve import plot_curve
from .part import Part
from .settings import LoopSettings

log = logging.getLogger(__name__)

PATIENCE = timedelta(hours=3)  # for the main process, which draws data and validates while the others wait


def learning_rate(step: int, s: LoopSettings) -> float:
    """Linear warm-up, then a cosine from `learning_rate` down to `final_learning_rate`."""
    if step < s.warmup:
        return s.learning_rate * (step + 1) / s.warmup
    done = min(1.0, (step - s.warmup) / max(1, s.steps - s.warmup))
    return s.final_learning_rate + (s.learning_rate - s.final_learning_rate) * 0.5 * (1 + np.cos(np.pi * done))


def processes() -> Any:
    """accelerate's state of the processes that train together: one, or as many as `accelerate launch` started.

    On a machine without CUDA several processes talk over gloo.
    """
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if not several:
        return PartialState()
    return PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)


def train(
    part: Part[Any],
    settings: LoopSettings,
    *,
    progress: Progress = SILENT,
    fresh: bool = False,
    past_gates: list[str] | None = None,
) -> dict[str, float]:
    """Train `part` to `settings.steps` (or the time limit), going on from its last checkpoint, and export it. Returns
    the last validation (on processes other than the main one: nothing).

    `past_gates` names gates of earlier parts that were not passed: the card says so.
    """
    cpu = processes().device.type == "cpu" and processes().num_processes > 1
    # What a random mask leaves out of a step has no gradient in it.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    accelerator = Accelerator(
        cpu=cpu, mixed_precision="no", kwargs_handlers=[unused], gradient_accumulation_steps=settings.accumulate
    )
    run = Run(part, settings, accelerator, fresh=fresh)
    progress.stage(f"train {part.name}", settings.steps)
    for _ in range(run.step):
        progress.advance()
    started = time.monotonic()
    while run.step < settings.steps and not run.agreed(
        settings.limit_seconds > 0 and time.monotonic() - started > settings.limit_seconds
    ):
        progress.check()
        run.advance()
        progress.advance(f"loss {run.smooth_loss:.4f}")
    return run.finish(past_gates or [])


class Run:
    """The state of one training: everything that a checkpoint must hold."""

    def __init__(self, part: Part[Any], settings: LoopSettings, accelerator: Any, *, fresh: bool):
        self.part, self.settings, self.accelerator = part, settings, accelerator
        self.sharded = accelerator.distributed_type == DistributedType.FSDP
        _check_sharing(accelerator.distributed_type)
        self.folder = part.workspace.root / part.name
        count = accelerator.num_processes
        if settings.batch % (count * settings.accumulate):
            raise MovieDreamerError(
                f"A batch of {settings.batch} cannot be shared by {count} processes in {settings.accumulate} parts "
                "each: set a multiple."
            )
        if fresh and self.folder.exists() and accelerator.is_main_process:
            shutil.rmtree(self.folder)
        accelerator.wait_for_everyone()
        (self.folder / "samples").mkdir(parents=True, exist_ok=True)
        part.model.to(accelerator.device)
        if settings.gradient_checkpointing:
            checkpoint_activations(part.model)
        kept = load_weights(self.folder, part.model)
        self.step, self.seconds = kept.get("step", 0), kept.get("seconds", 0.0)
        self.smooth_loss = kept.get("loss", float("nan"))
        optimizer = torch.optim.AdamW(
            [p for p in part.model.parameters() if p.requires_grad],
            lr=settings.learning_rate, betas=(0.9, settings.beta2), weight_decay=settings.weight_decay,
        )  # fmt: skip
        self.model, self.optimizer = accelerator.prepare(part.model, optimizer)
        # Only now: a sharded training has put pieces in the place of the parameters.
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.ema = (
            EMAModel(self.parameters, decay=settings.ema, use_ema_warmup=True, power=0.75) if settings.ema else None
        )
        load_moments(self.folder, self.ema, self.optimizer)
        if settings.precision == "bf16":
            self.model.register_forward_hook(_in_float32)
        self.batches = Batches(part, settings, accelerator.process_index, settings.batch // count)
        self._ahead = self.batches.ahead(range(self.step, settings.steps), settings.prefetch)
        self._tick = self._saved = time.monotonic()

    @property
    def unwrapped(self) -> nn.Module:
        return self.accelerator.unwrap_model(self.model)

    def agreed(self, stop: bool) -> bool:
        """Whether the main process wants to stop: clocks differ, and one process alone must not go."""
        if self.settings.limit_seconds <= 0 or self.accelerator.num_processes == 1:
            return stop
        return self._together(stop)

    def _together(self, choice: bool) -> bool:
        """What the main process chooses."""
        return bool(broadcast_object_list([choice])[0])

    def advance(self) -> None:
        """One optimiser step; validates and saves when it is time to."""
        s = self.settings
        batch = next(self._ahead)
        torch.manual_seed(int(np.random.SeedSequence(self.batches.key(self.step)).generate_state(1)[0]))
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, s)
        self.model.train()
        value = 0.0
        for share in shares(batch, s.accumulate):
            with self.accelerator.accumulate(self.model):
                loss, numbers = self._loss(share)
                self.accelerator.backward(loss)
                if self.accelerator.sync_gradients:
                    self.accelerator.clip_grad_norm_(self.parameters, s.clip_norm)
                self.optimizer.step()
                self.optimizer.zero_grad(set_to_none=True)
            value += float(loss.detach()) / s.accumulate
        if self.ema:
            self.ema.step(self.parameters)
        if not np.isfinite(value):
            raise MovieDreamerError(
                f"Training of '{self.part.name}' diverged at step {self.step} (loss {value}): lower the learning rate."
            )
        self.smooth_loss = value if not np.isfinite(self.smooth_loss) else 0.98 * self.smooth_loss + 0.02 * value
        self.step += 1
        self._book(numbers)

    def _loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        device = self.accelerator.device
        with self._autocast(self.settings.precision == "bf16"):
            return self.part.loss({k: v.to(device) for k, v in batch.items()}, self.model)

    def _autocast(self, enabled: bool) -> torch.autocast:
        return torch.autocast(self.accelerator.device.type, torch.bfloat16, enabled=enabled)

    def finish(self, past_gates: list[str]) -> dict[str, float]:
        """Validate, save, export with the averaged weights and write the card. Returns the validation."""
        if self.sharded:
            self._put_together()
        metrics = self._validate()
        if not self.sharded:
            self._save()
        if self.accelerator.is_main_process:
            folder = self.part.workspace.folder(self.part.name)
            folder.mkdir(parents=True, exist_ok=True)
            with self._averaged():
                self.part.export(self.unwrapped.eval(), folder)
            card = self._card(metrics) | dict(self.part.about) | ({"past_gates": past_gates} if past_gates else {})
            (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
            plot_curve(self.folder / "log.jsonl", self.folder / "curve.png")
        self.accelerator.wait_for_everyone()
        return metrics

    def _put_together(self) -> None:
        """Save the pieces, and go on with one whole network on the main process: to validate and export."""
        self._save()
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            self.part.model = self.model = self.part.build()
            load_weights(self.folder, self.model)
            self.parameters = [p for p in self.model.parameters() if p.requires_grad]
            if self.ema:
                self.ema = EMAModel(self.parameters, decay=self.settings.ema)
                load_averaged(self.folder, self.ema)

    def _book(self, numbers: dict[str, float]) -> None:
        s, now = self.settings, time.monotonic()
        self.seconds += now - self._tick
        self._tick = now
        if self.step % 50 == 0:
            self._log({"loss": self.smooth_loss, **numbers})
        if self.step % s.validate_every == 0 and self.step < s.steps and not self.sharded:
            self._validate()
        due = now - self._saved > s.checkpoint_seconds
        if self._together(due) if self.sharded else due:
            self._save()
            self._saved = time.monotonic()

    def _validate(self) -> dict[str, float]:
        if not self.accelerator.is_main_process:
            return {}
        half = any(p.dtype == torch.bfloat16 for p in self.unwrapped.parameters())  # a frozen body
        with self._averaged(), torch.no_grad(), self._autocast(half):
            model = self.unwrapped.eval()
            metrics = {k: float(v) for k, v in self.part.validate(model).items()}
            self.part.samples(model, self.folder / "samples" / f"{self.step:06d}.png")
        self._log({f"validation.{k}": v for k, v in metrics.items()})
        self._tick = time.monotonic()
        return metrics

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """While entered, the parameters are the EMA's, if there is one."""
        if self.ema is None:
            yield
            return
        self.ema.store(self.parameters)
        self.ema.copy_to(self.parameters)
        try:
            yield
        finally:
            self.ema.restore(self.parameters)

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

    def _card(self, metrics: dict[str, float]) -> dict[str, Any]:
        s, device, count = self.settings, self.accelerator.device.type, self.accelerator.num_processes
        return {
            "part": self.part.name,
            "steps": self.step,
            "batch": s.batch,
            "seed": s.seed,
            "precision": s.precision,
            "seconds": round(self.seconds),
            "hardware": f"{_hardware(device)}, {torch.get_num_threads()} threads"
            + (f", {count} processes" if count > 1 else ""),
            "torch": torch.__version__,
            "commit": _commit(),
            "parameters": sum(p.numel() for p in self.unwrapped.parameters()),
            "quality": metrics,
        }

    def _save(self) -> None:
        numbers = {"seconds": self.seconds, "loss": self.smooth_loss}
        main = self.accelerator.is_main_process
        if main or self.sharded:
            save_checkpoint(self.folder, self.step, self.unwrapped, self.ema, self.optimizer, numbers, main=main)


def _check_sharing(made: DistributedType) -> None:
    """Refuse what was asked of `accelerate launch` and cannot be had: it would train in another way without a word."""
    asked = {way for way in ("FSDP", "DEEPSPEED") if os.environ.get(f"ACCELERATE_USE_{way}", "").lower() == "true"}
    if "DEEPSPEED" in asked or made == DistributedType.DEEPSPEED:
        raise MovieDreamerError(
            "DeepSpeed keeps checkpoints pickled, which nothing here opens; FSDP shares weights and moments "
            "alike (docs/train_on_your_films.md)"
        )
    if "FSDP" in asked and made != DistributedType.FSDP:
        raise MovieDreamerError(
            f"FSDP was asked for, and accelerate made {made.value} of it: it shares weights among GPUs only. Start it "
            "where there are some, or without --config_file: then every process holds the whole network"
        )


def shares(batch: dict[str, Tensor], count: int) -> Iterator[dict[str, Tensor]]:
    """A batch in `count` equal parts."""
    if count == 1:
        return iter([batch])
    parts = {name: value.chunk(count) for name, value in batch.items()}
    return ({name: part[n] for name, part in parts.items()} for n in range(count))


def checkpoint_activations(model: nn.Module) -> None:
    """Let every network of diffusers and transformers inside compute its activations again instead of keeping them."""
    each: Any
    for each in model.modules():
        if getattr(each, "_supports_gradient_checkpointing", False) and hasattr(each, "enable_gradient_checkpointing"):
            each.enable_gradient_checkpointing()
        elif getattr(each, "supports_gradient_checkpointing", False):
            each.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def _in_float32(module: nn.Module, inputs: Any, output: Any) -> Any:
    """What a network gives under autocast, for a loss that is computed in full precision."""
    return convert_to_fp32(output)


def _hardware(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else device


def _commit() -> str:
    try:
        command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"

"""The first decoder (paper look), trained on the frozen tokenizer's tokens: denoising and sketch, with every input
masked at random.

Its last phase mixes in the planner's own predictions (METHOD.md, stage 3) where `predicted` names a file of them.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ...bundle import load_model
from ...decoder.condition import Slots
from ...decoder.latents import decode_latents, load_autoencoder
from ...decoder.model import KeyframeDecoder
from ...decoder.sampling import Condition, sample_latents
from ...tokenizer import KeyframeTokenizer
from ..diffusion import denoising_loss, noised
from ..export import save_half
from ..loop import Part, Workspace
from ..pictures import save_grid, to_images
from ..shots import Shots

SLOT_KEYS = ("face", "description", "action", "expression", "face_known", "present")


class DecoderPart(Part):
    """Settings: `frames`, of which `drawn` (all, if not given) are in this decoder's look; `held_out`, `token_noise`,
    `drop` (rate at which each input is hidden), `sketch` (weight), `start`, `steps`, `guidance`.
    """

    name = "decoder"
    look = "paper"

    def __init__(self, settings: dict, workspace: Workspace):
        super().__init__(settings, workspace)
        self.tokenizer = load_model(KeyframeTokenizer, workspace.require("tokenizer"))
        self.vae = load_frozen_vae(workspace)
        self.shots = Shots(workspace, "train", settings["frames"])
        self.held_out = Shots(workspace, "validation", settings["held_out"])
        self.latents = self.shots.latents(self.look, settings.get("drawn"))
        self.tokens = self._tokens(self.shots)
        self.held_out_tokens = self._tokens(self.held_out)
        self.model = self.start()

    def start(self) -> nn.Module:
        """The network to train: what the tokenizer's training left."""
        model = load_model(KeyframeDecoder, self.workspace.require("decoder_start"))
        model.register_to_config(start=self.settings.get("start", 1.0))
        return model

    def _tokens(self, shots: Shots) -> Tensor:
        from safetensors.torch import load_file, save_file

        path = (
            self.workspace.data.root
            / f"tokens_{shots.split}_{shots.count}_{self.tokenizer.fingerprint[:12]}.safetensors"
        )
        if not path.exists():
            device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            tokenizer = self.tokenizer.to(device)
            with torch.no_grad():
                parts = [
                    tokenizer(to_images(shots.images[k : k + 64]).to(device)).cpu() for k in range(0, shots.count, 64)
                ]
            self.tokenizer.to("cpu")
            save_file({"tokens": torch.cat(parts)}, path)
        return load_file(path)["tokens"]

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        index = torch.from_numpy(rng.integers(len(self.latents), size=size))
        slots = pack_slots(self.shots.slots.select(index))
        return {
            "latents": self.latents[index],
            "tokens": self.tokens[index],
            **slots,
            **random_conditions(rng, size, self.settings),
        }

    def loss(self, batch: dict[str, Tensor], model: nn.Module) -> tuple[Tensor, dict[str, float]]:
        tokens, level = batch["tokens"], batch["level"]
        noisy_tokens = tokens + level[:, None, None] * torch.randn_like(tokens)
        noisy, steps, target, weights = noised(bare(model).scheduler(), batch["latents"], bare(model).config.start)
        prediction, sketch = model(noisy, steps, noisy_tokens, unpack_slots(batch), level, batch["tokens_known"])
        denoise = denoising_loss(prediction, target, weights)
        guess = (
            (sketch - batch["latents"]).abs().mean() if sketch is not None else torch.zeros((), device=denoise.device)
        )
        return denoise + self.settings["sketch"] * guess, {
            "denoise": float(denoise.detach()),
            "sketch": float(guess.detach()),
        }

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        device = next(model.parameters()).device
        rows = torch.arange(min(64, self.settings["held_out"]))
        made = decode_grid(
            bare(model),
            self.vae,
            self.held_out_tokens[rows].to(device),
            self.held_out.slots.select(rows).to(device),
            sketch=False,
        )[0]
        truth = to_images(
            self.workspace.data.frames("validation", self.settings["held_out"], self.look).images[: len(rows)]
        ).to(device)
        return {"psnr": float(-10 * torch.log10((made - truth).square().mean()))}

    def samples(self, model: nn.Module, path: Path) -> None:
        device = next(model.parameters()).device
        rows = torch.arange(12)
        slots = self.held_out.slots.select(rows).to(device)
        truth = to_images(
            self.workspace.data.frames("validation", self.settings["held_out"], self.look).images[:12]
        ).to(device)
        save_grid(
            torch.cat([truth, *decode_grid(bare(model), self.vae, self.held_out_tokens[rows].to(device), slots)]),
            path,
            columns=6,
        )

    def export(self, model: nn.Module, folder: Path) -> None:
        keys = {k: self.settings[k] for k in ("steps", "guidance", "start") if k in self.settings}
        model.register_to_config(tokenizer_fingerprint=self.tokenizer.fingerprint, look=self.look, **keys)
        save_half(model, folder)

    def load(self, folder: Path) -> None:
        self.model = load_model(KeyframeDecoder, folder)


def bare(model: nn.Module) -> KeyframeDecoder:
    """The decoder inside whatever wraps it."""
    return model.module if hasattr(model, "module") else model


def load_frozen_vae(workspace: Workspace) -> nn.Module:
    """The trained VAE, on the GPU if there is one."""
    vae = load_autoencoder(workspace.require("vae"))
    return vae.requires_grad_(False).to("cuda" if torch.cuda.is_available() else "cpu")


def pack_slots(slots: Slots) -> dict[str, Tensor]:
    """Slots as entries of a batch."""
    return {f"slot_{key}": getattr(slots, key) for key in SLOT_KEYS}


def unpack_slots(batch: dict[str, Tensor]) -> Slots:
    """The slots of a batch, with the masks that `random_conditions` drew for it."""
    slots = Slots(**{key: batch[f"slot_{key}"] for key in SLOT_KEYS})
    return slots.masked(face=batch["face_shown"], description=batch["description_shown"])


def random_conditions(rng: np.random.Generator, size: int, settings: dict) -> dict[str, Tensor]:
    """Noise levels U(0, token_noise), and which inputs are shown: each is hidden with rate `drop`."""
    drop = settings["drop"]
    shown = {key: torch.from_numpy(rng.random((size, 3)) >= drop) for key in ("face_shown", "description_shown")}
    level = torch.from_numpy(rng.uniform(0, settings["token_noise"], size).astype(np.float32))
    return {**shown, "level": level, "tokens_known": torch.from_numpy(rng.random(size) >= drop)}


@torch.no_grad()
def decode_grid(
    model: KeyframeDecoder, vae: nn.Module, tokens: Tensor, slots: Slots, *, steps: int = 12, sketch: bool = True
) -> list[Tensor]:
    """Pictures [N, 3, H, W] from tokens by the decoder's full loop, and below them what the sketch alone shows."""
    width = model.unet.config.sample_size
    size = tuple(width) if isinstance(width, (list, tuple)) else (width, width)
    level = torch.zeros(len(tokens), device=tokens.device)
    condition = Condition(*model.condition(tokens, slots, level, None, size))
    shape = (len(tokens), vae.config.latent_channels, *size)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(tokens.device)
    pictures = [decode_latents(vae, sample_latents(model, condition, noise, steps))]
    if sketch and condition.sketch is not None:
        pictures.append(decode_latents(vae, condition.sketch))
    return pictures

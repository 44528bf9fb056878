"""What is lost when a picture is moved by moving its latents instead of its pixels.

    python benchmarks/moved_latents.py [--bundle mini] [--pictures 16]

Prints a line of JSON for each shift (in pixels to the right and below): PSNR in dB against the picture moved exactly,
of the same picture through the VAE, of moved latents (bilinear and bicubic), and of a picture that stands still. A
border is not counted.
"""

import argparse
import json
from random import Random

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.decoder.latents import decode_latents, encode_images, load_autoencoder
from moviedreamer_core.papertown import draw_frame, random_shot_film

SHIFTS = ((1, 0), (2, 0), (3, 2), (4, 0), (6, 5))
BORDER = 8


@torch.no_grad()
def main() -> None:
    """Draw pictures of papertown and move them both ways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="mini")
    parser.add_argument("--pictures", type=int, default=16)
    options = parser.parse_args()
    vae = load_autoencoder(Bundle.open(options.bundle).path("vae")).eval()
    films = [random_shot_film(Random(f"moved:{k}"), "validation") for k in range(options.pictures)]
    drawn = np.stack([draw_frame(film, 0, 0.0, size=(128, 64)) for film in films])
    pictures = torch.from_numpy(drawn).movedim(-1, 1).float().div(255)
    latents = encode_images(vae, pictures)
    scale = pictures.shape[-1] / latents.shape[-1]
    for right, down in SHIFTS:
        truth = moved(pictures, right, down, "bicubic").clamp(0, 1)
        ways = {
            "vae": decode_latents(vae, encode_images(vae, truth)),
            **{
                mode: decode_latents(vae, moved(latents, right / scale, down / scale, mode))
                for mode in ("bilinear", "bicubic")
            },
            "still": pictures,
        }
        print(json.dumps({"shift": [right, down], **{name: psnr(made, truth) for name, made in ways.items()}}))


def moved(pictures: Tensor, right: float, down: float, mode: str) -> Tensor:
    """pictures [N, C, H, W], shifted by that many of their own cells."""
    height, width = pictures.shape[-2:]
    theta = torch.tensor([[1, 0, -2 * right / width], [0, 1, -2 * down / height]]).expand(len(pictures), -1, -1)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode=mode, padding_mode="border", align_corners=False)


def psnr(made: Tensor, truth: Tensor) -> float:
    """dB, the border left out."""
    error = (made.clamp(0, 1) - truth)[..., BORDER:-BORDER, BORDER:-BORDER].square().mean()
    return round(float(-10 * error.log10()), 1)


if __name__ == "__main__":
    main()

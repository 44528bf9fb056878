"""The loss over the steps of a training as a small picture."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def plot_curve(log_file: Path, picture: Path) -> None:
    """Draw the loss of `log.jsonl`, one line, as a PNG."""
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

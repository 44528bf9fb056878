"""A pipeline of diffusers from its folder: on a GPU in bfloat16, each component there only while it works; without one
in float32 on the CPU. From safetensors only and without a network.
"""

from collections.abc import Mapping
from typing import Any

import torch

from ..bundle import no_bars
from ..errors import MovieDreamerError
from .folder import ModelFolder


def device() -> torch.device:
    """Where pipelines work."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def opened(folder: ModelFolder, components: Mapping[str, Any]) -> Any:
    """The pipeline; `components` stand for its own, None leaves one out. Raises MovieDreamerError if it cannot be
    loaded.
    """
    gpu = torch.cuda.is_available()
    try:
        with no_bars():
            pipeline = folder.kind.from_pretrained(
                str(folder.path),
                use_safetensors=True,
                local_files_only=True,
                torch_dtype=torch.bfloat16 if gpu else torch.float32,
                **components,
            )
    except Exception as error:
        raise MovieDreamerError(f"{folder.path}: cannot be loaded as a {folder.pipeline}: {error}") from error
    pipeline.set_progress_bar_config(disable=True)
    if gpu:
        pipeline.enable_model_cpu_offload()
    return pipeline

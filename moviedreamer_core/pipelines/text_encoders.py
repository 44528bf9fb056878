"""The text encoders of a pipeline, which run once for a film and leave; what they make of texts is kept on the CPU.

An encoder of 5 to 20 GB is not in memory beside the network that draws, if the words of all shots are known when the
first one is drawn. A text that nobody foretold loads the encoders again.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

import torch
from torch import Tensor

from ..progress import SILENT, Progress
from .folder import ModelFolder
from .opened import device, opened

Encode = Callable[..., dict[str, Tensor]]
"""(pipeline, text, settings of its encode_prompt) -> arguments of the pipeline that stand for the text."""


class TextEncoders:
    """Reads texts as the pipeline itself does. `usual` are the arguments that every call of it has: of these `settings`
    are the encoders', and are not told to the pipeline again.
    """

    def __init__(self, folder: ModelFolder, encode: Encode, usual: Mapping[str, Any]) -> None:
        self._folder, self._encode = folder, encode
        calls, reads = (signature(each).parameters for each in (folder.kind.__call__, folder.kind.encode_prompt))
        shared = [name for name in calls if name in reads and name not in ("self", "prompt") and name[:4] != "num_"]
        self.settings = {name: usual.get(name, calls[name].default) for name in shared}  # their defaults may differ
        self._read: dict[str, dict[str, Tensor]] = {}
        self._pipeline: Any = None

    def read_ahead(self, texts: Sequence[str], progress: Progress = SILENT) -> None:
        """Read all texts of a film. Then the encoders leave memory, and what was read of other films with them."""
        wanted = dict.fromkeys(texts)
        for text in wanted:
            progress.check()
            self(text)
        self._read = {text: self._read[text] for text in wanted}
        if self._pipeline is not None:
            self._pipeline = None
            gc.collect()  # a pipeline and the hooks of its components know each other: counting alone frees nothing

    def __call__(self, text: str) -> dict[str, Tensor]:
        """What stands for a text among the pipeline's arguments."""
        if text not in self._read:
            with torch.inference_mode():
                made = self._encode(self._loaded(), text, self.settings)
            self._read[text] = {name: value.cpu() for name, value in made.items()}
        return {name: value.to(device()) for name, value in self._read[text].items()}

    def _loaded(self) -> Any:
        if self._pipeline is None:
            others = (name for name in self._folder.weighty if name not in self._folder.encoders)
            self._pipeline = opened(self._folder, dict.fromkeys(others))
        return self._pipeline


def named(*names: str) -> Encode:
    """The encode_prompt of a pipeline whose results have these names, in this order."""

    def encode(pipeline: Any, text: str, settings: Mapping[str, Any]) -> dict[str, Tensor]:
        return dict(zip(names, pipeline.encode_prompt(text, **settings), strict=True))

    return encode

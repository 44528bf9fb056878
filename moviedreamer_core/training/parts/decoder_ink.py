"""The second decoder: the ink look as a LoRA (peft) over the trained paper decoder. It reads the same tokens."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model, set_peft_model_state_dict
from safetensors.torch import load_file, save_file

from ...bundle import load_model
from ...decoder.load import ADAPTER_WEIGHTS, adapter_config
from ...decoder.model import KeyframeDecoder
from ..settings import Count
from .decoder import DecoderPart, DecoderSettings, Trained


@dataclass(frozen=True, kw_only=True)
class InkSettings(DecoderSettings):
    """Those of the decoder, and `rank` (of the LoRA). Its `predicted` shots are drawn in ink."""

    rank: Count


class InkPart(DecoderPart):
    """The ink decoder: a LoRA over the trained paper decoder."""

    name = "decoder_ink"
    Settings = InkSettings
    settings: InkSettings
    look = "ink"

    @classmethod
    def needs(cls, settings: DecoderSettings) -> tuple[str, ...]:
        return *super().needs(settings), "decoder"

    def start(self) -> KeyframeDecoder:
        model = load_model(KeyframeDecoder, self.workspace.require("decoder")).requires_grad_(False)
        inject_adapter_in_model(LoraConfig(**adapter_config(self.settings.rank)), model)
        return model

    def export(self, model: Trained, folder: Path) -> None:
        state = {k: v.detach().half().cpu().contiguous() for k, v in get_peft_model_state_dict(model).items()}
        folder.mkdir(parents=True, exist_ok=True)
        save_file(state, folder / ADAPTER_WEIGHTS)
        (folder / "config.json").write_text(
            json.dumps({"rank": self.settings.rank, "look": self.look}, indent=2) + "\n"
        )

    def load(self, folder: Path) -> None:
        state = {k: v.to(torch.float32) for k, v in load_file(folder / ADAPTER_WEIGHTS).items()}
        set_peft_model_state_dict(self.model, state)

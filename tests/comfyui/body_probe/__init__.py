"""Custom nodes for tests: they write down when they run, and fail when they are told to."""

import asyncio
from pathlib import Path

import folder_paths
import torch


def note(line: str) -> None:
    """One line for each run of a node."""
    with (Path(folder_paths.get_output_directory()) / "probe.txt").open("a") as file:
        file.write(line + "\n")


class ProbeLoader:
    """Stands for a loader outside the body: says when it loads."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "load", ("PROBE_MODEL",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI's name
        return {"required": {"name": ("STRING", {})}}

    def load(self, name):
        note(f"load {name}")
        return (name,)


class ProbeFile:
    """A loader with a list of files, as ComfyUI's are."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "load", ("PROBE_MODEL",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {"required": {"file": (folder_paths.get_filename_list("upscale_models"),)}}

    def load(self, file):
        return (file,)


class Probe:
    """Draws nothing: passes the picture on, and says for which prompt it ran. A prompt with FAIL in it fails."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "run", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {
            "required": {"image": ("IMAGE",), "prompt": ("STRING", {"forceInput": True}), "strength": ("FLOAT", {})},
            "optional": {"model": ("PROBE_MODEL",), "reference": ("IMAGE",), "place": ("IMAGE",)},
        }

    def run(self, image, prompt, strength, model=None, reference=None, place=None):
        note(f"run {prompt} model={model} reference={reference is not None} place={place is not None}")
        if "FAIL" in prompt:
            raise ValueError(f"cannot draw {prompt!r}")
        for other in (reference, place):
            if other is not None:
                image = image * 0.5 + other.mean() * 0.5
        return ((image * strength).clamp(0, 1),)


class ProbePartner:
    """An async node, as partner nodes are."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "run", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {"required": {"image": ("IMAGE",)}}

    async def run(self, image):
        await asyncio.sleep(0.05)
        note("partner")
        return (1 - image,)


class ProbeClip:
    """Frames that are told apart: frame n has the shade n / 1000; and a tone of as many samples as frames last."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "run", ("IMAGE", "AUDIO")

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {
            "required": {
                "keyframe": ("IMAGE",), "frames": ("INT", {"forceInput": True}), "fps": ("FLOAT", {"forceInput": True}),
                "rate": ("INT", {"default": 48000}),
            }
        }  # fmt: skip

    def run(self, keyframe, frames, fps, rate):
        note(f"clip {frames} at {fps:g}")
        shade = torch.arange(frames).view(-1, 1, 1, 1) / 255
        samples = torch.linspace(-0.5, 0.5, round(frames / fps * rate)).repeat(1, 2, 1)
        return torch.zeros(frames, *keyframe.shape[1:]) + shade, {"waveform": samples, "sample_rate": rate}


class ProbeSpeak:
    """Stands for a TTS node: a tone of a tenth of a second for each word; a text with FAIL in it fails."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "say", ("AUDIO",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {
            "required": {"text": ("STRING", {"forceInput": True}), "pitch": ("FLOAT", {}), "seed": ("INT", {})},
            "optional": {"voice": ("AUDIO",), "language": ("STRING", {"forceInput": True})},
        }

    def say(self, text, pitch, seed, voice=None, language=""):
        note(f"say {text} language={language} voice={voice is not None} seed={seed % 1000}")
        if "FAIL" in text:
            raise ValueError(f"cannot say {text!r}")
        times = torch.arange(round(0.1 * len(text.split()) * 24000)) / 24000
        return ({"waveform": 0.3 * torch.sin(2 * torch.pi * pitch * times)[None, None], "sample_rate": 24000},)


KINDS = (ProbeLoader, ProbeFile, Probe, ProbePartner, ProbeClip, ProbeSpeak)
NODE_CLASS_MAPPINGS = {kind.__name__: kind for kind in KINDS}

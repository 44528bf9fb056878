"""Record what a real ComfyUI says about our nodes, and the core nodes in our workflows: `make record-object-info`.

Writes tests/object_info.json, with which the ordinary tests compare the schemas and every workflow.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from comfy_server import ROOT, Server, find_comfyui

sys.path.append(str(ROOT / "tools"))

from workflow_files import lines_of  # noqa: E402

RECORDED = ROOT / "tests" / "object_info.json"
CORE = (
    "BasicGuider", "BasicScheduler", "BatchImagesNode", "CFGGuider", "CFGNorm", "CheckpointLoaderSimple", "CLIPLoader",
    "CLIPTextEncode", "ConditioningZeroOut", "CreateVideo", "EmptyAudio", "EmptyFlux2LatentImage", "EmptyImage",
    "EmptyLTXVLatentVideo", "EmptyLatentImage", "EmptySD3LatentImage", "Flux2Scheduler",
    "FluxKontextMultiReferenceLatentMethod",
    "GetVideoComponents", "ImageBlend", "ImageBlur", "ImageInvert", "ImageScale", "ImageScaleToTotalPixels",
    "ImageSharpen", "KSampler", "KSamplerAdvanced", "KSamplerSelect", "KlingImageToVideoWithAudio",
    "LTXAVTextEncoderLoader", "LTXVAudioVAEDecode", "LTXVAudioVAELoader", "LTXVConcatAVLatent", "LTXVConditioning",
    "LTXVEmptyLatentAudio", "LTXVImgToVideoInplace", "LTXVPreprocess", "LTXVSeparateAVLatent", "LoadAudio", "LoadImage",
    "LoadVideo", "LoraLoader", "LoraLoaderModelOnly", "ManualSigmas", "MiniMaxH3ImageToVideo",
    "MiniMaxH3ReferenceToVideo", "ModelSamplingAuraFlow", "ModelSamplingSD3", "PreviewAny", "PreviewImage",
    "RandomNoise", "ReferenceLatent", "RepeatImageBatch", "SamplerCustomAdvanced", "SamplerEulerAncestral", "SaveImage",
    "SaveVideo", "TextEncodeQwenImageEditPlus", "UNETLoader", "VAEDecode", "VAEDecodeAudio", "VAEDecodeTiled",
    "VAEEncode", "VAELoader", "WanFirstLastFrameToVideo", "WanImageToVideo",
)  # fmt: skip
WORDS = ("tooltip", "description", "output_tooltips", "search_aliases")
# Lists of files on one machine: the names say nothing about ours.
FILES = {
    "CheckpointLoaderSimple": "ckpt_name", "CLIPLoader": "clip_name", "LTXAVTextEncoderLoader": "text_encoder",
    "LTXVAudioVAELoader": "ckpt_name", "LoadAudio": "audio", "LoadImage": "image", "LoadVideo": "file",
    "LoraLoader": "lora_name", "LoraLoaderModelOnly": "lora_name", "UNETLoader": "unet_name", "VAELoader": "vae_name",
}  # fmt: skip


def kept(everything: dict) -> dict:
    """Our nodes and CORE, without what differs from machine to machine."""
    found = {}
    for name in sorted(everything):
        if not name.startswith("MovieDreamer") and name not in CORE:
            continue
        info = {key: value for key, value in everything[name].items() if key != "python_module"}
        if name in FILES:
            port = info["input"]["required"][FILES[name]]
            info["input"]["required"][FILES[name]] = [
                [] if isinstance(port[0], list) else port[0],
                {**port[1], **({"options": []} if "options" in port[1] else {})} if len(port) > 1 else {},
            ]
        found[name] = info if name.startswith("MovieDreamer") else _wordless(info)
    return found


def _wordless(value: Any) -> Any:
    """What ComfyUI says of a node of its own, without its sentences: they are others' and no test reads them."""
    if isinstance(value, dict):
        return {key: _wordless(each) for key, each in value.items() if key not in WORDS}
    return [_wordless(each) for each in value] if isinstance(value, list) else value


def main() -> int:
    """Start a server of its own, record, stop it."""
    found = find_comfyui()
    if isinstance(found, str):
        print(found, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as base, Server(*found, Path(base), partners=True) as server:
        info = kept(server.get("/object_info"))
        if "IMPORT FAILED" in server.log():
            print(server.log(), file=sys.stderr)
            return 1
    RECORDED.write_text(lines_of(info), encoding="utf-8")
    ours = sum(name.startswith("MovieDreamer") for name in info)
    print(f"{RECORDED}: {ours} nodes of ours, {len(info) - ours} of ComfyUI's")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Run by ComfyUI's own Python in its checkout: a decoder from a tiny random model of Stable Diffusion's kind.

Prints one JSON object with what was seen; test_model_decoder.py asserts. Arguments: the pack's folder, a base folder.
"""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

PACK, BASE = Path(sys.argv[1]), Path(sys.argv[2])
sys.argv = ["main.py", "--cpu", "--base-directory", str(BASE)]
sys.path.insert(0, str(Path.cwd()))
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import comfy.model_management  # noqa: E402
import torch  # noqa: E402
from tiny_checkpoint.parts import tiny_clip, tiny_model, tiny_vae  # noqa: E402


def load_pack():
    """The pack as ComfyUI loads it."""
    spec = spec_from_file_location("pack", PACK / "__init__.py", submodule_search_locations=[str(PACK)])
    sys.modules["pack"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["pack"])


class Counted:
    """A progress that counts its checks and cancels at one of them."""

    def __init__(self, stop: int = 0):
        self.count, self.stop = 0, stop

    def stage(self, name, total): ...

    def advance(self, note="", preview=None): ...

    def check(self):
        self.count += 1
        if self.count == self.stop:
            raise comfy.model_management.InterruptProcessingException


def main() -> dict:
    """What is seen."""
    load_pack()
    from pack.moviedreamer_core.builtin import DECODERS
    from pack.moviedreamer_core.errors import MovieDreamerError
    from pack.moviedreamer_core.requests import KeyframeRequest
    from pack.moviedreamer_core.tokenizer import Tokens
    from pack.nodes import host
    from pack.nodes.comfy_decoder import Sampling
    from pack.nodes.model_decoder import decoder_of
    from pack.nodes.types import DecoderHandle

    mini = host.open_bundle("mini")
    config = mini.config("decoder")
    width = config["projector_config"]["context_width"]
    drawn = torch.Generator().manual_seed(0)
    tokens, others = (Tokens(torch.randn(1, 2, 96, generator=drawn), config["tokenizer_fingerprint"]) for _ in range(2))
    sampling = Sampling(64, 32, 3, 4.0, "euler", "normal", "blurry", "paper, {prompt}")
    model, clip, vae = tiny_model(width), tiny_clip(width), tiny_vae()
    paper = DecoderHandle(mini, DECODERS.find("paper"))

    def draw(handle, tokens=tokens, prompt="a harbour", seed=5, steps=0, progress=None, size=(64, 32)):
        decoder = handle.maker.load(handle.bundle)
        request = KeyframeRequest(tokens, prompt=prompt, size=size, steps=steps, seed=seed)
        return decoder.decode(request, progress or Counted())

    plain, conditioned = decoder_of(model, clip, vae, sampling), decoder_of(model, clip, vae, sampling, paper)
    before = plain.maker.fingerprint(plain.bundle)
    progress = Counted()
    first = draw(plain, progress=progress)
    patched = model.clone()
    key = next(k for k in model.model.state_dict() if k.endswith("attn2.to_k.weight"))
    patched.add_patches({key: ("diff", (torch.ones_like(model.model.state_dict()[key]),))}, 0.5)
    lora = decoder_of(patched, clip, vae, sampling)
    lora_picture = draw(lora)
    freed = model.clone()
    freed.set_model_attn2_patch(closing_over(0.5))
    freed_again, freed_other = model.clone(), model.clone()
    freed_again.set_model_attn2_patch(closing_over(0.5))
    freed_other.set_model_attn2_patch(closing_over(0.7))
    prints = [decoder_of(m, clip, vae, sampling).maker.name for m in (freed, freed_again, freed_other)]
    stopped = Counted(stop=4)
    try:
        draw(plain, steps=9, progress=stopped)
        cancelled = False
    except comfy.model_management.InterruptProcessingException:
        cancelled = True
    try:
        decoder_of(tiny_model(width // 2), tiny_clip(width // 2), vae, sampling, paper)
        refused = ""
    except MovieDreamerError as error:
        refused = str(error)
    same = torch.equal
    return {
        "shape": list(first.shape),
        "asked": list(draw(plain, size=(128, 64)).shape),
        "own": list(draw(plain, size=None).shape),
        "range": [float(first.min()), float(first.max())],
        "spread": float(first.std()),
        "again": same(first, draw(plain)),
        "tokens_without_condition": same(first, draw(plain, tokens=others)),
        "prompt": same(first, draw(plain, prompt="a library")),
        "seed": same(first, draw(plain, seed=6)),
        "condition": same(first, draw(conditioned)),
        "tokens_with_condition": same(draw(conditioned), draw(conditioned, tokens=others)),
        "lora": same(first, lora_picture),
        "lora_name": lora.maker.name == plain.maker.name,
        "unpatched_after_lora": same(first, draw(plain)),
        "name_after_use": decoder_of(model.clone(), clip, vae, sampling).maker.fingerprint(mini) == before,
        "patches": prints,
        "checks": progress.count,
        "stopped_at": [stopped.count, cancelled],
        "refused": refused,
        "reads": list(conditioned.maker.capabilities(mini).tokens or ()),
        "names": [plain.maker.name, conditioned.maker.name, lora.maker.name],
    }


def closing_over(scale: float):
    """A patch of the kind that other packs make: a function that closes over its parameter."""

    def patch(n, context, value, extra):
        return n, context * scale, value

    return patch


with torch.inference_mode():
    seen = main()
print("SEEN " + json.dumps(seen))

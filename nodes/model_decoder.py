"""A decoder from ComfyUI's own MODEL, CLIP and VAE."""

import logging
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.registry import Capabilities
from ..moviedreamer_core.store import content_hash
from . import host
from ._comfy import io
from .comfy_decoder import PROMPT, ModelDecoder, Sampling, check_widths, context_width, reads_references
from .model_fingerprint import clip_fingerprint, model_fingerprint
from .types import Category, DecoderHandle, DecoderType, ready

log = logging.getLogger(__name__)
NEGATIVE_UNREAD = "At cfg 1 the negative prompt changes nothing: empty it, or raise cfg"
SHOWN_LIKE = "mini"
"""The bundle that says at which size the film is shown when no other one does."""


class MovieDreamerDecoderFromModel(io.ComfyNode):
    """MODEL, CLIP and VAE -> a decoder."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        import comfy.samplers

        samplers, schedulers = comfy.samplers.KSampler.SAMPLERS, comfy.samplers.KSampler.SCHEDULERS
        return io.Schema(
            node_id="MovieDreamerDecoderFromModel",
            display_name="Decoder From Model",
            category=Category.DECODER,
            description=(
                "Makes a decoder out of any checkpoint, with whatever LoRAs and patches are wired to it. It renders a "
                "shot from the shot's sentence, and from its tokens and faces too where a condition fits the model."
            ),
            search_aliases=["checkpoint", "sdxl", "stable diffusion", "custom model", "lora", "ksampler"],
            inputs=[
                io.Model.Input("model", tooltip="Draws the pictures, with its LoRAs and patches (Load Checkpoint)."),
                io.Clip.Input("clip", tooltip="Reads the shot's sentence and the negative prompt."),
                io.Vae.Input("vae", tooltip="Turns the model's latents into pictures."),
                DecoderType.Input(
                    "condition",
                    optional=True,
                    tooltip="A decoder trained for this kind of model: what it knows of tokens, faces and sentences is "
                    "added to the prompt. Its context must have the model's width.",
                ),
                io.Int.Input(
                    "width", default=768, min=16, max=8192, step=8, tooltip="Width of the keyframes, 16 to 8192 pixels."
                ),
                io.Int.Input(
                    "height",
                    default=384,
                    min=16,
                    max=8192,
                    step=8,
                    tooltip="Height of the keyframes, 16 to 8192 pixels. The mini bundle's animator wants pictures of "
                    "2:1.",
                ),
                io.Int.Input(
                    "steps",
                    default=20,
                    min=1,
                    max=1000,
                    tooltip="Denoising steps, 1 to 1000, unless Decode Keyframes or Shot Settings choose a number.",
                ),
                io.Float.Input(
                    "cfg",
                    default=7.0,
                    min=0.0,
                    max=100.0,
                    step=0.1,
                    round=0.01,
                    tooltip="How strictly the picture follows its prompt, 0 to 100, unless Decode Keyframes or Shot "
                    "Settings choose a guidance. 1 ignores the negative prompt.",
                ),
                io.Combo.Input("sampler_name", options=samplers, tooltip="The sampling algorithm, as in KSampler."),
                io.Combo.Input("scheduler", options=schedulers, tooltip="How the noise is taken away over the steps."),
                io.String.Input(
                    "negative",
                    default="",
                    multiline=True,
                    tooltip="What the pictures should not show. The same for every shot.",
                ),
                io.String.Input(
                    "prompt_template",
                    default=PROMPT,
                    multiline=True,
                    tooltip="The prompt; {prompt} stands for the shot's sentence (size, place, time, action, plot, "
                    "style). Add words for all shots around it.",
                ),
                io.Int.Input(
                    "references",
                    default=0,
                    min=0,
                    max=4,
                    optional=True,
                    tooltip="Of how many people the cast's pictures are shown to the model, 0 to 4, from the left. "
                    "Flux, Qwen-Image and Lumina's kind read them; SD and SDXL do not and are refused: give those "
                    "IP-Adapter or a LoRA on the MODEL.",
                ),
            ],
            outputs=[
                DecoderType.Output("decoder", display_name="decoder", tooltip="For Decode Keyframes or Route Decoder.")
            ],
        )

    @classmethod
    def validate_inputs(cls, prompt_template: str) -> bool | str:
        if prompt_template is not None and PROMPT not in prompt_template:
            return f"prompt_template has no {PROMPT}, so every shot would get the same prompt; expected it somewhere"
        return True

    @classmethod
    def execute(
        cls,
        model: Any,
        clip: Any,
        vae: Any,
        width: int,
        height: int,
        steps: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        negative: str,
        prompt_template: str,
        condition: DecoderHandle | None = None,
        references: int = 0,
    ) -> io.NodeOutput:
        check_reading(model, references)
        if cfg == 1 and negative.strip():
            log.warning(NEGATIVE_UNREAD)
            host.tell_page("progress", {"text": NEGATIVE_UNREAD})
        sampling = Sampling(width, height, steps, cfg, sampler_name, scheduler, negative, prompt_template)
        return io.NodeOutput(decoder_of(model, clip, vae, sampling, condition, references))


def check_reading(model: Any, references: int) -> None:
    """Raise MovieDreamerError if the model would ignore the pictures that it is to be shown."""
    if references and not reads_references(model):
        raise MovieDreamerError(
            f"references is {references}, but a model of the class {type(model.model).__name__} does not look at "
            "reference pictures: set it to 0, or let IP-Adapter or a LoRA on the MODEL bring the likeness"
        )


def decoder_of(
    model: Any,
    clip: Any,
    vae: Any,
    sampling: Sampling,
    condition: DecoderHandle | None = None,
    references: int = 0,
) -> DecoderHandle:
    """The decoder; its name and fingerprint are the same after a restart. Raises MovieDreamerError for a condition that
    does not fit the model.
    """
    reads, condition_fingerprint = Capabilities(size=(sampling.width, sampling.height), any_size=True), ""
    if condition is not None:
        if width := context_width(model):
            config = condition.bundle.config("decoder").get("projector_config", {})
            check_widths(int(config.get("context_width", width)), width)
        # The model's own sampling has no limit of steps.
        theirs = condition.maker.capabilities(condition.bundle)
        reads = replace(theirs, steps=0, size=reads.size, any_size=True)
        condition_fingerprint = condition.maker.fingerprint(condition.bundle)
    memo = host.film_store().hashes
    parts = [
        model_fingerprint(model, lambda f: content_hash(f, memo)),
        clip_fingerprint(clip, lambda f: content_hash(f, memo)),
    ]
    parts.append(model_fingerprint(vae.patcher, lambda f: content_hash(f, memo)))
    fingerprint = sha256(repr([*parts, condition_fingerprint, sampling]).encode()).hexdigest()
    reads = replace(reads, references=references)
    decoder = ModelDecoder(model, clip, vae, sampling, condition, fingerprint)
    maker = ready(f"model-{fingerprint[:8]}", "a MODEL, CLIP and VAE of ComfyUI", decoder, fingerprint, reads)
    return DecoderHandle(host.open_bundle(SHOWN_LIKE), maker)


NODES: list[type[io.ComfyNode]] = [MovieDreamerDecoderFromModel]

"""A custom node for tests: what Load Checkpoint gives, from a tiny model."""

from .parts import tiny_clip, tiny_model, tiny_vae

WIDTH = 64


class TinyCheckpoint:
    """Stands for Load Checkpoint."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "load", ("MODEL", "CLIP", "VAE")

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI's name
        return {"required": {"ckpt_name": ("STRING", {})}}

    def load(self, ckpt_name):
        return tiny_model(WIDTH), tiny_clip(WIDTH), tiny_vae()


NODE_CLASS_MAPPINGS = {"TinyCheckpoint": TinyCheckpoint}

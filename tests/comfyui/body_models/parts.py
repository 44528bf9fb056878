"""What tiny random models are built of: weights that say something, and ComfyUI's own classes around them."""

import comfy.model_patcher
import comfy.sd
import comfy.sd1_clip
import torch

CPU = torch.device("cpu")
WIDTH = 64
"""The width of every text."""
WORDS = dict(
    num_hidden_layers=1, hidden_size=WIDTH, num_attention_heads=2, intermediate_size=32, hidden_act="quick_gelu",
    eos_token_id=49407, max_position_embeddings=77, vocab_size=49408, projection_dim=WIDTH,
)  # fmt: skip


def random_state(module, scale=0.05):
    """A module's state with weights that say something, always the same; what is divided by is one."""
    generator = torch.Generator().manual_seed(7)

    def value(name, of):
        divides = name.endswith(("running_var", "latents_std", "std-of-means"))
        return torch.ones(of.shape) if divides else torch.randn(of.shape, generator=generator) * scale

    return {name: value(name, of) for name, of in module.state_dict().items()}


def model_of(kind, config):
    """A MODEL of a real class."""
    chosen = kind(dict(config))
    chosen.unet_config["dtype"], chosen.manual_cast_dtype = torch.float32, None
    model = chosen.get_model({}, device=CPU)
    for value in model.diffusion_model.parameters():
        value.requires_grad_(False)
    model.diffusion_model.load_state_dict(random_state(model.diffusion_model, 0.1), strict=False)
    return comfy.model_patcher.CoreModelPatcher(model, load_device=CPU, offload_device=CPU)


def clip():
    """A CLIP with Stable Diffusion's tokenizer and one small layer; it does not see the pictures that it is shown."""

    class Target:
        params = {}  # noqa: RUF012
        tokenizer = comfy.sd1_clip.SD1Tokenizer

        @staticmethod
        def clip(**values):
            return comfy.sd1_clip.SD1ClipModel(
                clip_model=comfy.sd1_clip.SDClipModel, textmodel_json_config=WORDS, **values
            )

    made = comfy.sd.CLIP(Target)
    for value in made.cond_stage_model.parameters():
        value.requires_grad_(False)
    made.cond_stage_model.load_state_dict(random_state(made.cond_stage_model), strict=False)
    return made

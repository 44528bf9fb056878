"""What the tensors of a Stable Video Diffusion are called in its own single file, for each of diffusers' names.

In the file a frame's blocks are those of an image model, and what runs over time stands inside them as `time_stack`;
blocks of the UNet are counted through (`input_blocks.4`), those of the autoencoder's decoder from the picture upwards.
"""

import re
from collections.abc import Collection

UNET, VAE, TOWER = "model.diffusion_model.", "first_stage_model.", "conditioner.embedders.0.open_clip.model.visual."

_BLOCK = re.compile(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)")
_OUTSIDE = {
    "conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0",
    "conv_out": "out.2", "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}  # fmt: skip
_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
_ATTENTION = {
    "temporal_transformer_blocks": "time_stack", "time_pos_embed.linear_1": "time_pos_embed.0",
    "time_pos_embed.linear_2": "time_pos_embed.2",
}  # fmt: skip
_IN_VAE = {
    "mid_block.resnets.0": "mid.block_1", "mid_block.resnets.1": "mid.block_2", "mid_block.attentions.0": "mid.attn_1",
    "resnets": "block", "downsamplers.0": "downsample", "upsamplers.0": "upsample", "conv_norm_out": "norm_out",
    "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out", "spatial_res_block.": "",
    "time_mixer.": "", "decoder.time_conv_out": "decoder.conv_out.time_mix_conv",
}  # fmt: skip
_IN_TOWER = {
    "vision_model.embeddings.class_embedding": "class_embedding",
    "vision_model.embeddings.patch_embedding": "conv1",
    "vision_model.embeddings.position_embedding.weight": "positional_embedding",
    "vision_model.pre_layrnorm": "ln_pre", "vision_model.post_layernorm": "ln_post",
    "vision_model.encoder.layers": "transformer.resblocks", "visual_projection.weight": "proj",
    "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}  # fmt: skip


def unet_name(name: str, names: Collection[str], layers: int) -> str:
    """A tensor of the UNet, which has `names` in all and so many `layers` a block."""
    found = _BLOCK.fullmatch(name)
    if found is None:
        outside = next(begin for begin in _OUTSIDE if name.startswith(f"{begin}."))
        return _OUTSIDE[outside] + _inner(name.removeprefix(outside), "attentions" in outside)
    way, block, kind, number, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    first = block * (layers + 1) + (way == "down")
    if kind.endswith("samplers"):
        attends = any(each.startswith(f"up_blocks.{block}.attentions.") for each in names)
        place = "0.op" if way == "down" else f"{1 + attends}.conv"
        return f"{_side(way)}.{first + layers}.{place}{rest.removeprefix('conv')}"
    return f"{_side(way)}.{first + number}.{int(kind == 'attentions')}" + _inner(f".{rest}", kind == "attentions")


def vae_name(name: str, blocks: int) -> str:
    """A tensor of the autoencoder, which has so many blocks."""
    for ours, theirs in _IN_VAE.items():
        name = name.replace(ours, theirs)
    if ".temporal_res_block." in name:
        name = _replaced(name.replace(".temporal_res_block.", ".time_stack."), _RESNET)
    name = name.replace("conv_shortcut", "nin_shortcut").replace("down_blocks", "down")
    return re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{blocks - 1 - int(found[1])}", name)


def tower_name(name: str) -> tuple[str, int | None]:
    """A tensor of the image tower; and which third of that one it is, where queries, keys and values are one."""
    name = _replaced(name, _IN_TOWER)
    found = re.fullmatch(r"(.+)\.self_attn\.([qkv])_proj\.(weight|bias)", name)
    return (f"{found[1]}.attn.in_proj_{found[3]}", "qkv".index(found[2])) if found else (name, None)


def _side(way: str) -> str:
    return "input_blocks" if way == "down" else "output_blocks"


def _inner(rest: str, attends: bool) -> str:
    """What follows the name of a residual block or of a transformer."""
    if attends:
        return _replaced(rest, _ATTENTION)
    rest = rest.replace(".spatial_res_block.", ".").replace(".temporal_res_block.", ".time_stack.")
    return _replaced(rest, _RESNET)


def _replaced(name: str, table: dict[str, str]) -> str:
    for ours, theirs in table.items():
        name = name.replace(ours, theirs)
    return name

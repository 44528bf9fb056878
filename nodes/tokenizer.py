"""Tokenizer: keyframes to tokens, and what tokens alone say as pictures."""

import torch

from ..moviedreamer_core.film.history import encode_pictures
from ..moviedreamer_core.film.preview import preview_tokens
from ..moviedreamer_core.media.stills import read_picture
from ..moviedreamer_core.tokenizer import Tokens
from . import host
from ._comfy import io
from .types import Category, DecoderHandle, DecoderType, TokenizerType, TokensType


class MovieDreamerEncodeKeyframes(io.ComfyNode):
    """IMAGE -> tokens."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerEncodeKeyframes",
            display_name="Encode Keyframes",
            category=Category.TOKENIZER,
            description=(
                "Reads pictures into the tokens in which a film is planned. Give them to Edit Plan, to move a shot "
                "toward a picture, or to Plan Film as history, if all that is left of an earlier episode is pictures. "
                "Every picture is read once and kept in the store."
            ),
            search_aliases=["image to tokens", "history", "previous episode", "few-shot", "tokenize"],
            inputs=[
                TokenizerType.Input("tokenizer", tooltip="The tokenizer of the bundle whose planner shall use them."),
                io.Image.Input(
                    "images",
                    tooltip="Keyframes in film order, one or a batch, of any size and aspect: the tokenizer resizes "
                    "them itself.",
                ),
            ],
            outputs=[
                TokensType.Output("tokens", display_name="tokens", tooltip="The tokens of each picture, in order.")
            ],
        )

    @classmethod
    def execute(cls, tokenizer: host.HostBundle, images: torch.Tensor) -> io.NodeOutput:
        pictures = list(host.from_images(images))
        return io.NodeOutput(encode_pictures(pictures, tokenizer, host.film_store(), progress=host.HostProgress()))


class MovieDreamerPreviewTokens(io.ComfyNode):
    """Tokens -> IMAGE, without any character."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerPreviewTokens",
            display_name="Preview Tokens",
            category=Category.TOKENIZER,
            description=(
                "Shows what tokens say by themselves: place, light and layout, drawn by a decoder that is told of no "
                "character. Use it to look at candidates before picking one, or at what an edit did to a shot."
            ),
            search_aliases=["tokens to image", "look at candidates", "decode tokens"],
            inputs=[
                TokensType.Input("tokens", tooltip="Tokens of any number of keyframes; each gives one picture."),
                DecoderType.Input(
                    "decoder", tooltip="Draws them. It must read tokens of the same tokenizer, else it refuses them."
                ),
            ],
            outputs=[
                io.Image.Output(
                    "images",
                    display_name="images",
                    tooltip="One picture for each keyframe, at the size at which it is drawn.",
                )
            ],
        )

    @classmethod
    def execute(cls, tokens: Tokens, decoder: DecoderHandle) -> io.NodeOutput:
        maker, bundle = decoder.maker, decoder.bundle
        files = preview_tokens(tokens, maker, bundle, host.film_store(), progress=host.HostProgress())
        return io.NodeOutput(host.to_images([read_picture(file) for file in files]))


NODES: list[type[io.ComfyNode]] = [MovieDreamerEncodeKeyframes, MovieDreamerPreviewTokens]

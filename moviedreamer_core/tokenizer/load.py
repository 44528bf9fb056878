"""The tokenizer of a bundle, loaded once for all who share it."""

from ..bundle import Bundle, load_model
from .model import KeyframeTokenizer


def load_tokenizer(bundle: Bundle) -> KeyframeTokenizer:
    """The part `tokenizer`. Raises MovieDreamerError if the bundle has none, or it is not sound."""
    return bundle.once("tokenizer", lambda: load_model(KeyframeTokenizer, bundle.path("tokenizer")))

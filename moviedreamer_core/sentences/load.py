"""The sentence encoder of a bundle, loaded once for all who share it."""

from ..bundle import Bundle
from .encoder import SentenceEncoder


def load_text(bundle: Bundle) -> SentenceEncoder:
    """The part `text`. Raises MovieDreamerError if the bundle has none, or it is not sound."""
    return bundle.once("text", lambda: SentenceEncoder.load(bundle.path("text")))

"""The upscaler of a bundle, loaded once for all who share it."""

from ..bundle import Bundle, load_model
from .model import Upscaler


def load_upscaler(bundle: Bundle) -> Upscaler:
    """The part `upscaler`. Raises MovieDreamerError if the bundle has none, or it is not sound."""
    return bundle.once("upscaler", lambda: load_model(Upscaler, bundle.path("upscaler")))

"""The face pack of a bundle, loaded once for all who share it."""

from ..bundle import Bundle
from .faces import FacePack


def load_faces(bundle: Bundle) -> FacePack:
    """The part `faces`. Raises MovieDreamerError if the bundle has none, or it is no usable pack."""
    return bundle.once("faces", lambda: FacePack(bundle.path("faces")))

"""The planner of a bundle, loaded once for all who share it."""

from ..bundle import Bundle, load_model
from .model import Planner


def load_planner(bundle: Bundle) -> Planner:
    """The part `planner`. Raises MovieDreamerError if the bundle has none, or it is not sound."""
    return bundle.once("planner", lambda: load_model(Planner, bundle.path("planner")))

"""The planner: the tokens of every keyframe of a film, predicted one after another from script, cast and history."""

from ..script import shot_seed
from .conditions import Conditions, shot_conditions
from .load import load_planner
from .model import Planner
from .plan import Plan, PlannedShot
from .sample import History, plan

__all__ = [
    "Conditions", "History", "Plan", "PlannedShot", "Planner", "load_planner", "plan", "shot_conditions", "shot_seed",
]  # fmt: skip

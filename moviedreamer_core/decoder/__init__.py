"""Decoders render keyframes from planned tokens; every decoder answers the same call, `decode`."""

from ..requests import Slot
from .condition import ConditionProjector, Slots
from .load import load_decoder
from .model import KeyframeDecoder
from .render import DiffusionDecoder

__all__ = ["ConditionProjector", "DiffusionDecoder", "KeyframeDecoder", "Slot", "Slots", "load_decoder"]

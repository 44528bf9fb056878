"""The upscaler takes pictures from the size at which they are drawn to the size at which they are shown."""

from .load import load_upscaler
from .model import Upscaler, upscale

__all__ = ["Upscaler", "load_upscaler", "upscale"]

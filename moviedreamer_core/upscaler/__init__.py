"""The upscaler takes pictures from the size at which they are drawn to the size at which they are shown."""

from .model import Upscaler, upscale

__all__ = ["Upscaler", "upscale"]

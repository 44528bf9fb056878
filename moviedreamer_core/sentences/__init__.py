"""Sentences: one embedding for each script field, from a CLIP-style text tower."""

from .encoder import SentenceEncoder
from .load import load_text

__all__ = ["SentenceEncoder", "load_text"]

"""Sentences: one embedding for each script field, from a CLIP-style text tower."""

from .encoder import SentenceEncoder

__all__ = ["SentenceEncoder"]

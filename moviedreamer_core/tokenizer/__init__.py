"""Keyframes to a few continuous tokens: the tokenizer and the value that its tokens travel in."""

from .load import load_tokenizer
from .model import KeyframeTokenizer
from .tokens import Tokens

__all__ = ["KeyframeTokenizer", "Tokens", "load_tokenizer"]

"""MovieDreamer's core: script to film, in plain Python and torch; it never imports ComfyUI."""

__version__ = "0.1.0"

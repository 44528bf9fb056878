"""MovieDreamer's core: script to film, in plain Python and torch; it never imports ComfyUI.

What a program needs is here by name (README, "In Python"), and imported when it is first asked for: whoever only wants
the version waits for nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "Bundle": "bundle",
    "FilmSession": "film.session",
    "FilmSettings": "film.settings",
    "MovieDreamerError": "errors",
    "Store": "store",
    "animate_clips": "film.animating",
    "load_script": "script",
    "make_cast": "film.film_cast",
    "make_film": "film.making",
    "make_plan": "film.planning",
    "render_keyframes": "film.keyframes",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)

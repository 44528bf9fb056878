"""The storyboard's side of the core: a film as cards, each with its states and who decided what.

`board_of(film)` gives plain JSON values and makes nothing; see board.py, cards.py.
"""

from .board import board_of
from .film import BoardFilm, FilmJoin
from .media import media_file

__all__ = ["BoardFilm", "FilmJoin", "board_of", "media_file"]

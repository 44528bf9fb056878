"""Films in: from video files to scripts, keyframes and faces that a planner can be trained on."""

from .captions import ByHand, Caption, Captioner, ChosenPhrases, VisionLanguage
from .creatures import CreatureFinder
from .run import PreparedFilm, check_films, prepare
from .settings import CreatureRules, PeopleRules, PrepareSettings, ShotRules
from .shards import PreparedShot, read_shards

__all__ = [
    "ByHand", "Caption", "Captioner", "ChosenPhrases", "CreatureFinder", "CreatureRules", "PeopleRules",
    "PrepareSettings", "PreparedFilm", "PreparedShot", "ShotRules", "VisionLanguage", "check_films", "prepare",
    "read_shards",
]  # fmt: skip

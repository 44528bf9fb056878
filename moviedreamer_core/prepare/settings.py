"""What decides how a film is taken apart. Everything here enters the names of the intermediate files, so that a change
makes anew what depends on it and nothing else.
"""

from dataclasses import dataclass

from ..errors import MovieDreamerError


@dataclass(frozen=True)
class ShotRules:
    """Rules for shots. `jump`: how many times the change around it a cut must exceed (PySceneDetect's adaptive
    threshold); `least_change`: the least change of a cut, 0 to 255; `shortest`: seconds of a shot.

    `flat`: the contrast (standard deviation of the luma, 0 to 255) below which a frame is empty: black, or white in the
    middle of a fade; `dip`: or below this share of what it is before and after. `title`: the share of pixels in one
    tone from which a bright drawing on it counts as a title.
    """

    jump: float = 3.0
    least_change: float = 15.0
    shortest: float = 0.25
    flat: float = 1.5
    dip: float = 0.4
    title: float = 0.85


@dataclass(frozen=True)
class PeopleRules:
    """Rules for faces. `looks`: frames of a shot that are looked at; `smallest`: height of a face as a share of the
    picture's; `alike`: cosine from which two faces are one person; `least`: frames in which a person must be seen;
    `pictures`: most reference pictures kept of one.
    """

    looks: int = 5
    smallest: float = 0.04
    alike: float = 0.5
    least: int = 3
    pictures: int = 6


@dataclass(frozen=True)
class CreatureRules:
    """Rules for creatures and faceless people. `looks`: frames of a shot that are looked at; `sure`: from which
    probability one is there; `alike`: cosine from which two sightings are one creature; `least`: frames in which it
    must be seen; `pictures`: most pictures of one in the report.
    """

    looks: int = 3
    sure: float = 0.5
    alike: float = 0.85
    least: int = 2
    pictures: int = 6


@dataclass(frozen=True)
class PrepareSettings:
    """All rules, and `height`: pixels of a kept frame (0: the film's own)."""

    shots: ShotRules = ShotRules()
    people: PeopleRules = PeopleRules()
    creatures: CreatureRules = CreatureRules()
    height: int = 512

    def checked(self) -> "PrepareSettings":
        """The settings themselves. Raises MovieDreamerError for a value that means nothing."""
        limits = {
            "alike": (self.people.alike, 0, 1),
            "same creature": (self.creatures.alike, 0, 1),
            "looks": (self.people.looks, 1, 64),
            "least": (self.people.least, 1, 1000),
            "pictures": (self.people.pictures, 1, 32),
            "shortest": (self.shots.shortest, 0, 10),
            "jump": (self.shots.jump, 1, 100),
            "height": (self.height, 0, 8192),
        }
        for name, (value, least, most) in limits.items():
            if not least <= value <= most:
                raise MovieDreamerError(f"{name} is {value}; expected {least} to {most}")
        return self

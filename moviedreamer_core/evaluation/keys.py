"""Every key of the evidence in words, and what its value should be."""

from dataclasses import dataclass

from ..papertown import ACTIONS
from .intervals import Interval

NOT_COMPARABLE = "*not comparable with published numbers*"
KEYS = {
    "place": "close and medium shots in which the reader sees the script's kind of place",
    "who": "close and medium shots in which the likeliest of the film's cast is the right one",
    "attributes": "what makes a face (shape, skin, hair, eyes, nose, glasses, beard, hat), read in the same shots",
    "expression": "the mood of the script, read in the same shots",
    "shot_size": "the same shots, read as close or medium",
    "place.two_shot": "`place` in shots of two people",
    "who.two_shot": "`who` of both people in shots of two",
    "attributes.two_shot": "`attributes` of both",
    "expression.two_shot": "`expression` of both",
    "place.wide": "`place` in wide shots",
    "who.wide": "`who` of everybody in wide shots, by what can be seen there: skin, hair colour, hat",
    "attributes.wide": "skin, hair colour and hat of everybody in wide shots",
    "outfit_kept": "later appearances in the whole outfit of the first (top, pattern, accessory); not in wide shots",
    "outfit_kept.top_color": "the same of the top's colour",
    "outfit_kept.top_pattern": "the same of the top's pattern",
    "outfit_kept.accessory": "the same of the accessory",
    "scene_kept": "shots whose place looks in all four details as in the shot before in the same scene",
    "scene_kept.mean": "the same, detail by detail",
    "returns_kept": "shots back in a place that look in all four details as the film's first shot there",
    "returns_kept.mean": "the same, detail by detail",
    "unasked_things": "shots for which the script has no thing, and in which one is seen (0 is perfect)",
    "second.outfit_kept": "`outfit_kept` by the second judge, which learned nothing: the nearest drawing",
    "second.scene_kept": "`scene_kept` by the second judge",
    "second.returns_kept": "`returns_kept` by the second judge",
    "second.unasked_things": "`unasked_things` by the second judge",
    "described_people": "people without a picture: later shots likest the right one of the cast as first seen",
    "described_people.attributes": "the same people: attributes of the face as first seen",
    "action": "actions of people, read from the motion of clips",
    **{f"action.{name}": f"`action` where the script says that somebody {name}" for name in ACTIONS},
    "swapped_identity": "two-shots whose people are likelier the other way round (0 is perfect)",
    "reader_accuracy": "the reader's own accuracy on drawn close and medium frames, mean over its attributes",
    "detection_rate": "close and medium keyframes in which the face pack finds a face",
    "face_short": "cosine of a character's faces in two shots running",
    "face_long": "cosine of a character's face and of its first appearance",
    "face_strangers": "cosine of different characters of one film: the floor of the two above",
    "long_film_drop": "`face_long` of the first minus that of the last quarter of the film of 100 shots",
    "clip_score": f"mean of max(cosine, 0) of keyframe and script sentence, by the judging CLIP; {NOT_COMPARABLE}",
    "fid": f"Frechet distance to the drawn keyframes, by the judging CLIP (not a fraction); {NOT_COMPARABLE}",
    "inception_score": f"1 to 8, from the reader's probabilities of the 8 places; {NOT_COMPARABLE}",
    "aesthetic": f"an aesthetic predictor's score; {NOT_COMPARABLE}",
    "unstated_revisit": "given the true history, details of the next return to a place that are as they were",
    "unstated_gain": "`unstated_revisit` minus the same without history",
    "unstated_kept": "in a free run, details of returns as at the film's own first visit, minus as at other films'",
    "fewshot_gain": "details right in a second half with the first half as an earlier episode, minus without",
    "fewshot_gain.pictures": "the same of the first half's pictures alone, without what they show",
    "anchor_decay": "likeness to the keyframe lost from the first segment to the fifth extension, anchor on",
    "anchor_decay.off": "the same with the anchor off",
    "better_than_copying": "mean of place, who and attributes on short films: plan minus `copy`",
}
BESIDE = (
    "place", "who", "attributes", "shot_size", "outfit_kept", "scene_kept", "returns_kept", "swapped_identity",
    "detection_rate", "face_short", "face_long", "unstated_revisit", "unstated_gain", "unstated_kept", "clip_score",
    "fid", "inception_score",
)  # fmt: skip
"""The columns of the table of baselines."""


@dataclass(frozen=True)
class Target:
    """What a value should be: at least so much, or at most."""

    key: str
    bound: float
    most: bool = False

    def verdict(self, value: float | None, interval: Interval | None = None) -> str:
        """ "passed", "missed" or "not measured". With an interval, it is its worse end that must pass."""
        if value is None:
            return "not measured"
        low, high = interval or (value, value)
        return "passed" if (high <= self.bound if self.most else low >= self.bound) else "missed"

    def __str__(self) -> str:
        return f"at {'most' if self.most else 'least'} {self.bound:g}"


TARGETS = (
    Target("reader_accuracy.place", 0.99),
    Target("reader_accuracy.who", 0.99),
    Target("reader_accuracy.shot_size", 0.99),
    Target("place", 0.97),
    Target("who", 0.95),
    Target("attributes", 0.85),
    Target("expression", 0.75),
    Target("attributes.two_shot", 0.75),
    Target("outfit_kept", 0.55),
    Target("scene_kept", 0.85),
    Target("returns_kept", 0.70),
    Target("described_people", 0.85),
    Target("unasked_things", 0.03, most=True),
    Target("long_film_drop", 0.02, most=True),
    Target("unstated_gain", 0.30),
    Target("unstated_kept", 0.15),
    Target("better_than_copying", 0.0),
)

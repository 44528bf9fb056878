"""What decides a result, as an artist calls it: "the plot changed", not "shot.plot"."""

from collections.abc import Iterable

WORDS = {
    "style": "the style", "scene.place": "the place", "scene.elements": "what stands there", "scene.time": "the time",
    "scene.look": "the look", "shot.size": "the size", "shot.plot": "the plot", "shot.characters.id": "who is there",
    "characters.description": "a description", "shot.characters.expression": "an expression",
    "shot.characters.action": "an action", "shot.keyframes": "the number of keyframes", "shot.seed": "the seed",
    "shot.decoder": "the decoder", "decoder": "the decoder", "shot.steps": "the steps", "steps": "the steps",
    "shot.animator": "the animator", "animator": "the animator", "shot.join": "the join", "shot.seconds": "the length",
    "frames": "the length", "fps": "the frame rate", "guidance": "the guidance", "motion": "the motion",
    "anchor_strength": "the anchor strength", "temperature": "the temperature", "candidates": "the candidates",
    "history": "the earlier episode", "faces": "a face", "tokens": "its plan", "keyframes": "its keyframe",
    "before": "a shot before it", "size": "the picture size", "prompt": "its words", "sentence": "its words",
    "lines": "its lines", "sound": "its sound",
}  # fmt: skip
"""Names of inputs -> what an artist calls them; weights and the like are "the bundle"."""


def changed_words(names: Iterable[str]) -> str:
    """What changed, by the names of the inputs that differ: "the plot and the seed changed"; "" if none does."""
    different = list(dict.fromkeys(WORDS.get(name, "the bundle") for name in names))
    if len(different) > 1 and WORDS["before"] in different:  # its own change says enough
        different.remove(WORDS["before"])
    if not different:
        return ""
    *most, last = different
    return f"{', '.join(most)} and {last} changed" if most else f"{last} changed"

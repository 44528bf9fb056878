"""The wordings of papertown: synonyms and sentence patterns, some reserved for validation and test.

Data contract: a `Bank` lists phrases per split. Every word of a reserved phrase occurs in some train phrase.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bank:
    """Phrases with one meaning; train uses the first list only."""

    train: tuple[str, ...]
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


def _bank(train: str, validation: str = "", test: str = "") -> Bank:
    """A bank from phrases separated by |."""
    return Bank(*(tuple(part for part in text.split("|") if part) for text in (train, validation, test)))


PLACE: dict[str, Bank] = {
    "harbour": _bank(
        "a harbour by the sea|the old harbour|a quay at the water|a harbour with a wooden quay",
        "the harbour at the water",
        "the old quay by the sea",
    ),
    "forest": _bank(
        "a forest of tall pines|the deep forest|a wood full of trees|a forest with old trees",
        "a deep wood of pines",
        "the forest full of tall trees",
    ),
    "street": _bank(
        "a street in the town|a road between houses|the town street|a street with tall houses",
        "a road in the town",
        "the street between tall houses",
    ),
    "kitchen": _bank(
        "a kitchen with a tiled floor|the warm kitchen|a kitchen with shelves|the cook's kitchen",
        "a warm kitchen",
        "the kitchen with a tiled floor",
    ),
    "library": _bank(
        "a library full of books|the quiet library|a room with bookshelves|a library with a carpet",
        "a quiet room full of books",
        "the library with bookshelves",
    ),
    "desert": _bank(
        "a desert with cacti|the sandy desert|dunes of yellow sand|a dry desert of dunes",
        "the dry dunes with cacti",
        "a desert of yellow sand",
    ),
    "mountain": _bank(
        "a mountain valley with snow|the snowy mountains|high peaks in the snow|a snowy mountain",
        "the high mountains with snow",
        "a snowy valley with peaks",
    ),
    "market": _bank(
        "a market with fruit|the market square|a busy market|stalls and flags on a square",
        "a busy square with stalls",
        "the market with flags and fruit",
    ),
}
TIME: dict[str, Bank] = {
    "morning": _bank(
        "in the morning|at dawn|early in the day, at sunrise|on a fresh morning",
        "in the fresh dawn",
        "at sunrise in the morning",
    ),
    "day": _bank("by day|at noon|in full daylight|in the middle of the day", "in the daylight", "at noon in full day"),
    "evening": _bank(
        "in the evening|at dusk|at sunset|late on a golden evening", "at golden dusk", "late in the sunset"
    ),
    "night": _bank(
        "at night|under the moon|late at night|in the dark of night", "in the moon night", "in the dark under the moon"
    ),
}
STYLE: dict[str, Bank] = {
    "bright": _bank(
        "bright paper colours|bold bright colours|strong vivid paper", "vivid paper colours", "bold strong colours"
    ),
    "pastel": _bank(
        "soft pastel paper|pale pastel colours|gentle soft colours", "soft pale paper", "gentle pastel colours"
    ),
}
SIZE: dict[str, Bank] = {
    "close": _bank(
        "a close-up|a close shot|seen from very near|a face close to us", "a very close shot", "a close-up from near"
    ),
    "medium": _bank(
        "a medium shot|seen from the waist up|a half-length shot",
        "a shot from the waist up",
        "a half-length medium shot",
    ),
    "two-shot": _bank(
        "a two-shot|a shot of two people|two people side by side", "a two-shot side by side", "two people in a shot"
    ),
    "wide": _bank(
        "a wide shot|seen from far away|a long shot of the whole place",
        "a shot from far away",
        "the whole place in a wide shot",
    ),
}
PLOT: dict[str, Bank] = {
    "none": Bank(
        ("", "nothing else is there", "nothing happens around"), ("", "nothing else happens"), ("", "nothing is around")
    ),
    "balloon": _bank(
        "a red balloon drifts by|there is a balloon|a balloon floats in the air",
        "a red balloon floats by",
        "there drifts a balloon in the air",
    ),
    "dog": _bank(
        "a dog wags its tail|there is a small dog|a little dog stands near",
        "a small dog stands there",
        "a little dog wags its tail",
    ),
    "kite": _bank(
        "a kite flies in the wind|there is a colourful kite|a kite sways above",
        "a colourful kite flies above",
        "a kite sways in the wind",
    ),
    "umbrella": _bank(
        "an umbrella hangs in the air|there is a blue umbrella|an umbrella floats by",
        "a blue umbrella floats in the air",
        "an umbrella is there",
    ),
    "lantern": _bank(
        "a lantern glows|there is a lit lantern|a yellow lantern hangs above",
        "a lit lantern glows above",
        "a yellow lantern is there",
    ),
}
ACTION: dict[str, Bank] = {
    "waves": _bank(
        "waves|waves hello|raises a hand and waves|gives a friendly wave",
        "raises a friendly hand and waves",
        "gives a wave hello",
    ),
    "walks": _bank("walks|walks along|strolls by|takes a walk", "strolls along", "walks by"),
    "jumps": _bank(
        "jumps|jumps up and down|hops high|leaps into the air", "hops up and down", "jumps high into the air"
    ),
    "talks": _bank(
        "talks|is talking|speaks with one hand up|says something",
        "talks with one hand up",
        "is talking and says something",
    ),
    "dances": _bank(
        "dances|dances with both arms up|is dancing|sways to the music",
        "dances to the music",
        "is dancing with both arms up",
    ),
    "points": _bank(
        "points|points at something|stretches out an arm and points|shows the way",
        "points the way",
        "stretches out an arm at something",
    ),
}
EXPRESSION: dict[str, Bank] = {
    "calm": _bank("calm|at ease|relaxed|with a calm face", "calm and at ease", "with a relaxed face"),
    "happy": _bank("happy|glad|smiling|with a big smile", "happy and smiling", "with a glad smile"),
    "sad": _bank("sad|in tears|unhappy|with a sad face", "sad and in tears", "with an unhappy face"),
    "surprised": _bank(
        "surprised|amazed|astonished|with a surprised look", "surprised and amazed", "with an astonished look"
    ),
}
PERSON_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "face_shape": {
        "round": ("a round face", "a face round as a coin"),
        "oval": ("an oval face", "a long oval face"),
        "square": ("a square face", "a square jaw"),
    },
    "skin": {
        "porcelain": ("porcelain skin", "very fair skin"),
        "peach": ("peach skin", "a peach complexion"),
        "tan": ("tan skin", "a tanned complexion"),
        "brown": ("brown skin", "a brown complexion"),
        "umber": ("umber skin", "deep umber skin"),
        "ebony": ("ebony skin", "a very dark complexion"),
    },
    "hair_style": {
        "bald": ("a bald head", "no hair"),
        "short": ("short hair", "cropped hair"),
        "bob": ("a bob", "hair cut in a bob"),
        "long": ("long hair", "hair down to the shoulders"),
        "bun": ("a bun", "hair in a bun"),
        "curly": ("curly hair", "a head of curls"),
    },
    "hair_color": {
        "black": ("black hair", "raven hair"),
        "brown": ("brown hair", "chestnut hair"),
        "blond": ("blond hair", "fair blond hair"),
        "red": ("red hair", "ginger hair"),
        "grey": ("grey hair", "silver hair"),
        "blue": ("blue hair", "hair dyed blue"),
    },
    "eyes": {
        "dots": ("dot eyes", "small dark eyes"),
        "round": ("round eyes", "big round eyes"),
        "sleepy": ("sleepy eyes", "half-closed eyes"),
    },
    "nose": {
        "button": ("a button nose", "a small nose"),
        "long": ("a long nose", "a tall narrow nose"),
        "wide": ("a wide nose", "a broad nose"),
    },
    "glasses": {
        "none": ("no glasses", "bare eyes"),
        "round": ("round glasses", "round spectacles"),
        "square": ("square glasses", "square spectacles"),
    },
    "beard": {
        "none": ("no beard", "a smooth chin"),
        "moustache": ("a moustache", "a moustache on the lip"),
        "full": ("a full beard", "a thick beard"),
    },
    "hat": {
        "none": ("no hat", "a bare head"),
        "cap": ("a red cap", "a cap"),
        "tophat": ("a top hat", "a tall black hat"),
        "beanie": ("a beanie", "a woolly hat"),
    },
}
TOP_WORDS: dict[str, tuple[str, ...]] = {
    "plain": ("a plain {} shirt", "a {} top"),
    "stripes": ("a {} shirt with stripes", "a striped {} top"),
    "dots": ("a {} shirt with dots", "a dotted {} top"),
}
ACCESSORY_WORDS: dict[str, tuple[str, ...]] = {
    "none": ("no bag or scarf",),
    "scarf": ("a scarf", "a white scarf"),
    "satchel": ("a satchel", "a leather satchel"),
}
LANDMARK_WORDS: dict[str, tuple[str, str, str]] = {
    "harbour": ("lighthouse", "sailing boat", "crane"),
    "forest": ("cabin", "giant mushroom", "fallen log"),
    "street": ("clock tower", "tram", "café"),
    "kitchen": ("fridge", "stove", "table"),
    "library": ("globe", "grandfather clock", "armchair"),
    "desert": ("pyramid", "rock arch", "tent"),
    "mountain": ("chalet", "gondola", "windmill"),
    "market": ("stall", "fountain", "pumpkin cart"),
}
PROP_WORDS: dict[str, tuple[str, ...]] = {
    "none": ("nothing beside it", "no crates or plant"),
    "crates": ("some crates", "a stack of crates"),
    "plant": ("a potted plant", "a plant in a pot"),
}
WHO = _bank("someone|a person|a paper figure|somebody", "a paper person", "some figure")
DESCRIBED: dict[int, Bank] = {
    0: _bank("{who}|{who} from the town|{who} of paper", "{who} of the town", "{who} from paper"),
    1: _bank("{who} with {0}|{who} who has {0}", "{who} of the town with {0}", "{who} from the town who has {0}"),
    2: _bank(
        "{who} with {0} and {1}|{who} who has {0} and {1}|{who} with {0}, {1}",
        "{who} with {0}, and {1}",
        "{who} who has {0}, with {1}",
    ),
    3: _bank(
        "{who} with {0}, {1} and {2}|{who} who has {0}, {1} and {2}",
        "{who} with {0} and {1}, and {2}",
        "{who} who has {0} and {1}, with {2}",
    ),
}
FULL = _bank(
    "{size} of {place} {time}. {style}. {arrangement}. {people}. {plot}.|"
    "{place} {time}, in {style}. {arrangement}. {size}: {people}. {plot}.|"
    "{style}: {size}, {place} {time}. {people}. {plot}. {arrangement}.",
    "{place} {time}: {people}. {size}. {plot}. {arrangement}, in {style}.",
    "{time}, {place}: {arrangement}. {people}. {plot}. {size} in {style}.",
)
ARRANGED = _bank(
    "a {accent} {landmark} on the {side}, {prop}|on the {side} a {accent} {landmark}, with {prop}",
    "{prop}, a {accent} {landmark} on the {side}",
    "with {prop}, on the {side} a {accent} {landmark}",
)
ACTING = _bank(
    "{who} {action}, {expression}|{expression}, {who} {action}",
    "{who}, {expression}, {action}",
    "{who} {action} and {expression}",
)

"""Words for keyframes: from phrases that a CLIP chooses among, from a vision-language model, or none (by hand).

A captioner answers `caption(picture, people)` for a uint8 picture [H, W, 3] that shows so many known people. It has a
`fingerprint`, which names its kept answers. Models come from local folders of safetensors; nothing is downloaded.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from ..bundle import check_weights, file_hash
from ..errors import MovieDreamerError
from ..files import DAMAGED, json_object, ordinary_file
from ..script.source import parse
from ..sentences.clip import Clip
from ..threads import one_thread

TEXTS = ("place", "time", "plot", "style")
LISTS = ("elements", "actions", "expressions")
LONGEST = 300  # letters of one answer that enter a script
QUESTION = (
    "This is a frame of a film. Answer with one JSON object and nothing else: "
    '{"place": "where it is, in a few words", "time": "time of day", "plot": "what happens, in a few words", '
    '"elements": ["up to four things that belong to the place"], "style": "the style of the picture", '
    '"people": [{"action": "what the person does", "expression": "how the person looks"}]} '
    "with the people from left to right."
)


@dataclass(frozen=True)
class Caption:
    """What is said of a keyframe. `actions` and `expressions` are of its people from the left, as many as are known."""

    place: str = ""
    time: str = ""
    plot: str = ""
    style: str = ""
    elements: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Caption":
        """Raises MovieDreamerError for what is no caption."""
        try:
            texts: dict[str, Any] = {name: _text(values.get(name, "")) for name in TEXTS}
            for name in LISTS:
                texts[name] = tuple(_text(each) for each in values.get(name, ()))
        except DAMAGED as error:
            raise MovieDreamerError(f"a kept caption is damaged: {error}; remove the folder `work`") from error
        return cls(**texts)


class Captioner(Protocol):
    """What is needed of one."""

    fingerprint: str

    def caption(self, picture: np.ndarray, people: int) -> Caption: ...


@dataclass
class ByHand:
    """Says nothing: the words are for the artist to write."""

    fingerprint: str = "by hand"

    def caption(self, picture: np.ndarray, people: int) -> Caption:
        return Caption()


@dataclass
class ChosenPhrases:
    """For every field the phrase that a CLIP finds nearest. `phrases`: place, time, plot, style, action, expression,
    creature, each a list; what a file leaves out stays empty. Creatures are for who looks for them
    (`CreatureFinder`). Actions and expressions are chosen where one person is seen alone.
    """

    clip: Clip
    phrases: dict[str, tuple[str, ...]]
    fingerprint: str = ""
    _rows: dict[str, torch.Tensor] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, folder: Path, phrases: Path) -> "ChosenPhrases":
        """The CLIP of a folder and the phrases of a YAML or JSON file. Raises MovieDreamerError for bad ones."""
        clip = Clip.load(folder)
        chosen = read_phrases(phrases)
        return cls(clip, chosen, sha256(f"{clip.fingerprint}{sorted(chosen.items())}".encode()).hexdigest())

    def caption(self, picture: np.ndarray, people: int) -> Caption:
        seen = self.clip.images(torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255)[0]
        alone = people == 1
        texts: dict[str, Any] = {name: self._nearest(name, seen) for name in TEXTS}
        return Caption(
            **texts,
            actions=(self._nearest("action", seen),) if alone else (),
            expressions=(self._nearest("expression", seen),) if alone else (),
        )

    def _nearest(self, name: str, seen: torch.Tensor) -> str:
        known = self.phrases.get(name, ())
        if not known:
            return ""
        if name not in self._rows:
            self._rows[name] = self.clip.texts([text or "nothing" for text in known])
        return known[int((self._rows[name] @ seen).argmax())]


def read_phrases(path: Path) -> dict[str, tuple[str, ...]]:
    """The lists of a phrase file. Raises MovieDreamerError naming what is wrong in it."""
    known = ("place", "time", "plot", "style", "action", "expression", "creature")
    kind = "json" if path.suffix.lower() == ".json" else "yaml"
    values, _ = parse(ordinary_file(path, "phrases").read_text(encoding="utf-8"), kind)
    if not isinstance(values, dict) or not values:
        raise MovieDreamerError(f"{path}: expected lists of phrases under {', '.join(known)}")
    for name, texts in values.items():
        if name not in known or not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise MovieDreamerError(f"{path}: '{name}': expected a list of phrases under {', '.join(known)}")
    return {str(name): tuple(str(text) for text in texts) for name, texts in values.items()}


class VisionLanguage:
    """A vision-language model of transformers in a local folder (SmolVLM, Qwen-VL, LLaVA, ...), asked once a keyframe.

    It answers greedily. An answer that is no JSON object becomes the plot as it is.
    """

    def __init__(self, folder: Path, *, device: str = "cpu", longest: int = 220) -> None:
        check_weights(folder)
        try:
            self._processor: Any = AutoProcessor.from_pretrained(str(folder), local_files_only=True)
            model: Any = AutoModelForImageTextToText.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True
            )
        except (OSError, *DAMAGED, RuntimeError, ImportError) as error:
            raise MovieDreamerError(
                f"{folder}: cannot be loaded as a vision-language model: {error}; expected a whole folder of "
                "transformers: config.json, *.safetensors, the processor's and the tokenizer's files"
            ) from error
        self._model, self._device, self._longest = model.eval().to(device), device, longest
        files = sorted(each for each in folder.rglob("*") if each.is_file())
        self.fingerprint = sha256("".join([QUESTION, str(longest), *map(file_hash, files)]).encode()).hexdigest()

    @torch.no_grad()
    def caption(self, picture: np.ndarray, people: int) -> Caption:
        content = [{"type": "image", "image": Image.fromarray(picture)}, {"type": "text", "text": QUESTION}]
        inputs = self._processor.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        ).to(self._device)
        with one_thread():
            written = self._model.generate(**inputs, max_new_tokens=self._longest, do_sample=False)
        answer = written[:, inputs["input_ids"].shape[1] :]
        return read_answer(self._processor.batch_decode(answer, skip_special_tokens=True)[0])


def read_answer(text: str) -> Caption:
    """A model's answer as a caption."""
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        try:
            answer = json_object(text[start : end + 1], "the answer")
        except MovieDreamerError:
            return Caption(plot=_text(text))
        people = [each for each in _list(answer.get("people")) if isinstance(each, dict)]
        texts: dict[str, Any] = {name: _text(answer.get(name, "")) for name in TEXTS}
        return Caption(
            **texts,
            elements=tuple(_text(each) for each in _list(answer.get("elements"))[:4]),
            actions=tuple(_text(each.get("action", "")) for each in people),
            expressions=tuple(_text(each.get("expression", "")) for each in people),
        )
    return Caption(plot=_text(text))


def _text(value: object) -> str:
    """One line of printable letters, not too long."""
    line = " ".join(str(value).split()) if isinstance(value, str) else ""
    return "".join(sign for sign in line if sign.isprintable())[:LONGEST]


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()

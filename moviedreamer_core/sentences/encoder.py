"""One embedding for each sentence: a CLIP text tower behind a call that gives the same bytes every time.

Data contract: `encode` maps N sentences to float32 [N, W], each L2-normalised times sqrt(W) (unit variance in every
dimension); the empty sentence is all zeros, "nothing said". W is the tower's projection width (mini 128, SDXL's second
text encoder 1280). A folder holds `config.json` and `model.safetensors` of a CLIPTextModelWithProjection and, beside
them or in a folder `tokenizer`, the files of its tokenizer; `words.txt` lists the words a small bundle knows.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoTokenizer, CLIPTextModelWithProjection

from ..bundle import file_hash, load_model
from ..errors import MovieDreamerError
from ..threads import one_thread
from .vocabulary import WORDS_FILE, WordList, read_words

if TYPE_CHECKING:
    from transformers import CLIPTextModelWithProjection, PreTrainedTokenizerBase

CACHED_SENTENCES = 4096
TOKENIZER_FILES = ("tokenizer.json", "vocab.json")


class SentenceEncoder:
    """Sentences to embeddings. Sentences already encoded are remembered, the least recently used forgotten first."""

    def __init__(
        self,
        model: CLIPTextModelWithProjection,
        tokenizer: PreTrainedTokenizerBase,
        *,
        words: frozenset[str] | None = None,
        fingerprint: str = "",
    ) -> None:
        self.model = model.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self._words, self._fingerprint = words, fingerprint
        self._kept: OrderedDict[str, Tensor] = OrderedDict()

    @classmethod
    def load(cls, folder: Path | str) -> SentenceEncoder:
        """The encoder of a folder, in float32, from local safetensors only.

        Raises MovieDreamerError if the weights are not a CLIPTextModelWithProjection or the tokenizer does not fit.
        """
        folder = Path(folder)
        model = load_model(CLIPTextModelWithProjection, folder)
        tokenizer = load_tokenizer(folder)
        if len(tokenizer) > model.config.vocab_size:
            raise MovieDreamerError(
                f"{folder}: the tokenizer has {len(tokenizer)} pieces, the text tower {model.config.vocab_size}; "
                "use the tokenizer that came with these weights"
            )
        return cls(model, tokenizer, words=read_words(folder), fingerprint=_folder_hash(folder))

    @property
    def width(self) -> int:
        """W, the length of an embedding."""
        return int(self.model.config.projection_dim)

    @cached_property
    def fingerprint(self) -> str:
        """A hash (64 hex digits) over everything that decides an embedding: weights, configuration, tokenizer."""
        if self._fingerprint:
            return self._fingerprint
        digest = sha256(repr(sorted(self.tokenizer.get_vocab().items())).encode())
        for name, value in sorted(self.model.state_dict().items()):
            digest.update(name.encode() + value.detach().cpu().float().contiguous().numpy().tobytes())
        return digest.hexdigest()

    @property
    def known_words(self) -> frozenset[str] | None:
        """The words the tower was trained on; None where it was trained on the web and lists none."""
        return self._words

    def unknown_words(self, text: str) -> list[str]:
        """The words of the text that the tower has never read, in order, each once; [] for a tower without a list."""
        return WordList(self._words).unknown_words(text)

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Embeddings float32 [N, W] on the CPU. The bytes depend on the text alone: not on its neighbours in `texts`,
        on what was encoded before, or on the number of threads.

        Raises MovieDreamerError if the tower gives a value that is not finite.
        """
        if isinstance(texts, str):
            raise TypeError("encode takes a sequence of sentences, got one str: write encode([text])")
        return torch.stack([self._one(text) for text in texts]) if len(texts) else torch.zeros(0, self.width)

    @torch.no_grad()
    def encode_many(self, texts: Sequence[str], *, batch: int = 128) -> Tensor:
        """Like `encode` (equal to about 1e-5), but in batches: for training, where bytes do not matter."""
        unique = list(dict.fromkeys(clean(text) for text in texts))
        windows = {text: self._windows(text) for text in unique if text}
        short = sorted((text for text, ids in windows.items() if len(ids) == 1), key=lambda text: len(windows[text][0]))
        found = {text: self._one(text) for text in unique if text not in set(short)}
        for start in range(0, len(short), batch):
            chosen = short[start : start + batch]
            for text, row in zip(chosen, self._project([windows[text][0] for text in chosen]), strict=True):
                found[text] = scaled(row)
        return torch.stack([found[clean(text)] for text in texts]) if len(texts) else torch.zeros(0, self.width)

    def _one(self, text: str) -> Tensor:
        text = clean(text)
        if not text:
            return torch.zeros(self.width)
        if text in self._kept:
            self._kept.move_to_end(text)
            return self._kept[text]
        with torch.no_grad(), one_thread():
            row = scaled(torch.cat([self._project([ids]) for ids in self._windows(text)]).mean(0))
        if not torch.isfinite(row).all():
            raise MovieDreamerError(
                f"the text tower gave a value that is not a number for {text!r}: get its weights again"
            )
        self._kept[text] = row
        if len(self._kept) > CACHED_SENTENCES:
            self._kept.popitem(last=False)
        return row

    def _windows(self, text: str) -> list[list[int]]:
        """Token ids `[bos, ..., eos]`; the mean of its windows stands for a text longer than the tower reads."""
        room = min(self.model.config.max_position_embeddings, self.tokenizer.model_max_length)
        ids = self.tokenizer(text, truncation=False, verbose=False)["input_ids"]
        if len(ids) <= room:
            return [ids]
        inner, step = ids[1:-1], room - 2
        return [[ids[0], *inner[k : k + step], ids[-1]] for k in range(0, len(inner), step)]

    def _project(self, ids: list[list[int]]) -> Tensor:
        """Unit vectors float32 [N, W]. Attention is causal, so what is padded after eos changes nothing before it."""
        device = next(self.model.parameters()).device
        longest = max(len(row) for row in ids)
        padded = torch.tensor([row + [row[-1]] * (longest - len(row)) for row in ids], device=device)
        return F.normalize(self.model(input_ids=padded).text_embeds.float(), dim=-1).cpu()


def clean(text: str) -> str:
    """The text as it is encoded: white space at the ends and runs of it do not count."""
    return " ".join(text.split())


def scaled(rows: Tensor) -> Tensor:
    """Vectors [..., W] of any length to ones of length sqrt(W)."""
    return F.normalize(rows, dim=-1) * math.sqrt(rows.shape[-1])


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a text tower: files beside the weights or in a folder `tokenizer`, never from the network."""
    places = [place for place in (folder, folder / "tokenizer") if any((place / f).is_file() for f in TOKENIZER_FILES)]
    if not places:
        raise MovieDreamerError(f"{folder}: no tokenizer; expected tokenizer.json, or vocab.json and merges.txt, in it")
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(places[0]), local_files_only=True, use_fast=True)
        if not isinstance(tokenizer.model_max_length, int) or tokenizer.model_max_length < 3:
            raise ValueError(f"its longest text is {tokenizer.model_max_length!r} pieces")
    except Exception as error:
        raise MovieDreamerError(f"{places[0]}: the tokenizer cannot be read: {error}") from error
    return tokenizer


def _folder_hash(folder: Path) -> str:
    """A hash over the content of weights, configuration and tokenizer; the card does not count."""
    digest = sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name not in ("card.json", WORDS_FILE):
            digest.update(f"{file.relative_to(folder).as_posix()}:{file_hash(file)}\n".encode())
    return digest.hexdigest()

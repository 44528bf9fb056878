"""A small CLIP-style vocabulary of one's own: byte-level BPE pieces, lower-cased, and the list of words it has seen.

Data contract: `train_vocabulary` gives a `tokenizers.Tokenizer` whose encodings read `[bos, pieces..., eos]`; the ids
of the special tokens are 0 (pad), 1 (bos) and the last one (eos, so that both of transformers' pooling rules find it).
Every byte has a piece of its own, so no text is ever unencodable.
A *word* is a run of letters, digits and apostrophes, lower-cased.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer

from ..errors import MovieDreamerError

PAD, BOS, EOS = "<|pad|>", "<|startoftext|>", "<|endoftext|>"
MAX_PIECES = 4096
WORDS_FILE = "words.txt"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in order, lower-cased, repeats kept."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def known_words(texts: Iterable[str]) -> list[str]:
    """The sorted words of all texts, each once."""
    return sorted({word for text in texts for word in words_of(text)})


def read_words(folder: Path) -> frozenset[str] | None:
    """The words a bundle was trained on, or None where it lists none (CLIP's own vocabulary knows everything)."""
    path = folder / WORDS_FILE
    if not path.is_file():
        return None
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, ValueError) as error:
        raise MovieDreamerError(f"{path}: cannot be read as a list of words: {error}; get it again") from error


@dataclass(frozen=True)
class WordList:
    """The words that a bundle was trained on; None where it lists none and knows them all."""

    words: frozenset[str] | None

    def unknown_words(self, text: str) -> list[str]:
        """The words of the text that are not in the list, in order, each once; no list, no numbers."""
        if self.words is None:
            return []
        return [word for word in dict.fromkeys(words_of(text)) if word not in self.words and not word.isdigit()]


def train_vocabulary(texts: Iterable[str], pieces: int = MAX_PIECES) -> Tokenizer:
    """A byte-level BPE tokenizer of at most `pieces` pieces trained on the texts; any text can be encoded with it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = BpeTrainer(
        vocab_size=pieces - 1,
        min_frequency=2,
        special_tokens=[PAD, BOS],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(EOS, special=True)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}", special_tokens=[(token, tokenizer.token_to_id(token)) for token in (BOS, EOS)]
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path, *, longest: int) -> None:
    """Writes tokenizer.json and tokenizer_config.json, which AutoTokenizer of transformers 4.57 and 5.x reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": PAD,
        "model_max_length": longest,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def save_words(words: Iterable[str], folder: Path) -> None:
    """Writes words.txt, one known word a line."""
    (folder / WORDS_FILE).write_text("\n".join(words) + "\n", encoding="utf-8")

"""Tensors somebody else saved, read one at a time: a 7B model passes through in the memory of its largest tensor."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..bundle import check_weights
from ..errors import MovieDreamerError
from ..files import DAMAGED, ordinary_file, read_json

INDEX = ".safetensors.index.json"
UNUSED = ("position_ids", "inv_freq", "rotary_emb.inv_freq", "logit_scale")
"""Ends of names that old files hold and today's classes make themselves."""

Read = Callable[[], Tensor]


class Weights:
    """The tensors below a place: a .safetensors file, or a folder with one, or with shards and their index.

    Where a folder holds the same weights twice (`model.safetensors`, `model.fp16.safetensors`), those without a variant
    in their name count. Raises MovieDreamerError for pickled, missing, damaged or ambiguous files.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        if place.is_dir():
            check_weights(place)
        else:
            ordinary_file(place, "weights")
            if place.suffix != ".safetensors":
                raise MovieDreamerError(f"{place}: expected a .safetensors file; pickled weights are never opened")
        self._where: dict[str, Path] = {}
        for file in self.files:
            for name in _names(file):
                if name in self._where:
                    raise MovieDreamerError(f"{place}: {name} is in {self._where[name].name} and in {file.name}")
                self._where[name] = file

    @property
    def files(self) -> list[Path]:
        """The files that count, sorted."""
        if self.place.is_file():
            return [self.place]
        indices = sorted(self.place.glob(f"*{INDEX}"), key=lambda file: len(file.name))
        if indices:
            mapped = read_json(indices[0]).get("weight_map")
            if not isinstance(mapped, dict):
                raise MovieDreamerError(f"{indices[0]}: says of no weight in which file it is; get it again")
            files = sorted({self.place / Path(str(name)).name for name in mapped.values()})
            return [ordinary_file(file, "a shard of these weights") for file in files]
        files = sorted(self.place.glob("*.safetensors"))
        plain = [file for file in files if "." not in file.stem]
        chosen = plain or files
        if len(chosen) != 1:
            found = ", ".join(file.name for file in files) or "none"
            raise MovieDreamerError(
                f"{self.place}: expected one .safetensors file or shards with an index, found {found}; name the file "
                "itself, or a folder that holds nothing else"
            )
        return chosen

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def reader(self, name: str) -> Read:
        """A function that reads one tensor."""
        file = self._where[name]

        def read() -> Tensor:
            try:
                with safe_open(str(file), framework="pt") as opened:
                    return opened.get_tensor(name)
            except (OSError, SafetensorError, *DAMAGED) as error:
                raise MovieDreamerError(f"{file}: {name} cannot be read: {error}; get it again") from error

        return read

    def below(self, *prefixes: str, into: str = "") -> dict[str, Read]:
        """Readers of the tensors whose names begin with the first of the prefixes that any has, under `into` and the
        rest of their name.
        """
        for prefix in prefixes:
            found = {
                into + name.removeprefix(prefix): self.reader(name)
                for name in self
                if name.startswith(prefix) and not name.endswith(UNUSED)
            }
            if found:
                return found
        return {}


def readers(state: Mapping[str, Tensor], into: str = "") -> dict[str, Read]:
    """Readers of tensors that are in memory already."""
    return {into + name: (lambda value=value: value) for name, value in state.items()}  # type: ignore[misc]


def _names(file: Path) -> list[str]:
    try:
        with safe_open(str(file), framework="pt") as opened:
            return list(opened.keys())
    except (OSError, SafetensorError, *DAMAGED) as error:
        raise MovieDreamerError(f"{file}: cannot be read as weights: {error}; get it again") from error

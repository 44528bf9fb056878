"""Damage with a sense of structure, for benchmarks/fuzz.py: trees, texts, bytes and safetensors files.

Everything is drawn from the `Random` that is given: the same seed damages alike.
"""

import copy
import io
import json
import struct
import zipfile
from hashlib import sha256
from random import Random
from typing import Any

import torch
from safetensors.torch import load, save

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**400, 0.1, -0.0, 1e308, float("inf"), float("-inf"),
    float("nan"), "", " ", "0", "x" * 300, "x" * 5000, "\0", "\ud800", "é日本\u202e", "[/b]", "<<", "---", "{}", "null",
    "../../etc/passwd", "/dev/zero", "C:\\x", "http://127.0.0.1/x", "concat:a|b", "NaN", "1e999", [], {}, [[]], [{}],
    [None], {"": ""}, {"id": None}, ["a"] * 300, [0] * 40, [[1, 2], [3]],
)  # fmt: skip
_NAMES = (
    "../out.png", "../../etc/passwd", "/etc/passwd", "C:\\x.png", "a/../../b", "film.yaml", "FILM.YAML", "x\\..\\y",
    "..", ".", "a" * 250, "é\u202e.png", "files", "takes.json", "artefact.json", "objects/keyframe/x/y",
    "files/a/b/c.png",
)  # fmt: skip
WORDS = (
    "title", "scenes", "shots", "size", "wide", "two-shot", "characters", "id", "mara", "seconds", "fps", "aspect",
    "keyframes", "join: continue", "transition: fade", "decoder: ink", "audio", "references", "- ", ": ", "{", "}", "[",
    "]", "'", '"', "&a ", "*a", "!!python/name:os.system ", "<<: ", "|\n  ", ">-\n ", "? ", "# ", "---\n", "...\n",
    "%YAML 9.9\n", "\t", "\r\n", "\ufeff", "\u2028", "\x00", "\x1b[31m", "1e999", ".inf", ".nan", "0x10", "1_000", "~",
)  # fmt: skip


def tree(rng: Random, value: Any) -> Any:
    """A JSON value with one to four changes: values replaced, taken away, doubled, moved, nested."""
    root = [copy.deepcopy(value)]
    for _ in range(rng.randint(1, 4)):
        places = list(_places(root))
        part, key = rng.choice(places[1:] or places)
        _change(rng, part, key, places)
    return root[0]


def _places(part: Any) -> Any:
    keys = range(len(part)) if isinstance(part, list) else list(part)
    for key in keys:
        yield part, key
        if isinstance(part[key], list | dict):
            yield from _places(part[key])


def _change(rng: Random, part: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    kind = rng.randrange(8)
    if kind == 0 and len(part) > 1:
        del part[key]
    elif kind == 1:
        other, place = rng.choice(places)
        part[key] = copy.deepcopy(other[place])
    elif kind == 2 and isinstance(part[key], list) and part[key]:
        part[key] = part[key] * rng.choice((2, 3, 40))
    elif kind == 3 and isinstance(part, dict):
        part[rng.choice([*map(str, HOSTILE[17:30]), "id", "extra", "shots"])] = part.pop(key)
    elif kind == 4 and type(part[key]) in (int, float) and abs(part[key]) < 1e300:
        part[key] = rng.choice((-part[key], part[key] * 1000, part[key] + 1, part[key] / 3, str(part[key])))
    elif kind == 5:
        part[key] = [part[key]] if rng.random() < 0.5 else {"x": part[key]}
    else:
        part[key] = copy.deepcopy(rng.choice(HOSTILE))


def json_text(rng: Random, value: Any) -> str:
    """A damaged JSON text: mostly of a damaged tree, now and then damaged as a text, or nested without end."""
    if rng.random() < 0.03:
        return rng.choice(("[", '{"a":', "[1,")) * 100_000
    made = json.dumps(tree(rng, value))
    return text(rng, made) if rng.random() < 0.25 else made


def zipped(rng: Random, source: bytes, about: str, listed: str) -> bytes:
    """A zip with one to three entries damaged, renamed or taken away; mostly `about`, its JSON, lists under `listed`
    the size and SHA-256 of what is there then.
    """
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    whole = json.loads(entries.pop(about))
    for _ in range(rng.randint(0, 3)):
        name = rng.choice(sorted(entries))
        content = entries.pop(name)
        kind = rng.randrange(3)
        if kind == 0:
            other = rng.choice(_NAMES)
            entries[other if rng.random() < 0.5 else f"{name.rpartition('/')[0]}/{other}"] = content
        elif kind == 1:
            entries[name] = text(rng, content.decode("latin-1")).encode("latin-1", "replace")
        if not entries:
            entries[name] = content
    if rng.random() < 0.8:
        whole[listed] = {name: (len(content), sha256(content).hexdigest()) for name, content in entries.items()}
    written = json.dumps(whole) if rng.random() < 0.4 else json_text(rng, whole)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, content in {**entries, about: written.encode("utf-8", "surrogatepass")}.items():
            archive.writestr(name, content)
    return stream.getvalue()


def text(rng: Random, source: str) -> str:
    """A text with one to six changes: pieces cut out, doubled or swapped, letters changed, words put in."""
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(source) + 1)
        end = min(len(source), at + rng.choice((1, 1, 2, 5, 40)))
        kind = rng.randrange(6)
        if kind == 0:
            source = source[:at] + source[end:]
        elif kind == 1:
            source = source[:at] + source[at:end] * rng.choice((2, 3, 50)) + source[end:]
        elif kind == 2:
            source = source[:at] + chr(rng.choice((rng.randrange(128), rng.randrange(0xD7FF)))) + source[at + 1 :]
        elif kind == 3:
            lines = source.split("\n")
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
            source = "\n".join(lines)
        else:
            source = source[:at] + rng.choice(WORDS) + source[at:]
    return source


def raw(rng: Random, source: bytes) -> bytes:
    """Bytes with one to eight changes: flips, runs of zeros or noise, pieces cut out or doubled, numbers made huge."""
    data = bytearray(source)
    for _ in range(rng.randint(1, 8)):
        if not data:
            return b""
        near = rng.random() < 0.6  # the head is where the structure is
        at = rng.randrange(min(len(data), 400) if near else len(data))
        end = min(len(data), at + rng.choice((1, 2, 4, 8, 64, 1000)))
        kind = rng.randrange(7)
        if kind < 2:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at:end] = rng.choice((b"\0", b"\xff", b"\x7f")) * (end - at)
        elif kind == 3:
            data[at:end] = rng.randbytes(end - at)
        elif kind == 4:
            del data[at : rng.choice((end, len(data)))]
        elif kind == 5:
            data[at:at] = data[at:end] * rng.choice((1, 2, 20))
        else:
            data[at : at + 4] = struct.pack(rng.choice("<>") + "I", rng.choice((0, 1, 2**16, 2**31 - 1, 2**32 - 1)))
    return bytes(data)


def safetensors(rng: Random, source: bytes, key: str) -> bytes:
    """A safetensors file whose JSON under `key`, tensors, header or bytes are damaged."""
    kind = rng.randrange(5)
    if kind == 0:
        return raw(rng, source)
    length = struct.unpack("<Q", source[:8])[0]
    header = json.loads(source[8 : 8 + length])
    if kind == 1:
        return _packed(json_text(rng, header).encode("utf-8", "surrogatepass"), source[8 + length :])
    about = header.get("__metadata__", {}).get(key, "{}")
    if kind == 2:
        return save(_tensors(rng, load(source)), {key: about})
    known = json.loads(about) if about[:1] in ("{", "[") else {"format": about}
    header.setdefault("__metadata__", {})[key] = json_text(rng, known)
    return _packed(json.dumps(header).encode(), source[8 + length :])


def _packed(header: bytes, rest: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + rest


def _tensors(rng: Random, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tensors of which one is gone, renamed, of another type or shape, or holds what is not a number."""
    name = rng.choice(sorted(tensors)) if tensors else "x"
    value = tensors.pop(name, torch.ones(1))
    kind = rng.randrange(7)
    if kind == 0:
        return tensors
    if kind == 1:
        value = value.flatten()
    elif kind == 2:
        value = value.to(rng.choice((torch.int64, torch.float16, torch.float64, torch.bool, torch.bfloat16)))
    elif kind == 3:
        value = torch.full_like(value.float(), rng.choice((float("nan"), float("inf"), 1e38))).to(value.dtype)
    elif kind == 4:
        value = torch.zeros(rng.choice(((0,), (0, 3), (1, 0, 4), (1, 1, 1, 1, 1), ())))
    elif kind == 5:
        value = value[..., :1]
    else:
        name = rng.choice(("", "x", "../x", "00000.tokens", "99999.tokens"))
    return {**tensors, name: value.contiguous().clone()}

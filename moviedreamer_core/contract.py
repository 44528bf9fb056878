"""What every decoder and animator must keep, as a check that any package can run in its own tests.

    from moviedreamer_core.contract import check_decoder
    check_decoder(my_factory, bundle)

Raises MovieDreamerError that says which promise is broken; returns nothing. It loads the maker and draws a few small
results, so give it weights that are quick.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from .bundle import Bundle
from .errors import MovieDreamerError
from .film.asking import CLIP_VALUES, KEYFRAME_VALUES
from .film.results import checked_clip, checked_keyframe
from .media.stills import save_picture
from .progress import SILENT
from .registry import Animator, Capabilities, Decoder, Factory
from .requests import ClipRequest, KeyframeRequest, Reference
from .store import content_hash
from .tokenizer import Tokens

SIDES = (64, 32)
FRAMES, FPS = 5, 4


class StoppedError(BaseException):
    """What a host raises to stop work; not an Exception, as ComfyUI's is not, so that nothing swallows it."""


class Stopping:
    """A progress that stops at its first check."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, note: str = "", preview: object = None) -> None: ...

    def check(self) -> None:
        raise StoppedError


def check_decoder(factory: Factory[Decoder], bundle: Bundle) -> None:
    """Raise MovieDreamerError unless the decoder keeps its promises: it is what its factory says, draws what is asked,
    the same for the same request, asks whether to stop, and says what it reads by names that exist.
    """
    decoder, can = factory.load(bundle), factory.capabilities(bundle)
    _check_factory(factory, bundle, decoder.fingerprint, can, set(KEYFRAME_VALUES))
    fingerprint, count, width = can.tokens or ("", 2, 8)
    values = torch.randn(1, count or 2, width or 8, generator=torch.Generator().manual_seed(0))
    size = can.size or (bundle.info.render_size if can.values is None else SIDES)
    with TemporaryDirectory() as folder:
        request = KeyframeRequest(
            Tokens(values, fingerprint), prompt="a harbour", sentence="a harbour", size=size, seed=3,
            references=_references(Path(folder)) if can.references else (),
        )  # fmt: skip

        def draw() -> Tensor:
            return checked_keyframe(decoder.decode(request, SILENT), request, can, factory.name)

        _check_repeats(factory.name, draw)
        _check_stops(factory.name, lambda: decoder.decode(request, Stopping()))


def check_animator(factory: Factory[Animator], bundle: Bundle) -> None:
    """Raise MovieDreamerError unless the animator keeps its promises: those of a decoder, as many frames as asked, and
    a first frame that is the keyframe or the frame that the shot goes on from.
    """
    animator, can = factory.load(bundle), factory.capabilities(bundle)
    _check_factory(factory, bundle, animator.fingerprint, can, set(CLIP_VALUES))
    width, height = can.size or SIDES
    pictures = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    for start in (None, pictures[1]):
        request = ClipRequest(
            pictures[0], FRAMES, FPS, prompt="waves", sentence="a woman waves", start_frame=start, seed=3
        )

        def draw(request: ClipRequest = request) -> Tensor:
            return checked_clip(animator.animate(request, SILENT), request, can, factory.name).frames

        frames = _check_repeats(factory.name, draw)
        first = pictures[0] if start is None else start
        if can.values is None and not torch.equal(frames[0].float().cpu(), first):
            wanted = "the keyframe" if start is None else "the frame that the shot goes on from"
            raise MovieDreamerError(f"'{factory.name}': the first frame is not {wanted}")
        _check_stops(factory.name, lambda request=request: animator.animate(request, Stopping()))  # type: ignore[misc]


def _references(folder: Path) -> tuple[Reference, ...]:
    """The picture of a place."""
    path = folder / "harbour.png"
    save_picture(torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(1)), path)
    return (Reference("place", "harbour", path, content_hash(path)),)


def _check_factory(factory: Factory[Any], bundle: Bundle, fingerprint: str, can: Capabilities, known: set[str]) -> None:
    if factory.fingerprint(bundle) != fingerprint:
        raise MovieDreamerError(
            f"'{factory.name}': its factory says fingerprint {factory.fingerprint(bundle)!r}, what it loads says "
            f"{fingerprint!r}: a store would take one for the other"
        )
    if factory.fingerprint(bundle) != factory.fingerprint(bundle) or not fingerprint:
        raise MovieDreamerError(f"'{factory.name}': its fingerprint changes or is empty; expected its weights' hash")
    if can.values is not None and not can.values <= known:
        raise MovieDreamerError(
            f"'{factory.name}' says that it reads {', '.join(sorted(can.values - known))}; expected some of "
            f"{', '.join(sorted(known))}"
        )


def _check_repeats(name: str, draw: Callable[[], Tensor]) -> Tensor:
    first = draw()
    if not torch.equal(first, draw()):
        raise MovieDreamerError(f"'{name}': the same request gave two results: take all noise from the request's seed")
    return first


def _check_stops(name: str, draw: Callable[[], object]) -> None:
    try:
        draw()
    except StoppedError:
        return
    raise MovieDreamerError(f"'{name}' never asks whether to stop: call `progress.check()` at every step")

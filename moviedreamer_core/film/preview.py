"""What tokens alone say: pictures drawn from them without any character, over the store."""

from pathlib import Path

from ..bundle import Bundle
from ..media.stills import save_picture
from ..planner.plan import tokens_digest
from ..progress import SILENT, Progress
from ..registry import Decoder, Factory
from ..requests import KeyframeRequest
from ..store import Store
from ..tokenizer import Tokens
from .session import Checks

STAGE = "preview"


def preview_tokens(
    tokens: Tokens, maker: Factory[Decoder], bundle: Bundle, store: Store, *, progress: Progress = SILENT
) -> list[Path]:
    """A picture file at the render size for each keyframe of `tokens` [N, T, D], drawn with the seed 0.

    Raises MovieDreamerError naming both tokenizers if the decoder reads tokens of another one.
    """
    progress.stage(STAGE, len(tokens.values))
    files = []
    for row in tokens.values:
        progress.check()
        one = Tokens(row[None], tokens.fingerprint)

        def make(path: Path, one: Tokens = one) -> None:
            request = KeyframeRequest(one, size=bundle.info.render_size)
            image = maker.load(bundle).decode(request, Checks(progress))
            save_picture(image, path)

        inputs = {
            "version": 1,
            "decoder": [maker.name, maker.fingerprint(bundle)],
            "text": bundle.fingerprint("text") if bundle.has("text") else "",
            "tokens": [tokens.fingerprint, tokens_digest(row)],
            "size": list(bundle.info.render_size),
        }
        files.append(store.fetch(STAGE, inputs, ".png", make, check=progress.check).path)
        progress.advance(preview=files[-1])
    return files

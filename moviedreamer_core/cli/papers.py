"""What a film says of how it was made: options of `film` and `animatic`, and `moviedreamer verify`."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MovieDreamerError

if TYPE_CHECKING:
    from ..film.artefacts import Clip, Keyframe
    from ..film.session import FilmSession
    from ..papers.certificates import Certificate
    from ..papers.provenance import Provenance

Seal = Callable[[Path], object]


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `verify`."""
    parser = commands.add_parser("verify", help="look at a signed film: who signed it, what made it, is it unchanged")
    parser.add_argument("file", type=Path, metavar="FILE", help="an MP4, GIF or PNG")
    parser.add_argument("--trust", type=Path, metavar="PEM", help="authorities whose signers you trust")
    parser.add_argument("--json", action="store_true", help="everything that it says, as JSON")
    parser.set_defaults(run=_verify)


def add_paper_options(parser: argparse.ArgumentParser) -> None:
    """The options of a film's papers."""
    parser.add_argument("--credits", type=float, nargs="?", const=4.0, metavar="SECONDS",
                        help="end with a card of the engines, licences and attributions (for 4 s)")  # fmt: skip
    parser.add_argument("--sign", type=Path, nargs=2, metavar=("CERTIFICATE", "KEY"),
                        help="sign film and contact sheet (C2PA): chain of certificates and key, PEM")  # fmt: skip
    parser.add_argument("--sign-test", action="store_true", help="sign with a test certificate, which nobody trusts")
    parser.add_argument("--tell-prompts", action="store_true", help="put each shot's sentence into its papers too")
    parser.add_argument("--private", action="store_true",
                        help="the film file itself says its title alone: no script, seeds, choices, takes")  # fmt: skip


@dataclass(frozen=True)
class Papers:
    """What was asked for, looked at before the work: a certificate that cannot sign is refused then."""

    certificate: "Certificate | None"
    credits: float | None
    tell_prompts: bool
    private: bool

    def made_of(
        self, session: "FilmSession", keyframes: "Sequence[Keyframe]", clips: "Sequence[Clip]", options: Any
    ) -> "Provenance":
        """What the film is made of."""
        from ..papers.provenance import provenance_of
        from ..preflight import Engine

        speakers = [Engine(options.speaker)] if options.speaker else []
        return provenance_of(session, clips, keyframes, audio=options.audio, speakers=speakers)

    def joining(self, session: "FilmSession", made: "Provenance") -> dict[str, Any]:
        """What the credits add to how the film is joined."""
        from ..papers.card import stored_card

        if self.credits is None:
            return {}
        return {"credits": stored_card(session, made), "credits_seconds": self.credits}

    def prompts(self, session: "FilmSession") -> dict[str, str]:
        """Each shot's sentence, if they may be known."""
        from ..film.asking import sentence_of

        return {shot.id: sentence_of(shot, worded=True) for shot in session.shots} if self.tell_prompts else {}

    def seal(self, made: "Provenance", kind: str, prompts: dict[str, str]) -> Seal | None:
        """What signs a file of a kind, None where nothing is signed."""
        from ..papers.signing import seal

        certificate = self.certificate
        return (lambda path: seal(path, kind, made, certificate, prompts)) if certificate else None

    def tags(self, session: "FilmSession", carried: dict[str, str] | None) -> dict[str, str | None] | None:
        """What the film file says beside what is joined into it."""
        from ..film.making import film_metadata

        if self.private:
            return {name: None for name in film_metadata(session) if name != "title"}
        return {**carried} if carried else None


def papers_of(options: argparse.Namespace) -> Papers:
    """What is asked for. Raises MovieDreamerError for what cannot be signed, or a certificate that cannot sign."""
    from ..film.making import format_of
    from ..papers.certificates import own_certificate, test_certificate

    if options.sign and options.sign_test:
        raise MovieDreamerError("--sign and --sign-test: expected one of them")
    certificate = own_certificate(*options.sign) if options.sign else None
    certificate = test_certificate() if options.sign_test else certificate
    if certificate and format_of(options.output, options.format) == "png":
        raise MovieDreamerError("a folder of pictures cannot be signed: write MP4 or GIF, or leave --sign out")
    return Papers(certificate, options.credits, options.tell_prompts, options.private)


def _verify(options: argparse.Namespace) -> int:
    from ..papers.sidecar import verify_sidecar
    from ..papers.signing import verify

    found = verify(options.file, options.trust)
    changed = verify_sidecar(options.file)
    if options.json:
        said = {"state": found.state, "signer": found.signer, "digital_source_type": found.source_type}
        sys.stdout.write(json.dumps({**said, "wrong": [*found.wrong, *changed], "said": found.claims}, indent=1) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in [*found.lines(options.file.name), *changed]))
    return 0 if found.good and not changed else 1

"""A film or a picture signed by C2PA, offline, and a signed one looked at (c2pa-python, `moviedreamer[papers]`).

The signed file plays as before: its papers lie in a box of their own. They say that trained models made it, which, and
nothing of its words or pictures. No time stamp is asked for: a reader judges by the certificate's own dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..atomic import replacing
from ..errors import MovieDreamerError
from ..files import ordinary_file
from ..script.formats.common import needed
from .certificates import TEST_NAME, Certificate, read_pem
from .sidecar import claims_of

if TYPE_CHECKING:  # what a film is made of is known only by who makes films
    from .provenance import Provenance

LABEL = "org.moviedreamer.film"
KINDS = {".mp4": "video/mp4", ".png": "image/png", ".gif": "image/gif"}
MOST_BYTES = 64_000
"""Of what the papers add to a file."""
OFFLINE = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
}


@dataclass(frozen=True)
class Verdict:
    """What a file's papers are worth. `state`: none (it has none), invalid (it was changed, or the papers were), valid
    (unchanged since the signer signed it), trusted (and the signer is somebody whom the reader trusts).
    """

    state: str
    signer: str = ""
    test: bool = False
    source_type: str = ""
    claims: Mapping[str, Any] | None = None
    wrong: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the file is as its signer left it."""
        return self.state in ("valid", "trusted")

    def lines(self, name: str) -> Iterator[str]:
        """The verdict in words; `name` is the file's."""
        if self.state == "none":
            yield f"{name}: carries no papers: who made it is not said, and whether it was changed cannot be known"
            return
        words = {
            "trusted": f"unchanged since {self.signer} signed it, whom you trust",
            "valid": f"unchanged since it was signed by somebody who says to be {self.signer!r}"
            + (": a test, which proves nothing of who" if self.test else "; not checked: give --trust"),
        }
        yield f"{name}: {words.get(self.state, 'CHANGED, or its papers are not what was signed')}"
        yield from (f"  {row}" for row in self.wrong)
        if self.good:
            yield f"  {self.source_type.rpartition('/')[2]}"
            for engine in (self.claims or {}).get("engines", []):
                licences = "; ".join(engine.get("licences", [])) or "no weights"
                yield f"  {engine.get('role')}: {engine.get('title')}, {engine.get('made')} ({licences})"


def seal(
    path: Path, kind: str, made: Provenance, certificate: Certificate, prompts: Mapping[str, str] | None = None
) -> int:
    """Sign the file at `path` in its place; bytes that it grew by. `kind` is the ending that says what it is (".mp4").

    Raises MovieDreamerError for other kinds, a certificate that C2PA does not take, or papers that are too large.
    """
    c2pa = _library()
    if kind not in KINDS:
        raise MovieDreamerError(
            f"a film as {kind or 'a folder of pictures'} cannot be signed; expected MP4, GIF or PNG"
        )
    try:
        info = c2pa.C2paSignerInfo(certificate.algorithm, certificate.chain, certificate.key, None)
        with replacing(path, durable=False) as part, path.open("rb") as source, part.open("w+b") as target:
            with (
                c2pa.Signer.from_info(info) as signer,
                c2pa.Builder(_manifest(made, kind, prompts), _context()) as made_by,
            ):
                made_by.sign(signer, KINDS[kind], source, target)
            grown = part.stat().st_size - path.stat().st_size
            if grown > MOST_BYTES:
                raise MovieDreamerError(
                    f"{path.name}: its papers have {grown:,} bytes; at most {MOST_BYTES:,}: leave the prompts out"
                )
    except c2pa.C2paError as error:
        raise MovieDreamerError(
            f"{path.name}: cannot be signed: {error}. Expected a certificate for signing (emailProtection or "
            "documentSigning) with the chain of those who issued it"
        ) from error
    return grown


def verify(path: Path, trust: Path | None = None) -> Verdict:
    """Look at a file's papers; `trust` is a PEM file of authorities whose signers are trusted. Nothing is fetched."""
    c2pa = _library()
    kind = KINDS.get(ordinary_file(path, "a signed film").suffix.lower())
    if kind is None:
        raise MovieDreamerError(f"{path}: expected a film or picture: {', '.join(KINDS)}")
    anchors = read_pem(trust, "authorities that are trusted").decode("utf-8", "replace") if trust else ""
    try:
        with path.open("rb") as file, c2pa.Reader(kind, file, None, _context(anchors)) as reader:
            return _verdict(reader)
    except c2pa.C2paError as error:
        if "ManifestNotFound" in type(error).__name__ or "no JUMBF" in str(error):
            return Verdict("none")
        return Verdict("invalid", wrong=(str(error),))


def _manifest(made: Provenance, kind: str, prompts: Mapping[str, str] | None) -> dict[str, Any]:
    name, _, number = made.software.partition(" ")
    created = {"action": "c2pa.created", "digitalSourceType": made.source_type}
    return {
        "claim_generator_info": [{"name": name, "version": number or __version__}],
        "title": made.title,
        "format": KINDS[kind],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": LABEL, "data": claims_of(made, prompts)},
        ],
    }


def _verdict(reader: Any) -> Verdict:
    manifest = reader.get_active_manifest() or {}
    results = (reader.get_validation_results() or {}).get("activeManifest", {})
    said = {row["label"]: row.get("data") for row in manifest.get("assertions", [])}
    actions = (said.get("c2pa.actions.v2") or {}).get("actions", [])
    signer = manifest.get("signature_info", {})
    name = str(signer.get("common_name") or signer.get("issuer") or "")
    wrong = [f"{row['code']}: {row.get('explanation', '')}" for row in results.get("failure", [])]
    return Verdict(
        state=str(reader.get_validation_state()).lower(),
        signer=name,
        test=TEST_NAME in name,
        source_type=next((str(action.get("digitalSourceType", "")) for action in actions), ""),
        claims=said.get(LABEL),
        wrong=tuple(row for row in wrong if not row.startswith("signingCredential.untrusted")),
    )


def _context(anchors: str = "") -> Any:
    c2pa = _library()
    trusted = {"trust": {"user_anchors": anchors}} if anchors else {}
    return c2pa.Context(c2pa.Settings.from_dict({**OFFLINE, **trusted}))


def _library() -> Any:
    return needed("c2pa", "a signature", "papers")

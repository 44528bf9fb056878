"""Who signs a film: a certificate and its key from two PEM files, or one made for this run that nobody trusts.

A certificate for C2PA is one for signing documents (extended key usage emailProtection or documentSigning), issued by
somebody: a certificate that signed itself is refused by every reader. Keys are read and never written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..errors import MovieDreamerError
from ..files import ordinary_file
from ..script.formats.common import needed

TEST_NAME = "MovieDreamer test certificate, not trusted"
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
MOST_BYTES = 1_000_000


@dataclass(frozen=True, repr=False)
class Certificate:
    """A chain of certificates, the signer's first, and the signer's key, both PEM; `algorithm` as C2PA names it."""

    chain: bytes
    key: bytes
    algorithm: str


def own_certificate(chain: Path, key: Path) -> Certificate:
    """A certificate from its files. Raises MovieDreamerError if they cannot be read, do not belong together, are out of
    date, or the key is locked by a password.
    """
    x509, load = needed("cryptography.x509", "a signature", "papers"), _serialization().load_pem_private_key
    texts = read_pem(chain, "a certificate"), read_pem(key, "a private key")
    try:
        first = x509.load_pem_x509_certificates(texts[0])[0]
    except ValueError as error:
        raise MovieDreamerError(f"{chain}: holds no certificate (PEM, -----BEGIN CERTIFICATE-----): {error}") from error
    try:
        private = load(texts[1], password=None)
    except (TypeError, ValueError) as error:
        raise MovieDreamerError(
            f"{key}: cannot be read as a private key: {error}; expected PEM (-----BEGIN PRIVATE KEY-----) without a "
            "password"
        ) from error
    if _public(private.public_key()) != _public(first.public_key()):
        raise MovieDreamerError(f"{key}: is not the key of {chain}: expected the private key of its first certificate")
    now = datetime.now(UTC)
    if not first.not_valid_before_utc <= now <= first.not_valid_after_utc:
        raise MovieDreamerError(
            f"{chain}: is valid from {first.not_valid_before_utc:%Y-%m-%d} to {first.not_valid_after_utc:%Y-%m-%d}, "
            "not today: get a new one"
        )
    return Certificate(texts[0], _pem(private), _algorithm(private, key))


def test_certificate() -> Certificate:
    """A certificate made now, by an authority made now, both named `TEST_NAME`; nobody trusts it, and its key is
    forgotten with this process.
    """
    ec = needed("cryptography.hazmat.primitives.asymmetric.ec", "a signature", "papers")
    authority, signer = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _issued("authority", authority, authority, is_authority=True)
    leaf = _issued("signer", signer, authority, is_authority=False)
    pem = _serialization().Encoding.PEM
    return Certificate(leaf.public_bytes(pem) + root.public_bytes(pem), _pem(signer), "es256")


def _issued(name: str, key: Any, by: Any, *, is_authority: bool) -> Any:
    x509 = needed("cryptography.x509", "a signature", "papers")
    hashes = needed("cryptography.hazmat.primitives.hashes", "a signature", "papers")
    now = datetime.now(UTC)
    uses = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False
    )  # fmt: skip
    uses |= {"digital_signature": not is_authority, "key_cert_sign": is_authority, "crl_sign": is_authority}
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(x509, name))
        .issuer_name(_named(x509, "authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.KeyUsage(**uses), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not is_authority:
        signing = x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION
        made = made.add_extension(x509.ExtendedKeyUsage([signing]), critical=False)
    return made.sign(by, hashes.SHA256())


def _named(x509: Any, name: str) -> Any:
    oid = x509.oid.NameOID
    return x509.Name(
        [
            x509.NameAttribute(oid.COMMON_NAME, f"{TEST_NAME} ({name})"),
            x509.NameAttribute(oid.ORGANIZATION_NAME, TEST_NAME),
        ]
    )


def _algorithm(key: Any, file: Path) -> str:
    kind = type(key).__name__.lower()
    if "rsa" in kind:
        return "ps256"
    if "ed25519" in kind:
        return "ed25519"
    curve = getattr(getattr(key, "curve", None), "name", "")
    if curve in CURVES:
        return CURVES[curve]
    raise MovieDreamerError(f"{file}: C2PA knows no keys of this kind; expected P-256, P-384, P-521, Ed25519 or RSA")


def read_pem(file: Path, what: str) -> bytes:
    """The content of a PEM file. Raises MovieDreamerError if it cannot be read or is none by its size."""
    if ordinary_file(file, what).stat().st_size > MOST_BYTES:
        raise MovieDreamerError(f"{file}: is too large for {what}; expected a PEM file")
    try:
        return file.read_bytes()
    except OSError as error:
        raise MovieDreamerError(f"{file}: cannot be read as {what}: {error}") from error


def _serialization() -> Any:
    return needed("cryptography.hazmat.primitives.serialization", "a signature", "papers")


def _pem(key: Any) -> bytes:
    form = _serialization()
    return bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))


def _public(key: Any) -> bytes:
    form = _serialization()
    return bytes(key.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo))

"""Keys, public and secret, and their forms on the wire and at rest.

A key's *type* decides the algorithm, always: RSA signs with PKCS#1 v1.5 and SHA-256, Ed25519 as itself.  What a message says about
algorithms can only be a reason to refuse it.  Nothing here prints a secret key: its repr is empty, its PEM leaves by `secret_pem` alone.
"""

from dataclasses import dataclass, field
from typing import Final, final

import base58
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from fediverse_circle.core.errors import Unauthenticated

SMALLEST_RSA: Final = 2048
LARGEST_RSA: Final = 8192  # checking a signature of a longer key costs more than a stranger may ask of us
_LONGEST_TEXT: Final = 16_384  # base58 is decoded in quadratic time
_PADDING, _HASH = padding.PKCS1v15(), hashes.SHA256()
_ED25519_CODE, _RSA_CODE = b"\xed\x01", b"\x85\x24"  # multicodec ed25519-pub and rsa-pub, as varints


class UnusableKey(Unauthenticated):
    """No key that could vouch for anything: not a key, too short, or of another kind."""

    sentence = "The public key cannot be used."


@final
@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA public key of a length that is worth checking."""

    native: RSAPublicKey

    def __post_init__(self) -> None:
        if not SMALLEST_RSA <= self.native.key_size <= LARGEST_RSA:
            raise UnusableKey(f"An RSA key must have {SMALLEST_RSA} to {LARGEST_RSA} bits.")

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the secret half of this key signed the message."""
        try:
            self.native.verify(signature, message, _PADDING, _HASH)
        except InvalidSignature:
            return False
        return True


@final
@dataclass(frozen=True, slots=True)
class Ed25519Key:
    """An Ed25519 public key."""

    native: Ed25519PublicKey

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the secret half of this key signed the message."""
        try:
            self.native.verify(signature, message)
        except InvalidSignature:
            return False
        return True


PublicKey = RsaKey | Ed25519Key


@final
@dataclass(frozen=True, slots=True, eq=False)
class RsaSecretKey:
    """The secret half of an RSA key."""

    native: RSAPrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """The signature over the message; 0.2 ms, during which other threads run."""
        return self.native.sign(message, _PADDING, _HASH)

    def public(self) -> RsaKey:
        """The half that may be shown."""
        return RsaKey(self.native.public_key())


@final
@dataclass(frozen=True, slots=True, eq=False)
class Ed25519SecretKey:
    """The secret half of an Ed25519 key."""

    native: Ed25519PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """The signature over the message."""
        return self.native.sign(message)

    def public(self) -> Ed25519Key:
        """The half that may be shown."""
        return Ed25519Key(self.native.public_key())


SecretKey = RsaSecretKey | Ed25519SecretKey


def generate_rsa() -> RsaSecretKey:
    """A new RSA-2048 key; 20 to 50 ms of CPU."""
    return RsaSecretKey(generate_private_key(public_exponent=65537, key_size=2048))


def generate_ed25519() -> Ed25519SecretKey:
    """A new Ed25519 key."""
    return Ed25519SecretKey(Ed25519PrivateKey.generate())


def public_key_from_pem(text: str) -> PublicKey:
    """The key in an actor's `publicKeyPem`; 3 us, and the answer may be kept."""
    if len(text) > _LONGEST_TEXT:
        raise UnusableKey
    try:
        return _known(load_pem_public_key(text.encode("ascii")))
    except (ValueError, UnsupportedAlgorithm) as trouble:
        raise UnusableKey from trouble


def public_key_from_multibase(text: str) -> PublicKey:
    """The key in an actor's `publicKeyMultibase` (FEP-521a)."""
    if not text.startswith("z") or len(text) > _LONGEST_TEXT // 8:
        raise UnusableKey
    try:
        decoded = base58.b58decode(text[1:].encode("ascii"))
        code, rest = decoded[:2], decoded[2:]
        if code == _ED25519_CODE:
            return Ed25519Key(Ed25519PublicKey.from_public_bytes(rest))
        if code == _RSA_CODE:
            return _known(load_der_public_key(rest))
    except (ValueError, UnsupportedAlgorithm) as trouble:
        raise UnusableKey from trouble
    raise UnusableKey


def pem(key: PublicKey) -> str:
    """The key as an actor's `publicKeyPem`."""
    return key.native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def multibase(key: PublicKey) -> str:
    """The key as an actor's `publicKeyMultibase` (FEP-521a)."""
    match key:
        case Ed25519Key(native):
            return _multibase(_ED25519_CODE + native.public_bytes_raw())
        case RsaKey(native):
            return _multibase(_RSA_CODE + native.public_bytes(Encoding.DER, PublicFormat.PKCS1))


def secret_pem(key: SecretKey) -> str:
    """The secret key as it is kept: for the table of secret keys, and nothing else."""
    return key.native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def secret_key_from_pem(text: str) -> SecretKey:
    """The secret key that was kept as this text.  ValueError, without the text, if it is none of ours."""
    try:
        native = load_pem_private_key(text.encode("ascii"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("this is not a secret key") from None
    if isinstance(native, RSAPrivateKey):
        return RsaSecretKey(native)
    if isinstance(native, Ed25519PrivateKey):
        return Ed25519SecretKey(native)
    raise ValueError("this is not a secret key of a kind that we use")


def _multibase(coded: bytes) -> str:
    return "z" + base58.b58encode(coded).decode("ascii")


def _known(native: object) -> PublicKey:
    if isinstance(native, RSAPublicKey):
        return RsaKey(native)
    if isinstance(native, Ed25519PublicKey):
        return Ed25519Key(native)
    raise UnusableKey("Only RSA and Ed25519 keys can be used.")

"""Proofs over JSON: canonical bytes, digests, keys as `did:key`, and FEP-8b32 proofs with the suite `eddsa-jcs-2022`.

Values in, values out: nothing here knows of circles, actors or HTTP, and checking never needs the network.  A check answers yes or no; who asks
says which rule is broken.  Private words are never proved with this: what is signed can be shown to anybody for ever.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import base58
import rfc8785

from fediverse_circle.signing.keys import Ed25519Key, Ed25519SecretKey, UnusableKey, multibase, public_key_from_multibase

_SUITE: Final = "eddsa-jcs-2022"
_FIXED: Final = {"type": "DataIntegrityProof", "cryptosuite": _SUITE, "proofPurpose": "assertionMethod"}
_SHA256: Final = b"\x12\x20"  # multihash: this function, 32 bytes
_DID: Final = "did:key:"
_LONGEST_SIGNATURE: Final = 90  # 64 bytes in base58, with the z; base58 is decoded in quadratic time


class NotCanonical(ValueError):
    """The value has no canonical form: not JSON, a number out of range, a lone surrogate."""


def canonical(value: object) -> bytes:
    """The one way to write a JSON value (RFC 8785)."""
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # whatever is not JSON raises
    except (ValueError, RecursionError) as error:
        raise NotCanonical("This value cannot be written as canonical JSON.") from error


def digest(value: object) -> str:
    """The SHA-256 of a JSON value, as a multihash in base58: `zQm…`."""
    return digest_of_bytes(canonical(value))


def digest_of_bytes(data: bytes) -> str:
    """The SHA-256 of bytes, as a multihash in base58: `zQm…`."""
    return "z" + base58.b58encode(_SHA256 + hashlib.sha256(data).digest()).decode("ascii")


def hash_of(document: Mapping[str, object]) -> str:
    """The name of a signed document: the digest of what its proof is over."""
    return digest(_unsigned(document))


def did_key(key: Ed25519Key) -> str:
    """An Ed25519 key as a `did:key`."""
    return _DID + multibase(key)


@lru_cache(maxsize=4096)
def key_of_did(did: str) -> Ed25519Key | None:
    """The Ed25519 key that a `did:key` is; None if it is none."""
    if not did.startswith(_DID):
        return None
    try:
        key = public_key_from_multibase(did.removeprefix(_DID))
    except UnusableKey:
        return None
    return key if isinstance(key, Ed25519Key) else None


def sign_value(value: object, key: Ed25519SecretKey) -> str:
    """A bare signature over a JSON value, in base58: how a person key binds a circle key, and a new key shows that it is held."""
    return _base58(key.sign(canonical(value)))


def verify_value(value: object, signature: str, did: str) -> bool:
    """Whether the key of this `did:key` made this signature over this JSON value."""
    return _verifies(canonical(value), signature, did)


def sign_document(document: Mapping[str, object], key: Ed25519SecretKey, method: str, created: str) -> dict[str, object]:
    """The document with its proof.  `method` names the key, `created` the time; a context of the document is repeated in the proof."""
    unsigned = _unsigned(document)
    context = {"@context": unsigned["@context"]} if "@context" in unsigned else {}
    options: dict[str, object] = {**context, **_FIXED, "verificationMethod": method, "created": created}
    return {**unsigned, "proof": {**options, "proofValue": _base58(key.sign(_hashed(options, unsigned)))}}


def verify_document(document: Mapping[str, object], did: str) -> bool:
    """Whether the proof is over this document, and by the key of this `did:key`.

    That the proof *names* this key, and what else it may hold, is for the asker to see to.
    """
    proof = document.get("proof")
    if not isinstance(proof, dict) or any(proof.get(name) != value for name, value in _FIXED.items()):
        return False
    if proof.get("@context") != document.get("@context"):
        return False
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    try:
        return _verifies(_hashed(options, _unsigned(document)), proof.get("proofValue"), did)
    except NotCanonical:
        return False


def _unsigned(document: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in document.items() if name != "proof"}


def _hashed(options: Mapping[str, object], document: Mapping[str, object]) -> bytes:
    return hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(document)).digest()


def _base58(signature: bytes) -> str:
    return "z" + base58.b58encode(signature).decode("ascii")


def _verifies(message: bytes, signature: object, did: str) -> bool:
    key = key_of_did(did)
    if key is None or not isinstance(signature, str) or not signature.startswith("z") or len(signature) > _LONGEST_SIGNATURE:
        return False
    try:
        return key.verifies(base58.b58decode(signature[1:]), message)
    except ValueError:
        return False

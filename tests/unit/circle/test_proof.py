"""Canonical JSON, digests and proofs, held against the vectors of those who specified them."""

import json
import re
from pathlib import Path
from typing import Any

import base58
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fediverse_circle.signing import Ed25519SecretKey, generate_ed25519, multibase, public_key_from_multibase
from fediverse_circle.signing.proof import (
    NotCanonical,
    canonical,
    did_key,
    digest,
    hash_of,
    key_of_did,
    sign_document,
    sign_value,
    verify_document,
    verify_value,
)
from fediverse_circle.vocab.circle.forms import strict_json

VECTORS = Path(__file__).parents[2] / "vectors"
FEATURE = (VECTORS / "fep" / "fep-8b32.feature").read_text()
DOCUMENTS = [json.loads(text) for text in re.findall(r'"""(.*?)"""', FEATURE, re.DOTALL)]
UNSIGNED, SIGNED, SIGNED_AGAIN, ACTOR = DOCUMENTS
SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
DID = "did:key:" + ACTOR["assertionMethod"][0]["publicKeyMultibase"]


def feps_secret() -> Ed25519SecretKey:
    return Ed25519SecretKey(Ed25519PrivateKey.from_private_bytes(base58.b58decode(SECRET[1:])[2:]))


@pytest.mark.parametrize("name", sorted(path.name for path in (VECTORS / "jcs" / "input").iterdir()))
def test_canonical_json_is_that_of_rfc_8785(name: str) -> None:
    given = strict_json((VECTORS / "jcs" / "input" / name).read_bytes())
    assert canonical(given) == (VECTORS / "jcs" / "output" / name).read_bytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\udfff": 1}, 1 << 53, -(1 << 53), {1: 2}, object()])
def test_what_has_no_canonical_form_is_not_written(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_the_proof_of_the_proposal_is_made_and_verified() -> None:
    made = sign_document(UNSIGNED, feps_secret(), SIGNED["proof"]["verificationMethod"], SIGNED["proof"]["created"])
    assert made == SIGNED
    assert verify_document(SIGNED_AGAIN, DID)


def altered() -> list[Any]:
    """The signed document, changed in one place each."""
    proof = SIGNED["proof"]
    changes: list[dict[str, object]] = [
        {"actor": "https://server.example/users/mallory"},
        {"more": 1},
        {"proof": None},
        {"proof": {**proof, "created": "2023-02-24T23:36:39Z"}},
        {"proof": {**proof, "more": 1}},
        {"proof": {**proof, "cryptosuite": "eddsa-rdfc-2022"}},
        {"proof": {**proof, "proofPurpose": "authentication"}},
        {"proof": {**proof, "type": "Ed25519Signature2020"}},
        {"proof": {**proof, "@context": "https://w3id.org/security/data-integrity/v2"}},
        {"proof": {**proof, "proofValue": proof["proofValue"][:-1]}},
        {"proof": {**proof, "proofValue": "z" + "1" * 64}},
        {"proof": {**proof, "proofValue": "z" + "0" * 64}},
        {"proof": {**proof, "proofValue": proof["proofValue"][1:]}},
        {"proof": {**proof, "proofValue": 7}},
        {"proof": {**proof, "created": "\ud800"}},
    ]
    return [{**SIGNED, **change} for change in changes]


@pytest.mark.parametrize("document", altered())
def test_an_altered_document_or_proof_does_not_verify(document: dict[str, object]) -> None:
    assert not verify_document(document, DID)


@pytest.mark.parametrize("did", [did_key(generate_ed25519().public()), "did:key:z", "did:web:server.example", "", DID + "1", DID[:-1]])
def test_it_verifies_for_no_other_key(did: str) -> None:
    assert not verify_document(SIGNED, did)


def test_a_key_is_written_as_the_proposal_writes_it() -> None:
    feature = (VECTORS / "fep" / "fep-521a.feature").read_text()
    written = re.findall(r'"publicKeyMultibase": "(z6Mk[^"]+)"', feature)[0]
    hexadecimal = re.findall(r'Ed25519 public key as a hex string "([0-9a-f]+)"', feature)[0]
    key = public_key_from_multibase(written)
    assert key.native.public_bytes_raw().hex() == hexadecimal  # type: ignore[call-arg]
    assert multibase(key) == written
    assert key_of_did(f"did:key:{written}") == key


def test_a_key_of_another_kind_is_no_did_key_of_ours() -> None:
    feature = (VECTORS / "fep" / "fep-521a.feature").read_text()
    rsa = re.findall(r'"publicKeyMultibase": "(z4MX[^"]+)"', feature)[0]
    assert key_of_did(f"did:key:{rsa}") is None


def test_a_bare_signature_is_over_its_value_and_by_its_key() -> None:
    secret, value = generate_ed25519(), {"type": "KeyBinding", "person": "x"}
    did, signature = did_key(secret.public()), sign_value(value, secret)
    assert verify_value(value, signature, did)
    assert not verify_value({**value, "person": "y"}, signature, did)
    assert not verify_value(value, signature, did_key(generate_ed25519().public()))


def test_the_name_of_a_document_leaves_its_proof_out() -> None:
    assert hash_of(SIGNED) == hash_of(UNSIGNED) == digest(UNSIGNED)
    assert digest(SIGNED) != digest(UNSIGNED)
    assert digest({}) == "zQmSvPd3sHK7iWgZuW47fyLy4CaZQe2DwxvRhrJ39VpBVMK"

"""Keys: what is one, how it is written, and that the secret half never shows."""

import copy
import pickle
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_der_public_key
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.signing import (
    Ed25519Key,
    Ed25519SecretKey,
    RsaKey,
    RsaSecretKey,
    UnusableKey,
    generate_ed25519,
    generate_rsa,
    multibase,
    pem,
    public_key_from_multibase,
    public_key_from_pem,
    secret_key_from_pem,
    secret_pem,
)

from .cast import VECTORS, secret

FEATURE = (VECTORS / "fep" / "fep-521a.feature").read_text()
HEX = re.findall(r'hex string "([0-9a-f]+)"', FEATURE)
MULTIBASE = re.findall(r'"publicKeyMultibase": "(z[^"]+)"', FEATURE)
SPKI = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_an_ed25519_key_is_written_as_fep_521a_writes_it() -> None:
    key = public_key_from_multibase(MULTIBASE[0])
    assert isinstance(key, Ed25519Key)
    assert key.native.public_bytes_raw().hex() == HEX[0]
    assert multibase(key) == MULTIBASE[0]


def test_an_rsa_key_is_written_as_fep_521a_writes_it() -> None:
    key = public_key_from_multibase(MULTIBASE[1])
    assert isinstance(key, RsaKey)
    assert key == RsaKey(load_der_public_key(bytes.fromhex(HEX[1])))  # type: ignore[arg-type]
    assert multibase(key) == MULTIBASE[1]


@pytest.mark.parametrize("key", [secret(), generate_ed25519()], ids=["rsa", "ed25519"])
def test_a_key_survives_every_form_it_is_written_in(key: RsaSecretKey | Ed25519SecretKey) -> None:
    assert public_key_from_pem(pem(key.public())) == key.public()
    assert public_key_from_multibase(multibase(key.public())) == key.public()
    again = secret_key_from_pem(secret_pem(key))
    assert type(again) is type(key)
    assert key.public().verifies(again.sign(b"words"), b"words")
    assert not key.public().verifies(again.sign(b"words"), b"other words")
    assert not key.public().verifies(b"", b"words")


def test_an_rsa_key_in_its_older_form_is_read() -> None:
    older = secret().native.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert public_key_from_pem(older) == secret().public()


def test_new_keys_are_rsa_2048_and_ed25519_and_new() -> None:
    assert generate_rsa().native.key_size == 2048
    assert multibase(generate_ed25519().public()).startswith("z6Mk")
    assert multibase(generate_ed25519().public()) != multibase(generate_ed25519().public())


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_rsa_key_is_refused_in_every_form(bits: int) -> None:
    native = generate_private_key(65537, bits).public_key()
    with pytest.raises(UnusableKey):
        public_key_from_pem(native.public_bytes(*SPKI).decode())
    with pytest.raises(UnusableKey):
        RsaKey(native)


def test_keys_of_other_kinds_are_refused() -> None:
    others = [ec.generate_private_key(ec.SECP256R1()), x25519.X25519PrivateKey.generate(), dsa.generate_private_key(1024)]
    for other in others:
        with pytest.raises(UnusableKey):
            public_key_from_pem(other.public_key().public_bytes(*SPKI).decode())
        with pytest.raises(ValueError, match="kind"):
            secret_key_from_pem(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "é", "\ud800", "A" * 100_000])
def test_what_is_no_key_is_unusable(text: str) -> None:
    with pytest.raises(UnusableKey):
        public_key_from_pem(text)
    with pytest.raises(UnusableKey):
        public_key_from_multibase(text)
    with pytest.raises(UnusableKey):
        public_key_from_multibase("z" + text)
    with pytest.raises(ValueError, match="not a secret key"):
        secret_key_from_pem(text)


def test_a_private_key_is_no_public_key() -> None:
    with pytest.raises(UnusableKey):
        public_key_from_pem(secret_pem(secret()))


@given(
    st.one_of(
        st.text(max_size=200), st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=100).map("z6Mk".__add__)
    )
)
def test_any_text_is_a_key_or_unusable(text: str) -> None:
    for read in (public_key_from_pem, public_key_from_multibase):
        try:
            read(text)
        except UnusableKey:
            continue


@pytest.mark.parametrize("key", [secret(), generate_ed25519()], ids=["rsa", "ed25519"])
def test_a_secret_key_shows_nothing(key: RsaSecretKey | Ed25519SecretKey) -> None:
    assert repr(key) == str(key) == f"{key}" == f"{type(key).__name__}()"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    broken = secret_pem(key).replace("MII", "MIX").replace("MC4", "MX4")
    with pytest.raises(ValueError, match="not a secret key") as caught:
        secret_key_from_pem(broken)
    assert caught.value.__cause__ is None
    assert copy.copy(key).native is key.native

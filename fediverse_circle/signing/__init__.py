"""Who vouches for these bytes: HTTP signatures, in and out, and the keys they are made with.

Here is checking and signing: no I/O, no clock, no memory.  Finding a key, knowing its owner, remembering what was seen: `federation`.
"""

from fediverse_circle.signing.cavage import http_date, sign_cavage
from fediverse_circle.signing.claim import Claim, Malformed, Request, Scheme, WrongKey
from fediverse_circle.signing.keys import (
    Ed25519Key,
    Ed25519SecretKey,
    PublicKey,
    RsaKey,
    RsaSecretKey,
    SecretKey,
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
from fediverse_circle.signing.rfc9421 import sign_rfc9421
from fediverse_circle.signing.verdict import LONGEST_WINDOW, Signed, parse, verify

__all__ = [
    "LONGEST_WINDOW",
    "Claim",
    "Ed25519Key",
    "Ed25519SecretKey",
    "Malformed",
    "PublicKey",
    "Request",
    "RsaKey",
    "RsaSecretKey",
    "Scheme",
    "SecretKey",
    "Signed",
    "UnusableKey",
    "WrongKey",
    "generate_ed25519",
    "generate_rsa",
    "http_date",
    "multibase",
    "parse",
    "pem",
    "public_key_from_multibase",
    "public_key_from_pem",
    "secret_key_from_pem",
    "secret_pem",
    "sign_cavage",
    "sign_rfc9421",
    "verify",
]

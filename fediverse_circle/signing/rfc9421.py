"""RFC 9421, HTTP message signatures, by the library http-message-signatures: what we demand of them, and how we sign.

The library reads no clock and no body here: time is judged in `verdict`, by the clock passed in, the digest before the key is known.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, final

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    MappingKeyResolver,
    algorithms,
)

from fediverse_circle.core.errors import Unauthenticated
from fediverse_circle.core.urls import Url
from fediverse_circle.signing.claim import SEAL, Claim, Fields, Malformed, Request, Scheme, demand, moment, only, plain_key_id
from fediverse_circle.signing.digest import CONTENT_TYPE, check_content_digest, dictionary
from fediverse_circle.signing.keys import Ed25519Key, Ed25519SecretKey, PublicKey, RsaKey, RsaSecretKey, SecretKey

_PARAMETERS: Final = frozenset({"created", "keyid", "expires", "alg", "nonce"})
_ALGORITHMS: Final = frozenset({"rsa-v1_5-sha256", "ed25519"})
_LABEL: Final = "sig1"


@final
@dataclass(frozen=True, slots=True)
class Lines:
    """Header lines in the form that the library reads."""

    lines: tuple[tuple[str, str], ...]

    def items(self) -> Iterable[tuple[str, str]]:
        """Name and value of each line, in order."""
        return self.lines


@final
@dataclass(frozen=True, slots=True)
class Message:
    """A signed request in the form that the library reads.  Its URL comes from our configuration."""

    method: str
    url: str = field(repr=False)
    headers: Lines = field(repr=False)
    key_id: str
    target: str = field(repr=False)

    def vouched(self, key: PublicKey) -> str | None:
        """The target, if the key vouches for it."""
        verifier = _Verifier(
            signature_algorithm=_algorithm(key), key_resolver=MappingKeyResolver(public_keys={self.key_id: key.native}, private_keys={})
        )
        try:
            verifier.verify(self, max_age=None, require_components=("@method", "@target-uri"))
        except (HTTPMessageSignaturesException, ValueError):
            return None
        return self.target


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        """Left to `verdict`, which is given the time."""


def read(request: Request, fields: Fields) -> Claim:
    """What `Signature-Input` and `Signature` claim."""
    label, (components, parameters) = _only_input(fields)
    signature = _only_signature(fields, label)
    covered = _covered(components)
    demand(covered, "@method", "@target-uri")
    if request.digest_demanded():
        demand(covered, "content-digest")
    if "content-digest" in covered:
        check_content_digest(only(fields, "content-digest"), request.body)
    if not _PARAMETERS.issuperset(parameters):  # a tag, for one: the signature was made for some other purpose than this
        raise Unauthenticated("The signature has parameters that we do not take.")
    if parameters.get("alg", "ed25519") not in _ALGORITHMS:  # 1
        raise Unauthenticated("Only rsa-v1_5-sha256 and ed25519 are taken.")
    key_id, created, expires = parameters.get("keyid"), parameters.get("created"), parameters.get("expires")
    if type(key_id) is not str or type(created) is not int or type(expires) not in (int, type(None)):
        raise Malformed("A signature needs keyid and created, a text and a number.")
    url = f"{request.addressed(fields)}{request.target}"
    return Claim(
        Scheme.RFC9421,
        plain_key_id(key_id),
        covered,
        moment(created),
        moment(expires) if isinstance(expires, int) else None,
        signature,
        request,
        Message(request.method, url, Lines(request.headers), key_id, request.target),
        seal=SEAL,
    )


def sign_rfc9421(secret: SecretKey, key_id: str, method: str, url: Url, body: bytes | None, now: datetime) -> dict[str, str]:
    """The headers that sign this request, to be sent exactly so: `@method @target-uri`, with a body `content-digest`.

    Asked for must be `url.target`, unchanged; signed anew for each attempt and each hop.
    """
    headers = {"Host": url.origin.authority} | ({"Content-Type": CONTENT_TYPE} if body is not None else {})
    signer = HTTPMessageSigner(
        signature_algorithm=_algorithm(secret), key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: secret.native})
    )
    signer.sign(
        _Outgoing(method, f"{url.origin}{url.target}", headers),
        key_id=key_id,
        created=now,
        label=_LABEL,
        include_alg=False,  # the key says it
        covered_component_ids=("@method", "@target-uri"),
        body=body,
    )
    return headers


@dataclass(frozen=True, slots=True)
class _Outgoing:
    method: str
    url: str
    headers: dict[str, str]  # the library writes into it


def _algorithm(key: PublicKey | SecretKey) -> type[HTTPSignatureAlgorithm]:
    match key:  # 1
        case RsaKey() | RsaSecretKey():
            return algorithms.RSA_V1_5_SHA256
        case Ed25519Key() | Ed25519SecretKey():
            return algorithms.ED25519


def _only_input(fields: Fields) -> tuple[str, tuple[list[Any], dict[Any, Any]]]:
    """The one member of `Signature-Input`: its label, the components and the parameters (6)."""
    match list(dictionary("Signature-Input", only(fields, "signature-input")).items()):
        case [(str(label), (list(components), dict(parameters)))]:
            return label, (components, parameters)
        case [_]:
            raise Malformed("The header Signature-Input is malformed.")
        case _:
            raise Unauthenticated("A request bears one signature.")


def _only_signature(fields: Fields, label: str) -> bytes:
    match list(dictionary("Signature", only(fields, "signature")).items()):
        case [(same, (bytes(signature), _))] if same == label and signature:
            return signature
        case [_]:
            raise Malformed("The headers Signature and Signature-Input do not belong together.")
        case _:
            raise Unauthenticated("A request bears one signature.")


def _covered(components: list[Any]) -> frozenset[str]:
    """The names of what is covered; taken whole or not at all: `;sf`, `;key`, `;req` are refused."""
    names = [name for name, parameters in components if type(name) is str and not parameters]
    if len(names) != len(components):
        raise Unauthenticated("The signature covers components in a form that we do not take.")
    if len(set(names)) != len(names):
        raise Malformed("The signature names a component twice.")
    return frozenset(names)

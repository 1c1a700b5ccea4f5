"""Two opinions on the same bytes: ours, and that of programs that share no line with ours."""

import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver, algorithms
from hypothesis import given, settings
from hypothesis import strategies as st

from fediverse_circle.core.urls import parse_origin, parse_url
from fediverse_circle.signing import Request, generate_ed25519, http_date, parse, pem, secret_pem, sign_cavage, sign_rfc9421, verify
from fediverse_circle.signing.cavage import signing_string

from .cast import HERE, HOUR, KEY_ID, NOW, digest_of, httpsig, secret

PATH = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789-._~!$&'()*+,;=:@/%", max_size=40).map("/".__add__)
QUERY = st.one_of(st.just(""), st.text("abcdefABC0123456789-._~=&%/?", min_size=1, max_size=40).map("?".__add__))
WHEN = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(lambda when: when.replace(microsecond=0))
BODY = st.binary(max_size=200)
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30).map(str.strip)
HOST = st.sampled_from(["v.example", "v.example:8443", "a.b.example", "xn--bcher-kva.example"])


@given(HOST, PATH, QUERY, WHEN, st.one_of(st.none(), BODY))
@settings(max_examples=60, deadline=None)
def test_the_oracle_takes_what_we_sign(host: str, path: str, query: str, when: datetime, body: bytes | None) -> None:
    url = parse_url(f"https://{host}{path}{query}")
    method = "GET" if body is None else "POST"
    headers = sign_cavage(secret(), KEY_ID, method, url, body, when)
    needed = ["(request-target)", "host", "date"] + ([] if body is None else ["digest", "content-type"])
    oracle = httpsig().HeaderVerifier(headers, pem(secret().public()), needed, method, url.target, sign_header="signature")
    assert oracle.auth_dict["algorithm"] == "rsa-sha256"
    assert oracle.verify()
    for part in (path + query + "x", "/"):
        if part != url.target:
            assert not httpsig().HeaderVerifier(headers, pem(secret().public()), needed, method, part, sign_header="signature").verify()


@given(HOST, PATH, QUERY, WHEN, BODY, st.sampled_from(["GET", "POST"]), VALUE, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_we_take_what_the_oracle_signs(
    host: str, path: str, query: str, when: datetime, body: bytes, method: str, agent: str, order: object
) -> None:
    body = body if method == "POST" else b""
    url = parse_url(f"https://{host}{path}{query}")
    names = ["(request-target)", "host", "date", "user-agent", *(["digest"] if method == "POST" else [])]
    order.shuffle(names)  # type: ignore[attr-defined]
    sent = {"Host": host, "Date": http_date(when), "User-Agent": agent, "Digest": digest_of(body)}
    signer = httpsig().HeaderSigner(KEY_ID, secret_pem(secret()), "rsa-sha256", names, sign_header="signature")
    headers = signer.sign(sent, method=method, path=url.target)
    request = Request(method, url.target, tuple(headers.items()), body, (parse_origin(f"https://{host}"),))
    assert verify(parse(request), secret().public(), when, HOUR).complete


@given(
    st.dictionaries(st.sampled_from(["date", "digest", "x-note", "content-type", "accept"]), VALUE),
    PATH,
    QUERY,
    st.sampled_from(["GET", "post", "Put"]),
)
def test_signing_strings_are_the_oracles(headers: dict[str, str], path: str, query: str, method: str) -> None:
    names = ("(request-target)", *headers)
    theirs = httpsig().utils.generate_message(list(names), headers, None, method, path + query)
    assert signing_string(names, method, path + query, {name: (value,) for name, value in headers.items()}, {}) == theirs


@pytest.mark.parametrize("key", [secret(), generate_ed25519()], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("body", [None, b"", b'{"type":"Create"}'])
def test_the_rfc_9421_library_takes_what_we_sign_and_so_do_we(key: object, body: bytes | None) -> None:
    now = datetime.now(UTC)
    url = parse_url("https://v.example/users/mia/inbox?a=1")
    method = "GET" if body is None else "POST"
    headers = sign_rfc9421(key, KEY_ID, method, url, body, now)  # type: ignore[arg-type]
    algorithm = algorithms.ED25519 if "Ed25519" in type(key).__name__ else algorithms.RSA_V1_5_SHA256
    public = key.public()  # type: ignore[attr-defined]
    resolver = MappingKeyResolver(public_keys={KEY_ID: public.native}, private_keys={})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=resolver).verify(
            SimpleNamespace(method=method, url=str(url), headers=headers),
            max_age=HOUR,
            body=body,
            require_components=("@method", "@target-uri"),
        )
    assert len(found) == 1
    request = Request(method, url.target, tuple(headers.items()), body or b"", (HERE,))
    assert verify(parse(request), public, now, HOUR).complete
    assert verify(parse(request), public, now + timedelta(minutes=30), HOUR).complete
    for changed in (
        replace(request, target="/users/mia/inbox"),
        replace(request, target="/users/mia/inbox?a=2"),
        replace(request, method="PUT"),
    ):
        with pytest.raises(Exception, match=r"fit the key|must cover"):
            verify(parse(changed), public, now, HOUR)


def test_the_oracle_is_no_verifier_and_ours_is() -> None:
    """The flaw that keeps httpsig out of the path: whoever knows the public key signs for it."""
    text = pem(secret().public())
    headers = (
        httpsig()
        .HeaderSigner(KEY_ID, text, "hmac-sha256", ["date"], sign_header="signature")
        .sign({"date": "Fri, 20 Nov 2026 18:00:00 GMT"})
    )
    assert httpsig().HeaderVerifier(headers, text, sign_header="signature").verify()
    request = Request("POST", "/inbox", (*headers.items(), ("Host", "v.example")), b"{}", (HERE,))
    with pytest.raises(Exception, match="rsa-sha256 and hs2019"):
        verify(parse(request), secret().public(), NOW, HOUR)

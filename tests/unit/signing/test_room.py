"""The room itself: what only its makers can make, what is never shown, and that nothing rests on an assertion."""

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fediverse_circle.signing as room
from fediverse_circle.core.errors import Invalid, Unauthenticated
from fediverse_circle.core.urls import parse_url
from fediverse_circle.signing import Claim, Malformed, Request, Scheme, Signed, WrongKey, parse, sign_cavage, verify

from .cast import COMPONENTS, CREATED, HERE, HOUR, KEY_ID, NOW, POST, cavage, header, judged, rfc9421, secret, with_header

SOURCES = sorted(Path(room.__file__).parent.glob("*.py"))


def test_only_verify_makes_a_signed() -> None:
    for seal in (None, object(), True):
        with pytest.raises(TypeError, match="only verify"):
            Signed("k", "POST", "/inbox", b"", complete=True, fingerprint=b"", until=NOW, seal=seal)
    with pytest.raises((TypeError, ValueError)):
        replace(judged(cavage(), secret().public()), key_id="https://e.example/k")


def test_only_parse_makes_a_claim() -> None:
    claim = parse(cavage())
    with pytest.raises(TypeError, match="only parse"):
        Claim(Scheme.CAVAGE, "k", frozenset(), NOW, None, b"", claim.request, claim.proof, seal=object())
    with pytest.raises((TypeError, ValueError)):
        replace(claim, key_id="https://e.example/k")


def test_a_claim_says_what_it_is() -> None:
    one, other = parse(cavage()), parse(rfc9421())
    assert (one.scheme, one.key_id, one.covered, one.created, one.expires) == (Scheme.CAVAGE, KEY_ID, frozenset(POST), NOW, None)
    assert (other.scheme, other.key_id, other.created) == (Scheme.RFC9421, KEY_ID, NOW)
    assert other.covered == {component.strip('"') for component in COMPONENTS}


def test_a_malformed_signature_is_invalid_and_a_wrong_key_is_unauthenticated() -> None:
    assert issubclass(Malformed, Invalid)
    assert issubclass(WrongKey, Unauthenticated)
    assert issubclass(room.UnusableKey, Unauthenticated)


def test_nothing_of_a_request_is_shown() -> None:
    private = cavage(
        body=b'{"content":"canary"}', target="/canary?canary=1", headers={"Authorization": "Bearer canary", "Cookie": "canary"}
    )
    claim = parse(private)
    shown = (
        repr(private)
        + repr(claim)
        + repr(verify(claim, secret().public(), NOW, HOUR))
        + repr(parse(rfc9421(target="/canary", body=b"canary")))
    )
    assert "canary" not in shown
    assert header(private, "Signature")[-40:] not in shown


def test_a_repetition_has_the_same_fingerprint_however_it_is_spelt() -> None:
    request = cavage()
    again = with_header(
        request, "Signature", header(request, "Signature").replace(",", " ,\t").replace("keyId", "KEYID").replace("(request", "(REQUEST")
    )
    first, second = judged(request, secret().public()), judged(again, secret().public())
    assert first.fingerprint == second.fingerprint == parse(request).fingerprint
    assert len(first.fingerprint) == 32
    assert judged(cavage(body=b"{}"), secret().public()).fingerprint != first.fingerprint
    assert judged(rfc9421(), secret().public()).fingerprint not in (
        first.fingerprint,
        judged(rfc9421(body=b"{}"), secret().public()).fingerprint,
    )


def test_a_signature_is_refused_once_it_need_not_be_remembered() -> None:
    for request in (cavage(), rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";expires={CREATED + 300}')):
        claim = parse(request)
        until = verify(claim, secret().public(), NOW, HOUR).until
        verify(claim, secret().public(), until, HOUR)
        with pytest.raises(Unauthenticated):
            verify(claim, secret().public(), until + timedelta(microseconds=1), HOUR)


def test_threads_sign_side_by_side() -> None:
    url = parse_url("https://v.example/inbox")

    def signed(number: int) -> bool:
        body = str(number).encode()
        headers = sign_cavage(secret(), KEY_ID, "POST", url, body, NOW)
        return judged(Request("POST", "/inbox", tuple(headers.items()), body, (HERE,)), secret().public()).complete

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(signed, range(40)))


def test_no_check_rests_on_an_assertion() -> None:
    assert SOURCES
    for source in SOURCES:
        assert not [node for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Assert)], source.name


def test_forgeries_are_refused_by_an_optimising_interpreter_too() -> None:
    here = Path(__file__).parents[3]
    program = f"""
import sys
sys.path.insert(0, {str(here)!r})
from tests.unit.signing.cast import RECORDED, HOUR, recorded
from dataclasses import replace
from fediverse_circle.core.errors import Unauthenticated
from fediverse_circle.signing import parse, verify
taken = refused = 0
for sent in map(recorded, RECORDED):
    taken += verify(parse(sent.request), sent.key, sent.at, HOUR).complete
    for forged in (replace(sent.request, body=sent.request.body + b"x"), replace(sent.request, target="/x")):
        try:
            verify(parse(forged), sent.key, sent.at, HOUR)
        except Unauthenticated:
            refused += 1
print(sys.flags.optimize, taken, refused)
"""
    done = subprocess.run([sys.executable, "-O", "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["1", "35", "70"]


HEADER = st.one_of(
    st.text(max_size=200),
    st.text('keyIdheadersignature=",()- :;1sg@', max_size=120),
    st.lists(
        st.sampled_from(
            [
                'keyId="https://w.example/k"',
                'headers="(request-target) host date digest"',
                'signature="AAAA"',
                "created=1",
                ",",
                " ",
                '"',
                "\\",
                "é",
            ]
        )
    ).map(",".join),
    st.sampled_from(["sig1", "a", "*"]).flatmap(
        lambda label: st.text('()"@methodtargeturi;created=1keyid:=AAA? ,', max_size=100).map(lambda rest: f"{label}={rest}")
    ),
)
NAMES = st.sampled_from(["Signature", "Signature-Input", "Host", "Date", "Digest", "Content-Digest", "X"])


@given(
    st.sampled_from(["GET", "POST", "get", "", "é"]),
    st.one_of(st.just("/inbox"), st.just("/inbox?a=1"), st.text(max_size=20)),
    st.lists(st.tuples(NAMES, HEADER), max_size=8),
    st.binary(max_size=20),
)
@settings(max_examples=400, deadline=None)
@example("POST", "/inbox", [("Signature", "\ud800")], b"")
def test_any_headers_are_a_claim_or_refused(method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> None:
    request = Request(method, target, tuple(headers), body, (HERE,))
    try:
        verify(parse(request), secret().public(), NOW, HOUR)
    except (Malformed, Unauthenticated):
        return
    raise AssertionError("nobody signed this")


@given(st.sampled_from(["cavage", "rfc9421"]), st.data())
@settings(max_examples=300, deadline=None)
def test_a_signed_request_with_something_changed_is_refused_or_means_the_same(scheme: str, data: st.DataObject) -> None:
    request = cavage() if scheme == "cavage" else rfc9421()
    place = data.draw(st.integers(0, len(request.headers) - 1))
    name, value = request.headers[place]
    cut = data.draw(st.integers(0, len(value)))
    changed = value[:cut] + data.draw(st.text(max_size=3)) + value[cut + data.draw(st.integers(0, 3)) :]
    try:
        signed = judged(
            replace(request, headers=(*request.headers[:place], (name, changed), *request.headers[place + 1 :])), secret().public()
        )
    except (Malformed, Unauthenticated):
        return
    assert (signed.method, signed.target, signed.body) == (request.method, request.target, request.body)
    assert signed.complete
    assert signed.until <= (NOW + HOUR).astimezone(UTC)


def test_long_headers_take_linear_time() -> None:
    """Counted, not timed: each character of the header is looked at a bounded number of times, so a header of 300,000 is no work."""
    for text in ("a=" * 100_000, '"' * 300_000, "a=1," * 75_000, " " * 300_000, 'keyId="' + "\\" * 300_000, "sig1=(" * 50_000):
        for request in (with_header(cavage(), "Signature", text), with_header(rfc9421(), "Signature-Input", text)):
            with pytest.raises((Malformed, Unauthenticated)):
                parse(request)

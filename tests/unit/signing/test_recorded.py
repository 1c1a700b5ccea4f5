"""Requests that other servers really sent, and what becomes of them when a byte changes on the way."""

import json
from dataclasses import replace
from datetime import datetime

import pytest

from fediverse_circle.core.urls import parse_origin
from fediverse_circle.signing import Request, parse, public_key_from_pem

from .cast import HOUR, RECORDED, VECTORS, header, judged, recorded, refused, with_header

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
MASTODON = json.loads((VECTORS / "http-signatures" / "mastodon.json").read_text())


def test_all_recorded_requests_are_here() -> None:
    assert len(RECORDED) == 35


@pytest.mark.parametrize("name", RECORDED)
def test_what_gotosocial_sent_is_vouched_for_by_its_key(name: str) -> None:
    sent = recorded(name)
    signed = judged(sent.request, sent.key, sent.at)
    assert (signed.key_id, signed.method, signed.target, signed.body) == (
        sent.key_id,
        sent.request.method,
        sent.request.target,
        sent.request.body,
    )
    assert signed.complete


def flipped(text: str, place: int) -> str:
    """The text with one bit of one byte the other way round."""
    return text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]


@pytest.mark.parametrize("name", RECORDED)
def test_one_bit_changed_anywhere_in_the_body_is_noticed(name: str) -> None:
    sent = recorded(name)
    body = sent.request.body
    for place in range(len(body)):
        refused(replace(sent.request, body=body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]), sent.key, sent.at)
    refused(replace(sent.request, body=body + b" "), sent.key, sent.at)


@pytest.mark.parametrize("name", RECORDED)
def test_one_bit_changed_anywhere_in_what_is_covered_is_noticed(name: str) -> None:
    sent = recorded(name)
    for place in range(len(sent.request.target)):
        refused(replace(sent.request, target=flipped(sent.request.target, place)), sent.key, sent.at)
    for covered in parse(sent.request).covered - {"(request-target)"}:
        value = header(sent.request, covered)
        for place in range(len(value)):
            refused(with_header(sent.request, covered, flipped(value, place)), sent.key, sent.at)
    other = "GET" if sent.request.method == "POST" else "HEAD"
    refused(replace(sent.request, method=other), sent.key, sent.at)


@pytest.mark.parametrize("name", RECORDED)
def test_one_bit_changed_anywhere_in_the_signature_is_noticed(name: str) -> None:
    sent = recorded(name)
    whole = header(sent.request, "Signature")
    first = whole.index('signature="') + len('signature="')
    for place in range(first, len(whole) - 1):
        refused(with_header(sent.request, "Signature", flipped(whole, place)), sent.key, sent.at)
        if whole[place] in BASE64:  # the last of them bears bits that say nothing, and they are looked at too
            other = BASE64[(BASE64.index(whole[place]) + 1) % 64]
            refused(with_header(sent.request, "Signature", whole[:place] + other + whole[place + 1 :]), sent.key, sent.at)


@pytest.mark.parametrize("name", RECORDED[:3])
def test_another_key_vouches_for_nothing(name: str) -> None:
    sent = recorded(name)
    others = {recorded(other).key_id: recorded(other).key for other in RECORDED if recorded(other).key_id != sent.key_id}
    for key in others.values():
        refused(sent.request, key, sent.at)


@pytest.mark.parametrize("vector", MASTODON["vectors"], ids=lambda vector: f"{vector['spec']}: {vector['name']}")
def test_mastodons_own_vectors_come_out_as_mastodon_says(vector: dict) -> None:
    url = vector["url"].removeprefix("https://www.example.com")
    body = (vector["body"] or "").encode()
    request = Request(vector["method"], url, tuple(vector["headers"].items()), body, (parse_origin("https://www.example.com"),))
    key, now = public_key_from_pem(MASTODON["public_key_pem"]), datetime.fromisoformat(MASTODON["now"])
    if vector["valid"]:
        signed = judged(request, key, now, HOUR)
        assert signed.key_id == MASTODON["keyid"]
        assert signed.complete == ("left out" not in vector["name"])
    else:
        refused(request, key, now)

"""Whatever arrives is a value or refused: nothing else comes out, and not after long."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fediverse_circle.core.errors import TooLarge
from fediverse_circle.vocab import Malformed, encode, read, read_activity, read_actor, read_collection, read_jrd, read_keys, read_note, wire
from fediverse_circle.vocab.document import _context

from .cast import MO, POSTED, note, sent

READERS: list[Callable[[bytes], Any]] = [read, read_activity, read_note, read_actor, read_keys, read_collection, read_jrd]
NAMES = st.sampled_from(
    [
        "@context",
        "id",
        "type",
        "actor",
        "object",
        "to",
        "cc",
        "bto",
        "published",
        "updated",
        "target",
        "content",
        "contentMap",
        "summary",
        "name",
        "inReplyTo",
        "attributedTo",
        "tag",
        "attachment",
        "url",
        "href",
        "icon",
        "mediaType",
        "oneOf",
        "anyOf",
        "endTime",
        "closed",
        "replies",
        "totalItems",
        "votersCount",
        "interactionPolicy",
        "canReply",
        "automaticApproval",
        "always",
        "publicKey",
        "owner",
        "publicKeyPem",
        "assertionMethod",
        "controller",
        "publicKeyMultibase",
        "endpoints",
        "sharedInbox",
        "inbox",
        "outbox",
        "first",
        "next",
        "items",
        "orderedItems",
        "partOf",
        "focalPoint",
        "subject",
        "aliases",
        "links",
        "rel",
        "template",
        "alsoKnownAs",
        "movedTo",
        "quote",
        "context",
        "sensitive",
        "language",
        "width",
    ]
)
TYPES = st.sampled_from(
    [
        "Create",
        "Update",
        "Delete",
        "Follow",
        "Undo",
        "Accept",
        "Flag",
        "Note",
        "Question",
        "Person",
        "Tombstone",
        "Mention",
        "Hashtag",
        "Emoji",
        "Collection",
        "OrderedCollectionPage",
        "Image",
    ]
)
URLS = st.sampled_from(
    [
        MO,
        "https://w.example/1#x",
        "http://[::1]/",
        "https://é.example/ü",
        "as:Public",
        "javascript:x",
        "https://a@b/",
        "https://",
        "2026-11-20T18:00:00Z",
    ]
)
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10) | TYPES | URLS
JSON = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=25)
OBJECT = st.dictionaries(NAMES, JSON, max_size=8)


def outcome(reader: Callable[[bytes], Any], data: bytes) -> Any:
    """The value, or None if it was refused as it should be."""
    try:
        return reader(data)
    except (Malformed, TooLarge):
        return None


@given(OBJECT, st.fixed_dictionaries({"type": TYPES, "id": URLS, "actor": URLS}, optional={"object": JSON}))
@settings(max_examples=150, deadline=None)
def test_any_json_object_is_a_value_or_refused(noise: dict[str, Any], frame: dict[str, Any]) -> None:
    for said in (noise, {**noise, **frame}, {**frame, "object": {**noise, "type": frame["type"]}}):
        try:
            data = json.dumps(said).encode()
        except ValueError:
            continue
        for reader in READERS:
            found = outcome(reader, data)
            if found is not None and reader in (read, read_activity, read_note, read_actor, read_collection):
                assert encode(found)
                assert _context(found)


@given(st.binary(max_size=100))
@settings(max_examples=200, deadline=None)
@example(b'{"a":1}')
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    for reader in READERS:
        outcome(reader, data)


@given(st.sampled_from(sorted(POSTED)), st.data())
@settings(max_examples=200, deadline=None)
def test_a_recorded_activity_with_something_changed_is_a_value_or_refused(name: str, data: st.DataObject) -> None:
    body = POSTED[name]
    cut = data.draw(st.integers(0, len(body)))
    changed = (
        body[:cut]
        + data.draw(st.sampled_from([b"", b'"', b"\\", b"{", b"]", b"\xff", b"1", b"null", b":"]))
        + body[cut + data.draw(st.integers(0, 5)) :]
    )
    outcome(read_activity, changed)


@given(OBJECT.map(lambda said: {**note(), **said}))
@settings(max_examples=200, deadline=None)
def test_no_text_that_was_read_holds_a_nul_and_no_link_another_scheme(said: dict[str, Any]) -> None:
    try:
        data = json.dumps(said).encode()
    except ValueError:
        return
    found = outcome(read_note, data)
    if found is None:
        return
    assert b"\\u0000" not in encode(found)
    links = [found.url, found.in_reply_to, found.context, found.quote, *(item.url for item in found.attachments), *found.to, *found.cc]
    assert all(link is None or link.startswith(("https://", "http://")) for link in links)


HUGE = {
    "open lists": b"[" * 500_000,
    "nested lists": b"[" * 500_000 + b"]" * 500_000,
    "nested objects": b'{"object":' * 90_000,
    "quotes": b'"' * 1_000_000,
    "backslashes": b'{"a":"' + b"\\" * 1_000_000,
    "pairs": b"[]" * 500_000,
    "flat lists": sent(object=...)[:-1] + b',"object":{"type":"Note","id":"https://w.example/1","x":[' + b"[]," * 300_000 + b"1]}}",
    "emoji": sent(object=note(content="😀" * 80_000)),
    "addresses": sent(to=[f"https://w.example/users/{number}" for number in range(20_000)]),
    "tags": sent(object=note(tag=[{"type": "Mention", "href": f"https://w.example/users/{number}"} for number in range(15_000)])),
    "members": sent(object=note(**{str(number): number for number in range(60_000)})),
    "shortcodes": sent(object=note(tag=[{"type": "Emoji", "name": ":" + "a" * 900_000, "icon": {"url": MO}}])),
    "url": sent(object=note(url="https://" + "a." * 400_000)),
    "ids": sent(id="https://w.example/" + "a" * 500_000, actor="https://w.example/" + "b" * 400_000),
    "languages": sent(object=note(contentMap={"a-" * 10 + str(number): "x" for number in range(20_000)})),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_megabyte_of_malice_is_work_for_a_moment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: URLs looked at in whole, for that is the dearest step."""
    looked = []
    spelling = wire._spelling
    monkeypatch.setattr(wire, "_spelling", lambda text: looked.append(len(text)) or spelling(text))
    assert len(HUGE[name]) <= 1 << 20
    outcome(read_activity, HUGE[name])
    assert len(looked) <= 2 * wire.LONGEST_LIST + 100
    assert max(looked, default=0) <= 2048

"""Entries and words at the gate: the vectors, byte for byte, and whatever else may come."""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.domain.circle.entry import (
    Entry,
    Words,
    bound,
    commitment,
    matching,
    possessed,
    received,
    remembered,
    signed,
    verified,
)
from fediverse_circle.signing import Ed25519SecretKey
from fediverse_circle.signing.proof import canonical, did_key
from fediverse_circle.vocab.circle.forms import DEPTH, Refused, strict_json
from fediverse_circle.vocab.circle.reading import read_entry
from fediverse_circle.vocab.circle.types import Found, Move
from fediverse_circle.vocab.circle.words import read_push
from fediverse_circle.vocab.circle.writing import write_entry
from tests.unit.circle.vectors import load, names

ITEMS = [item for name in ("entries.json", "linger.json") for item in load(name)["entries"]]
WITH_WORDS = [item for item in ITEMS if "object" in item]
SCENARIOS = names("resolution-*.json") + names("content-*.json")
SECRETS = {
    name: Ed25519SecretKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["privateKeyHex"])))
    for name, key in load("keys.json")["keys"].items()
}
RULES = {f"R{number}" for number in range(1, 98)}


def by_name(items: list[Any]) -> Any:
    return pytest.mark.parametrize("item", items, ids=[item["name"] for item in items])


@by_name(ITEMS)
def test_an_entry_of_the_vectors_is_verified_byte_for_byte(item: dict[str, Any]) -> None:
    entry = verified(item["entry"])
    unsigned = canonical(write_entry(entry.said))
    assert entry.hash == item["hash"]
    assert unsigned.decode() == item["canonical"]
    assert hashlib.sha256(unsigned).hexdigest() == item["sha256"]
    assert json.loads(entry.body) == item["entry"]


@by_name(ITEMS)
def test_it_is_signed_as_the_vectors_sign_it(item: dict[str, Any]) -> None:
    entry = signed(read_entry(item["entry"]), SECRETS[item["signedBy"]])
    options = {name: value for name, value in json.loads(entry.body)["proof"].items() if name != "proofValue"}
    assert json.loads(entry.body) == item["entry"]
    assert canonical(options).decode() == item["canonicalProofConfig"]


@by_name(WITH_WORDS)
def test_its_words_are_those_committed_to(item: dict[str, Any]) -> None:
    words = matching(verified(item["entry"]), item["object"], item["salt"])
    assert isinstance(words, Words)
    assert canonical({"object": json.loads(words.body), "salt": words.salt}).decode() == item["canonicalWords"]
    assert commitment(item["object"], item["salt"]) == item["entry"]["commitment"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_entry_of_a_scenario_is_verified_and_remembered(name: str) -> None:
    for item in load(name)["entries"]:
        entry = verified(item.get("entry", item))
        assert remembered(entry.body) == entry


def test_bindings_and_possessions_are_those_of_the_vectors() -> None:
    founding, move = (read_entry(next(one["entry"] for one in ITEMS if one["name"] == name)) for name in ("genesis", "move"))
    assert isinstance(founding.deed, Found)
    assert isinstance(move.deed, Move)
    alice, bob = founding.deed.founders
    assert bound(alice.actor, alice.key, alice.person, SECRETS["alice person"]) == alice.binding
    assert bound(bob.actor, bob.key, bob.person, SECRETS["bob person"]) == bob.binding
    deed = move.deed
    assert move.circle is not None
    assert possessed(deed.actor, move.circle, deed.key, deed.person, SECRETS["carol key 2"]) == deed.possession


def test_the_keys_of_the_vectors_are_written_as_they_write_them() -> None:
    for name, key in load("keys.json")["keys"].items():
        assert did_key(SECRETS[name].public()) == key["did"]


@pytest.mark.parametrize("item", load("activities.json")["activities"], ids=lambda item: item["name"])
def test_an_activity_carries_the_entry_and_its_words(item: dict[str, Any]) -> None:
    arrival = received(read_push(strict_json(json.dumps(item["activity"]).encode())))
    whole = next(one for one in ITEMS if one["name"] == item["name"])
    assert arrival.entry.hash == whole["hash"]
    assert arrival.dropped is None
    assert (arrival.words is not None) == ("object" in whole)
    if arrival.words is not None:
        assert json.loads(arrival.words.body) == whole["object"]


def test_an_entry_or_words_that_passed_no_gate_cannot_be_made() -> None:
    entry = verified(ITEMS[0]["entry"])
    with pytest.raises(TypeError):
        Entry(entry.hash, entry.said, entry.body, object())
    words = matching(verified(WITH_WORDS[0]["entry"]), WITH_WORDS[0]["object"], WITH_WORDS[0]["salt"])
    with pytest.raises(TypeError):
        Words(words.terms, words.body, words.salt, object())


def test_neither_words_nor_salt_show_in_a_repr() -> None:
    arrival = received(read_push(load("activities.json")["activities"][3]["activity"]))
    assert arrival.words is not None
    shown = repr(arrival) + repr(arrival.words) + repr(arrival.entry)
    assert "shop" not in shown
    assert arrival.words.salt not in shown


# Strict JSON (R1)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff{}",
        b"\xef\xbb\xbf{}",
        b"{'a':1}",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e400]",
        b"9" * 400,
        b"1" * 5_000,
        b'["\\ud800"]',
        b'["\\ud800\\ud800"]',
        b'["\\u0000"]',
        b'{"\\u0000":1}',
        b'{"\\udfff":1}',
        b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
        b"[" * 100_000,
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_not_strict_json_is_refused_unread(raw: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        strict_json(raw)
    assert refusal.value.rule == "R1"


@pytest.mark.parametrize("raw", [b"[" * DEPTH + b"]" * DEPTH, b'["\\ud83d\\ude42"]', b"[1e20,0.5,-0,123456789012345678901234567890]"])
def test_what_is_strict_json_is_read(raw: bytes) -> None:
    assert isinstance(strict_json(raw), list)


def rule_broken(deed: Callable[[], object]) -> str | None:
    """The rule for which something was refused; None if it was not."""
    try:
        deed()
    except Refused as refusal:
        return refusal.rule
    return None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.recursive(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53) + 1, 2**53 - 1), st.lists, max_leaves=8))
def test_what_is_written_canonically_is_read_as_the_same(value: object) -> None:
    """Words are kept in canonical form and passed on: what others commit to must come out of it again."""
    assert canonical(strict_json(canonical(value))) == canonical(value)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_arrival_or_refused_by_a_rule(raw: bytes) -> None:
    assert rule_broken(lambda: received(read_push(strict_json(raw)))) in {None, *RULES}


@given(json_values)
def test_any_json_is_an_entry_or_refused_by_a_rule(value: object) -> None:
    assert rule_broken(lambda: read_entry(value)) in {None, *RULES}


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, one in inner for place in places(one, (*path, name)))]


ACTIVITIES = [
    {"type": item["entry"]["type"], **{name: item[name] for name in ("entry", "object", "salt") if name in item}} for item in ITEMS
]
tampering = st.sampled_from(ACTIVITIES).flatmap(
    lambda one: st.tuples(st.just(one), st.sampled_from(places(one)), json_values | st.sampled_from(["", "delete", "extra"]))
)


@given(tampering)
def test_an_altered_activity_is_taken_only_if_entry_and_words_are_as_signed(case: tuple[Any, tuple[str | int, ...], object]) -> None:
    """Invariant 24: one place changed, taken away or added to; whatever is taken nevertheless is what was signed and committed to."""
    path, value = case[1], case[2]
    holder: dict[str, Any] = {"whole": copy.deepcopy(case[0])}
    target: Any = holder
    for step in ("whole", *path)[:-1]:
        target = target[step]
    last = ("whole", *path)[-1]
    if value == "delete":
        del target[last]
    elif value == "extra" and isinstance(target[last], dict):
        target[last]["more"] = 1
    else:
        target[last] = value
    rule = rule_broken(lambda: received(read_push(holder.get("whole"))))
    if rule is not None:
        assert rule in RULES
        return
    arrival = received(read_push(holder.get("whole")))
    taken = json.loads(arrival.entry.body)
    assert {**taken, "proof": None} == {**case[0]["entry"], "proof": None}
    if arrival.words is not None:
        assert json.loads(arrival.words.body) == case[0]["object"]
        assert arrival.words.salt == case[0]["salt"]

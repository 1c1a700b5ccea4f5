"""Looking after a circle: health, the brake, sealing, lingers, and the vector by which replicas compare."""

from base64 import b64decode
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fediverse_circle.domain.circle.entry import verified
from fediverse_circle.domain.circle.feeds import Top, in_dispute, vector, vector_digest, vector_object
from fediverse_circle.domain.circle.governance import (
    PRESETS,
    brake,
    departures,
    falls_silent,
    health,
    may_linger,
    survives_any_instance,
    to_seal,
)
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.state import Member, State
from fediverse_circle.domain.circle.verdict import Falls, Stands, Waits
from fediverse_circle.signing.proof import canonical, key_of_did
from fediverse_circle.vocab.circle.forms import Hash, Key, Person
from fediverse_circle.vocab.circle.reading import read_rules
from fediverse_circle.vocab.circle.types import Accept, Admit, ChangeRules, Join, Leave, Offer, Remove
from fediverse_circle.vocab.circle.words import Gap
from tests.unit.circle.cast import later, someone
from tests.unit.circle.table import NOBODY_SAW, Table
from tests.unit.circle.vectors import load

HEALTH = load("health.json")["cases"]


def state_of(case: dict[str, Any]) -> State:
    written = case["state"]
    members = {
        Person(Key(person)): Member(Hash(one["join"]), one["actor"], Key(one["key"]), one["inbox"], "all", one.get("host"))
        for person, one in written["members"].items()
    }
    keepers = frozenset(Person(Key(one)) for one in written["keepers"])
    return State(members, keepers, read_rules(written["rules"]), frozenset(), frozenset(), frozenset(), False, {})


@pytest.mark.parametrize("case", HEALTH, ids=[case["about"] for case in HEALTH])
def test_health_says_what_the_others_could_still_do(case: dict[str, Any]) -> None:
    told = {
        origin: {"read": one.read, "admit": one.admit, "remove": one.remove, "decide": one.decide}
        for origin, one in health(state_of(case)).items()
    }
    assert told == case["health"]
    assert survives_any_instance(state_of(case)) == all(one["decide"] for one in case["health"].values())


def test_the_presets_are_rules() -> None:
    house = load("entries.json")["entries"][0]["entry"]["object"]["rules"]
    assert read_rules(house) == PRESETS["house"]
    assert PRESETS.keys() == {"table", "house", "vouched", "stewards"}


# The brake (R43)


def log_of(name: str, upto: int | None = None) -> Log:
    entries = [verified(item) for item in load(name)["entries"]]
    log = Log(entries[0])
    for entry in entries[:upto]:
        log.add(entry)
    return log


def test_who_knew_better_brakes_when_an_old_majority_backdates_a_removal() -> None:
    name = "resolution-old-majority-unsealed.json"
    named, settled, whole = load(name)["names"], log_of(name, 23), log_of(name)
    assert {named[person] for person in settled.state.keepers} == set("ADEF")
    assert brake(settled, settled.heads) is None
    pulled = brake(whole, settled.heads)
    assert pulled is not None
    assert {named[person] for person in pulled.fallen} == set("AEF")
    assert {named[person] for person in pulled.signed_by} == set("BM")
    assert pulled.undone == settled.state.carried - whole.state.carried


def test_nobody_brakes_where_departures_were_sealed() -> None:
    whole = log_of("resolution-old-majority-sealed.json")
    for count in range(1, len(whole)):
        assert brake(whole, log_of("resolution-old-majority-sealed.json", count).heads) is None


def test_nobody_brakes_when_a_keeper_is_removed_by_the_others_or_leaves() -> None:
    table = Table("ABCDE")
    a, b, c, d, e = table.people
    settled = table.log.heads
    table.act(d, Leave(NOBODY_SAW))
    table.remove(e, a, b, c)
    assert table.log.state.keepers == {a.person, b.person, c.person}
    assert brake(table.log, settled) is None


# Sealing (R45)


def test_whoever_has_not_voted_for_a_carried_removal_seals_it_within_fourteen_days() -> None:
    table = Table("ABCDE")
    a, b, c, d, e = table.people
    removal = table.remove(e, a, b)
    assert to_seal(table.log, d.person, table.now) == ()  # it has not carried
    table.act(c, Accept(removal, NOBODY_SAW))
    assert to_seal(table.log, d.person, table.now) == (removal,)
    assert to_seal(table.log, d.person, table.now + timedelta(days=14)) == ()
    for who in (a, b, c, e):
        assert to_seal(table.log, who.person, table.now) == ()
    table.act(d, Accept(removal, NOBODY_SAW))
    assert to_seal(table.log, d.person, table.now) == ()


def test_a_keeper_who_leaves_is_sealed_by_a_removal_beside_the_leave() -> None:
    table = Table("ABC")
    a, b, c = table.people
    leave = table.act(c, Leave(NOBODY_SAW))
    (departure,) = departures(table.log)
    assert departure.person == c.person
    assert not table.log.knows(departure.heads, leave)
    removal = table.act(a, Offer(Remove(c.person), NOBODY_SAW), departure.heads)
    table.act(b, Accept(removal, NOBODY_SAW))
    assert removal in table.log.state.reducing
    assert departures(table.log) == ()


def test_a_plain_member_who_leaves_needs_no_sealing() -> None:
    table = Table("ABC")
    d = someone("D")
    invitation = table.act(table.people[0], Offer(Admit(d.identity, "member", "join"), None))
    table.act(d, Join(invitation))
    table.act(d, Leave(NOBODY_SAW))
    assert departures(table.log) == ()


def test_of_more_heads_than_one_may_cite_the_latest_are_cited() -> None:
    table = Table("ABC")
    heads = table.log.heads
    names = [table.act(table.people[0], Offer(ChangeRules(PRESETS["house"]), None), heads) for _ in range(20)]
    assert len(table.log.heads) == 20
    assert table.log.citable == tuple(sorted(names[-16:]))


# Lingers (R67, R69)


def parents() -> Log:
    operations = [entry for item in load("entries.json")["entries"] if (entry := verified(item["entry"])).is_operation]
    log = Log(operations[0])
    for entry in operations:
        log.add(entry)
    return log


def test_who_founds_a_linger_was_a_member_of_its_parent() -> None:
    founding = Log(verified(load("linger.json")["entries"][0]["entry"])).founding
    parent = parents()
    assert may_linger(founding, parent) == Stands(new=True)
    assert founding.linger is not None
    early = Log(parent.operations()[0])
    assert may_linger(founding, early) == Waits("R11", frozenset(founding.linger.parent.heads), None)
    assert may_linger(founding, log_of("resolution-solo.json")) == Falls("R67")
    assert may_linger(parent.founding, parent) == Falls("R67")


def test_somebody_who_was_not_in_the_parent_then_founds_no_linger_of_it() -> None:
    founding, parent = Log(verified(load("linger.json")["entries"][0]["entry"])).founding, parents()
    assert founding.linger is not None
    join_alice = parent.operations()[1].hash
    before = replace(founding, linger=replace(founding.linger, parent=replace(founding.linger.parent, heads=(join_alice,))))
    assert may_linger(before, parent) == Falls("R67")


def test_a_linger_ends_when_it_has_been_silent_unless_it_is_kept() -> None:
    entries = [verified(item["entry"]) for item in load("linger.json")["entries"]]
    log = Log(entries[0])
    for entry in entries[:4]:
        if entry.is_operation:
            log.add(entry)
    times = [entry.said.published for entry in entries[:4]]
    assert falls_silent(log.founding, log.state, times) == datetime(2026, 5, 27, 20, 10, tzinfo=UTC)
    for entry in entries:
        if entry.is_operation:
            log.add(entry)
    assert log.state.kept
    assert falls_silent(log.founding, log.state, times) is None
    assert falls_silent(parents().founding, parents().state, times) is None


# The state vector (R75)


def test_the_state_vector_is_that_of_the_vectors() -> None:
    sync: Any = load("sync.json")
    entries = [verified(item["entry"]) for item in load("entries.json")["entries"]]
    one = vector(parents().circle, parents().heads, entries, ())
    assert vector_object(one) == sync["vector"]
    assert canonical(vector_object(one)).decode() == sync["canonicalVector"]
    assert vector_digest(one) == sync["digest"]


def test_gaps_count_as_known() -> None:
    genesis = verified(load("entries.json")["entries"][0]["entry"])
    alice, last = genesis.said.key, Hash("zQm" + "z" * 44)
    one = vector(genesis.hash, (), [genesis], [Gap(alice, 14, 20, last)])
    assert dict(one.tops) == {alice: Top(20, last)}


def test_whoever_holds_another_branch_of_a_feed_has_another_vector_and_asks_for_all_of_it() -> None:
    table = Table("AB")
    a = table.people[0]
    start = table.log.operations()
    offers = [Offer(ChangeRules(rules), None) for rules in PRESETS.values()]
    branches = [deepcopy(table.pen).write(a, offer, table.log.circle, table.log.heads, later(9)) for offer in offers[:3]]
    onward = deepcopy(table.pen)
    onward.write(a, offers[0], table.log.circle, table.log.heads, later(9))
    last = onward.write(a, offers[3], table.log.circle, table.log.heads, later(10))
    some, all_ = [*start, *branches[:2], last], [*start, *branches, last]
    mine, theirs = (dict(vector(table.log.circle, (), held, ()).tops)[a.key] for held in (some, all_))
    whole = dict(vector(table.log.circle, (), [*start, branches[0], last], ()).tops)[a.key]
    assert whole == Top(last.said.seq, last.hash)
    assert len({mine, theirs, whole}) == 3
    assert in_dispute([one for one in some if one.said.key == a.key], mine, theirs)
    assert in_dispute([*start, branches[0], last], whole, theirs)
    assert not in_dispute([one for one in all_ if one.said.key == a.key], theirs, theirs)
    assert not in_dispute([*start, branches[0], last], whole, Top(branches[0].said.seq, branches[0].hash))
    assert not in_dispute([*start], dict(vector(table.log.circle, (), start, ()).tops)[a.key], whole)


def test_the_signed_request_of_the_vectors_is_by_the_key_it_names() -> None:
    request: Any = load("sync.json")["request"]
    did = load("keys.json")["keys"][request["signedBy"]]["did"]
    key, signature = key_of_did(did), request["headers"]["Signature"].removeprefix("circle=:").removesuffix(":")
    assert key is not None
    assert did in request["headers"]["Signature-Input"]
    assert key.verifies(b64decode(signature), request["signatureBase"].encode())

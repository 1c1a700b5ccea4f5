"""What stands and who may read it: the scenarios of the protocol, in any order of arrival."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.domain.circle.content import Gone, Shown, is_entitled, look, profile, readers
from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.state import digest_of
from fediverse_circle.domain.circle.verdict import Falls, Waits
from tests.unit.circle.content_oracle import ContentOracle
from tests.unit.circle.games import Game, few, games
from tests.unit.circle.oracle import Oracle
from tests.unit.circle.vectors import Replica, arrival, load, names

SCENARIOS = names("content-*.json")
NOW = datetime(2036, 12, 1, tzinfo=UTC)


def delivered(entries: list[Entry]) -> tuple[Replica, set[str]]:
    """A replica to which these came, each again until nothing more was taken, and then ten minutes passed (R10); and what it refused."""
    replica, waiting, refused = Replica.founded(entries[0]), entries[1:], set[str]()
    while waiting:
        left, holes = [], []
        for entry in waiting:
            match replica.take(entry, NOW):
                case Falls():
                    refused.add(entry.hash)
                case Waits(rule):
                    left.append(entry)
                    holes += [entry] * (rule == "R10")
                case _:
                    pass
        if len(left) == len(waiting) and all(isinstance(replica.overlook(entry, NOW), Waits) for entry in holes):
            break
        waiting = left
    return replica, refused


def shown(replica: Replica) -> dict[str, Shown]:
    looked = {name: look(replica.log, thing) for name, thing in replica.things().items()}
    return {name: one for name, one in looked.items() if isinstance(one, Shown)}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("seed", range(6))
def test_a_scenario_ends_as_it_expects_whatever_comes_first(name: str, seed: int) -> None:
    scenario: Any = load(name)
    arrivals = [arrival(item) for item in scenario["entries"]]
    rest = arrivals[1:]
    if seed:
        random.Random(seed).shuffle(rest)
    replica, _ = delivered([one.entry for one in (arrivals[0], *rest)])
    expected, standing = scenario["expected"], shown(replica)
    terms = {one.entry.hash: one.words.terms for one in arrivals if one.words}

    assert digest_of(replica.log.state) == scenario["state"]
    assert {thing: one.words.entry.hash for thing, one in standing.items()} == expected["standing"]
    description = profile(replica.log, replica.profiles())
    assert (description.entry.hash if description else None) == expected["profile"]
    assert sorted([one.words.entry.hash for one in standing.values()] + ([description.entry.hash] if description else [])) == sorted(
        expected["words"]
    )
    roots = {thing: standing.get(terms[one.create.entry.hash].context or thing) for thing, one in standing.items()}
    for thing, root in roots.items():
        assert root is not None
        people = readers(replica.log, root.create, only_then=False)
        assert sorted(scenario["names"][person] for person in people) == expected["readers"][thing]
        assert all(is_entitled(replica.log, person, root.create, only_then=False) for person in people)


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_a_scenario_does_not_accept_is_refused_in_causal_order(name: str) -> None:
    scenario: Any = load(name)
    _, refused = delivered([arrival(item).entry for item in scenario["entries"]])
    assert sorted(refused) == sorted(scenario["expected"]["notAccepted"])


def test_a_whole_life_ends_with_what_stands() -> None:
    life: Any = load("entries.json")
    replica, refused = delivered([arrival(item).entry for item in life["entries"]])
    hashes = {item["name"]: item["hash"] for item in life["entries"]}
    assert not refused
    assert {thing: one.words.entry.hash for thing, one in shown(replica).items()} == {
        thing: one["entry"] for thing, one in life["finalContent"]["live"].items()
    }
    description = profile(replica.log, replica.profiles())
    assert description is not None
    assert description.entry.hash == life["finalContent"]["profile"]
    why = {
        create.entry.hash: one.why
        for thing in replica.things().values()
        if isinstance(one := look(replica.log, thing), Gone)
        for create in thing.creates
    }
    assert why == {
        hashes["reply"]: "taken back",
        hashes["like"]: "withdrawn",
        hashes["poll-vote"]: "withdrawn",
        hashes["guest-post"]: "retracted",
    }


def test_only_then_switches_history_off() -> None:
    scenario: Any = load("content-newcomers.json")
    replica, _ = delivered([arrival(item).entry for item in scenario["entries"]])
    for root in shown(replica).values():
        then = replica.log.state_at(root.create.entry.said.heads).members
        assert readers(replica.log, root.create, only_then=True) == frozenset(then)


@given(games, st.randoms(use_true_random=False))
@few
def test_any_talk_ends_with_what_the_text_says_in_any_order_of_arrival(game: Game, chance: random.Random) -> None:
    """Invariants 21 to 23: the latest words, nothing that was taken back, the same everywhere."""
    rest = [*game.written[1:], *chance.choices(game.written, k=3)]
    chance.shuffle(rest)
    replica, _ = delivered([game.written[0], *rest])
    told = Oracle(game.written[0])
    for entry in game.operations[1:]:
        told.tell(entry)
    held = ContentOracle(told, [entry for entry in game.written if not entry.is_operation and entry.hash in replica.entries])
    assert {thing: one.words.entry.hash for thing, one in shown(replica).items()} == held.standing()
    description = profile(replica.log, replica.profiles())
    assert (description.entry.hash if description else None) == held.profile()


@given(games, st.randoms(use_true_random=False))
@few
def test_any_talk_is_the_same_for_two_who_heard_it_in_different_orders(game: Game, chance: random.Random) -> None:
    rest = game.written[1:]
    first, _ = delivered([game.written[0], *rest])
    chance.shuffle(rest)
    second, _ = delivered([game.written[0], *rest])
    assert shown(first) == shown(second)
    assert profile(first.log, first.profiles()) == profile(second.log, second.profiles())

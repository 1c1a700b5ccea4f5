"""The state of a circle: the scenarios of the protocol, and quarrels that nobody thought of, held against an oracle that tells it once more."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.domain.circle.entry import Entry, verified
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.resolution import resolve
from fediverse_circle.domain.circle.state import digest_of, state_object
from fediverse_circle.domain.circle.verdict import Falls, Stands, Waits
from fediverse_circle.vocab.circle.forms import Hash
from fediverse_circle.vocab.circle.types import Accept, Admit, Admitting, Deed, Join, Offer, Remove, Rules, Seen
from tests.unit.circle.cast import Pen, Someone, genesis, later, someone
from tests.unit.circle.games import Game, games, many
from tests.unit.circle.oracle import Oracle
from tests.unit.circle.table import comparable
from tests.unit.circle.vectors import load, names

SCENARIOS = names("resolution-*.json")
VOUCHED_BY_ONE = Rules(Admitting("members", 1, "either"), 2, "chosen", None, None)


def replayed(entries: list[Entry], order: list[int]) -> Log:
    """A log that was told everything in this order, again and again until nothing more is taken."""
    log, waiting = Log(entries[0]), [entries[i] for i in order]
    while waiting:
        left = [entry for entry in waiting if isinstance(log.add(entry), Waits)]
        if len(left) == len(waiting):
            break
        waiting = left
    return log


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_has_the_state_it_expects_after_each_entry(name: str) -> None:
    scenario: Any = load(name)
    entries = [verified(item) for item in scenario["entries"]]
    log = Log(entries[0])
    for entry, digest in zip(entries, scenario["digests"], strict=True):
        assert isinstance(log.add(entry), Stands)
        assert digest_of(log.state) == digest
        assert digest_of(resolve(log._dag, log._dag.everything).state()) == digest
    assert state_object(log.state) == scenario["expected"]["state"]
    assert digest_of(log.state) == scenario["expected"]["digest"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_ends_in_the_same_state_whatever_comes_first(name: str) -> None:
    scenario: Any = load(name)
    entries = [verified(item) for item in scenario["entries"]]
    for seed in range(20):
        order = [*range(1, len(entries)), *range(len(entries))]
        random.Random(seed).shuffle(order)
        assert digest_of(replayed(entries, order).state) == scenario["expected"]["digest"]


@pytest.mark.parametrize("name", ["entries.json", "linger.json"])
def test_a_whole_life_has_the_states_it_expects(name: str) -> None:
    life: Any = load(name)
    operations = [(item["name"], entry) for item in life["entries"] if (entry := verified(item["entry"])).is_operation]
    expected = {one["after"]: one["digest"] for one in life.get("states", [])}
    log = Log(operations[0][1])
    for after, entry in operations:
        assert isinstance(log.add(entry), Stands)
        assert digest_of(log.state) == expected.get(after, digest_of(log.state))
    assert state_object(log.state) == life["final"]["state"]
    assert digest_of(log.state) == life["final"]["digest"]


@given(games)
@many
def test_any_quarrel_is_judged_as_the_text_says(game: Game) -> None:
    """Invariants 2 and 3: verdict by verdict, and the state at the end; nothing ever raises."""
    oracle, log = Oracle(game.written[0]), Log(game.written[0])
    for entry in game.operations[1:]:
        assert isinstance(log.add(entry), Stands) == (oracle.tell(entry) is True)
    told = oracle.everything()
    assert comparable(log.state) == told.comparable()
    assert {person: "keeper" if one.as_keeper else "member" for person, one in log.state.invited.items()} == told.invited


@given(games, st.randoms(use_true_random=False))
@many
def test_any_quarrel_ends_the_same_in_any_order_with_any_repetition(game: Game, chance: random.Random) -> None:
    """Invariants 1 and 2."""
    written = game.operations
    order = [*range(1, len(written)), *chance.choices(range(len(written)), k=5)]
    chance.shuffle(order)
    log = replayed(written, order)
    assert digest_of(log.state) == digest_of(game.log.state)
    assert set(log.operations()) == set(game.log.operations())
    assert log.heads == game.log.heads


@given(games)
@many
def test_one_more_operation_changes_the_state_as_resolving_everything_anew_would(game: Game) -> None:
    """Invariant 4."""
    log = Log(game.written[0])
    for entry in game.operations[1:]:
        log.add(entry)
        assert log.state == resolve(log._dag, log._dag.everything).state()


@given(games)
@many
def test_the_state_at_a_point_is_the_state_of_whoever_stopped_there(game: Game) -> None:
    operations = game.log.operations()
    for count in range(1, len(operations), 5):
        log = Log(operations[0])
        for entry in operations[:count]:
            log.add(entry)
        assert game.log.state_at(log.heads) == log.state
        assert game.log.unknown_to(log.heads) == operations[count:]


@given(games)
@many
def test_an_operation_waits_for_what_it_cites_and_nothing_else(game: Game) -> None:
    log = Log(game.written[0])
    for entry in reversed(game.log.operations()[1:]):
        missing = frozenset(head for head in entry.said.heads if head not in log)
        assert log.add(entry) == (Waits("R11", missing, None) if missing else Stands(new=True))


@pytest.mark.parametrize("minutes", range(8))
def test_of_two_votes_of_one_keeper_side_by_side_the_one_with_the_smaller_hash_draws_the_line(minutes: int) -> None:
    """A removal by two of a sponsor, whose last admission only one of the second keeper's two votes had seen."""
    pen, (a, k, x, y) = Pen(), map(someone, "AKXY")
    log = Log(genesis([a, k], VOUCHED_BY_ONE, pen=pen))

    def act(who: Someone, deed: Deed, heads: tuple[Hash, ...], minute: int) -> Hash:
        entry = pen.write(who, deed, log.circle, heads, later(minute))
        assert log.add(entry) == Stands(new=True)
        return entry.hash

    act(a, Join(None), log.heads, 1)
    act(k, Join(None), log.heads, 2)
    act(x, Join(act(a, Offer(Admit(x.identity, "member", "all"), None), log.heads, 3)), log.heads, 4)
    removal = act(a, Offer(Remove(x.person), Seen(())), log.heads, 5)
    admission = act(x, Offer(Admit(y.identity, "member", "all"), None), (log.operation(removal).entry.said.heads), 5)
    join = act(y, Join(admission), (admission,), 6)
    unseen = act(k, Accept(removal, Seen(())), (removal,), 7 + minutes)
    seen = act(k, Accept(removal, Seen(())), (removal, join), 7 + minutes)
    assert (y.person in log.state.members) == (seen < unseen)


def test_an_operation_of_another_circle_is_refused() -> None:
    log = Log(verified(load(SCENARIOS[0])["entries"][0]))
    other = verified(load("linger.json")["entries"][1]["entry"])
    assert log.add(other) == Falls("R29")

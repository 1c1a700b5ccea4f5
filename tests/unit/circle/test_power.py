"""What no quarrel may lead to (CIRCLES.md, section 17, invariants 6 to 13)."""

from hypothesis import assume, given
from hypothesis import strategies as st

from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.state import State
from fediverse_circle.vocab.circle.types import Join, Leave, Move, Offer, Remove
from tests.unit.circle.games import Game, Turn, games, lingers, many, rogue_games, turns

VOTING = {2, 3, 16, 17, 18, 19}  # turns that vote


def carried_majorities(log: Log) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Of each majority decision that has carried its base and who voted for it."""
    ops = (log.operation(name) for name in log.state.carried)
    return [(op.base, log.voters(op.entry.hash)) for op in ops if op.major]


def of_others(state: State, person: str) -> tuple[object, ...]:
    """What a state says of everybody else."""
    members = {name: one for name, one in state.members.items() if name != person}
    return members, state.keepers - {person}, state.rules, state.carried, state.reducing, state.retracted


@given(games)
@many
def test_no_majority_decision_carries_without_a_majority_of_its_base(game: Game) -> None:
    """Invariant 6."""
    for base, voters in carried_majorities(game.log):
        assert len(base & voters) > len(base) / 2


@given(rogue_games)
@many
def test_rogues_who_are_a_minority_of_the_keepers_gain_nothing_by_any_timing(game: Game) -> None:
    """Invariant 7: no decision without an honest vote, no honest keeper's power or key, no sock a keeper."""
    state, honest = game.log.state, game.people[: game.founders]
    assert not carried_majorities(game.log)
    assert state.keepers <= {one.person for one in honest}
    for one in honest:
        if one.name not in game.rogues:
            assert one.person in state.keepers
            assert state.members[one.person].key == one.key
    assert state.rules == game.rules


@given(games)
@many
def test_no_single_proposal_changes_keepers_or_rules_where_there_are_two_keepers(game: Game) -> None:
    """Invariant 8."""
    for entry in game.log.operations()[1:]:
        before, after = game.log.state_at(entry.said.heads), game.log.state_at((entry.hash,))
        if isinstance(entry.said.deed, Offer) and len(before.keepers) > 1:
            assert (after.keepers, after.rules) == (before.keepers, before.rules)


alone = turns.filter(lambda turn: turn.what not in VOTING)


@given(games, st.integers(0, 7), st.lists(alone, min_size=1, max_size=12))
@many
def test_whatever_somebody_removed_does_later_or_backdated_changes_nothing_for_others(game: Game, whom: int, played: list[Turn]) -> None:
    """Invariant 9.  Unless there ever was a single keeper: whoever that was could always rewrite the log from there (6.1).

    And alone, without votes on proposals of others: a backdated vote that completes an honest keeper's open proposal against one of the
    removers makes two majorities that remove each other, and both carry (8.4).
    """
    removed, log = game.expel(whom), game.log
    assume(removed is not None and all(len(log.state_at((entry.hash,)).keepers) > 1 for entry in log.operations()))
    assert removed is not None
    before, game.rogues = log.state, removed.name
    for turn in played:
        game.play(turn)
        assert of_others(log.state, removed.person) == of_others(before, removed.person)
        assert removed.person not in log.state.keepers | log.state.members.keys()


def log_change(log: Log, name: str) -> str | None:
    """Whom a removal removes."""
    op = log.operation(name)  # type: ignore[arg-type]
    return op.change.who if isinstance(op.change, Remove) else None


@given(games)
@many
def test_who_was_removed_is_in_again_only_by_an_admission_that_knew_it(game: Game) -> None:
    """Invariant 10."""
    log, state = game.log, game.log.state
    for person, member in state.members.items():
        removals = {name for name in state.reducing if log_change(log, name) == person}
        join = log.operation(member.join).entry
        assert isinstance(join.said.deed, Join)
        if removals:
            assert join.said.deed.admission is not None
            assert removals <= log.state_at(log.operation(join.said.deed.admission).entry.said.heads).reducing


@given(games)
@many
def test_leaving_and_moving_change_nothing_about_anybody_else(game: Game) -> None:
    """Invariant 11, told to somebody who knows all the rest."""
    last = [entry for entry in game.log.operations() if entry.hash in game.log.heads and isinstance(entry.said.deed, Leave | Move)]
    for entry in last:
        log = Log(game.written[0])
        for other in game.log.operations():
            if other != entry:
                log.add(other)
        before = log.state
        log.add(entry)
        assert of_others(log.state, game.log.operation(entry.hash).person) == of_others(before, game.log.operation(entry.hash).person)


@given(games)
@many
def test_keepers_are_members_or_founders_yet_to_join_and_never_guests(game: Game) -> None:
    """Invariants 12 and 13."""
    state = game.log.state
    founders = {one.person for one in game.log.founding.founders}
    joined = {game.log.operation(entry.hash).person for entry in game.log.operations() if isinstance(entry.said.deed, Join)}
    for person in state.keepers:
        assert person in state.members or person in founders - joined
        assert person not in state.members or state.members[person].host is None


@given(lingers)
@many
def test_a_linger_never_grows_and_keeps_its_rules(game: Game) -> None:
    """Invariant 13."""
    founders = {one.person for one in game.log.founding.founders}
    assert game.log.state.members.keys() | game.log.state.keepers <= founders
    assert game.log.state.rules == game.log.founding.rules

"""Who is told what, and what an instance that asks may have (CIRCLES.md, section 12)."""

from datetime import timedelta

import pytest

from fediverse_circle.domain.circle.content import Said
from fediverse_circle.domain.circle.spreading import (
    Asker,
    Choice,
    Row,
    asker,
    choose,
    holes_of,
    keeps_replica,
    operations_for,
    told_of_content,
    told_of_operation,
    told_of_withdrawal,
)
from fediverse_circle.vocab.circle.forms import Hash, Key
from fediverse_circle.vocab.circle.types import Accept, Admit, Create, Join, Leave, Offer, Remove
from fediverse_circle.vocab.circle.words import Gap
from tests.unit.circle.cast import base58_of, guest, key_of, later, someone
from tests.unit.circle.table import NOBODY_SAW, Table

COMMITMENT = Hash("zQm" + base58_of("commitment", 44))
STRANGER = Asker(frozenset(), waits=False, former=frozenset())


def inboxes(*names: str) -> frozenset[str]:
    return frozenset(f"https://{name}.example/inbox" for name in names)


# Pushing (R72)


def test_an_operation_is_told_to_members_founders_yet_to_join_the_invited_and_whom_it_concerns() -> None:
    table = Table("ABC", absent="C")
    a, b, c = table.people
    x, y = someone("X"), someone("Y")
    invitation = table.act(a, Offer(Admit(x.identity, "member", "all"), None))
    told = told_of_operation(table.log, table.log.operation(invitation).entry, table.now)
    assert told == inboxes("a", "b", "c", "x")
    table.bring(y, a)
    removal = table.remove(y, a)
    assert told_of_operation(table.log, table.log.operation(removal).entry, table.now) == inboxes("a", "b", "c", "x", "y")
    table.act(c, Join(None))
    leave = table.act(b, Leave(NOBODY_SAW))
    assert told_of_operation(table.log, table.log.operation(leave).entry, table.now) == inboxes("a", "c", "x")
    late = told_of_operation(table.log, table.log.operation(leave).entry, table.now + timedelta(days=31))
    assert late == inboxes("a", "c")


def test_whoever_is_voted_about_is_told_of_the_vote() -> None:
    table = Table("ABC")
    a, b, c = table.people
    removal = table.act(a, Offer(Remove(c.person), NOBODY_SAW))
    vote = table.act(b, Accept(removal, NOBODY_SAW))
    assert table.members() == "AB"
    assert told_of_operation(table.log, table.log.operation(vote).entry, table.now) == inboxes("a", "b", "c")


def test_content_is_told_to_whoever_may_read_it_and_a_withdrawal_to_all_there_ever_were() -> None:
    table = Table("ABC", absent="C")
    a, b, c = table.people
    x = someone("X")
    root = Said(table.write(a, Create("https://a.example/o/1", COMMITMENT)), a.person)
    table.act(c, Join(None))
    table.bring(x, a)
    table.act(b, Leave(NOBODY_SAW))
    assert told_of_content(table.log, root, only_then=False) == inboxes("a", "c", "x")
    assert told_of_content(table.log, root, only_then=True) == inboxes("a")
    assert told_of_withdrawal(table.log) == inboxes("a", "b", "c", "x")


# Who asks (R76)


def test_a_members_key_asks_for_all_members_of_its_instance() -> None:
    table = Table("AB")
    a = table.people[0]
    neighbour = someone("N", "a.example")
    table.bring(neighbour, a)
    table.bring(guest("G", "a.example"), a)
    members = {one.person for one in table.people if one.server == "a.example"}
    assert len(members) == 3
    for one in (a, neighbour):
        assert asker(table.log, one.key, table.now) == Asker(frozenset(members), waits=False, former=frozenset())
    assert asker(table.log, key_of("stranger"), table.now) == STRANGER


def test_the_invited_and_founders_yet_to_join_may_have_the_log() -> None:
    table = Table("ABC", absent="C")
    a, _, c = table.people
    x = someone("X")
    table.act(a, Offer(Admit(x.identity, "member", "all"), None))
    for who in (c, x):
        whom = asker(table.log, who.key, table.now)
        assert whom == Asker(frozenset(), waits=True, former=frozenset())
        assert operations_for(table.log, whom, ()) == table.log.operations()
    assert asker(table.log, x.key, table.now + timedelta(days=31)) == STRANGER
    assert operations_for(table.log, STRANGER, ()) == ()


def test_who_was_removed_may_have_what_tells_them_so_and_nothing_after() -> None:
    table = Table("AB")
    a, b = table.people
    x, y = someone("X"), someone("Y")
    table.bring(x, a)
    heads = table.log.heads
    table.bring(y, b)
    removal = table.remove(x, a)
    table.act(y, Leave(NOBODY_SAW))
    whom = asker(table.log, x.key, table.now)
    assert whom == Asker(frozenset(), waits=False, former=frozenset({x.person}))
    given = operations_for(table.log, whom, heads)
    assert given[-1].hash == removal
    assert given == tuple(one for one in table.log.unknown_to(heads) if table.log.knows((removal,), one.hash))
    assert len(given) == len(table.log.unknown_to(heads)) - 1


def test_whoever_fell_without_being_removed_may_have_the_log() -> None:
    table = Table("ABC")
    a, b, _ = table.people
    x, y = someone("X"), someone("Y")
    table.bring(x, a)
    start = table.log.heads
    table.bring(y, x, heads=start)
    table.remove(x, a, heads=start)
    assert table.members() == "ABC"
    assert asker(table.log, y.key, table.now) == Asker(frozenset(), waits=True, former=frozenset({y.person}))
    assert not asker(table.log, x.key, table.now).waits
    assert b.person in table.log.state.members


def test_a_replica_is_kept_while_there_is_somebody_to_keep_it_for() -> None:
    table = Table("ABC", absent="C")
    a, b, _ = table.people
    x = someone("X")
    table.act(a, Offer(Admit(x.identity, "member", "all"), None))
    table.act(b, Leave(NOBODY_SAW))
    kept = {name: keeps_replica(table.log, f"https://{name}.example", table.now) for name in "abcxz"}
    assert kept == {"a": True, "b": False, "c": True, "x": True, "z": False}
    assert not keeps_replica(table.log, "https://x.example", table.now + timedelta(days=31))


# What is sent (R76, R77)

ANA, BO = key_of("ana"), key_of("bo")


def row(key: Key, seq: int, minute: int, *, readable: bool = True, rival: str = "", has_words: bool = True) -> Row:
    return Row(name(key, seq, rival), key, seq, later(minute), readable, has_words)


def name(key: Key, seq: int, rival: str = "") -> Hash:
    return Hash("zQm" + base58_of(f"{key} {seq} {rival}", 44))


def test_what_is_above_the_tops_or_in_the_holes_is_sent_oldest_first() -> None:
    rows = [row(ANA, 4, 40), row(BO, 1, 10), row(ANA, 2, 20), row(BO, 2, 30), row(ANA, 3, 25)]
    choice = choose(rows, {ANA: 3}, {ANA: ((2, 2),)}, frozenset(), 10)
    assert choice == Choice((name(BO, 1), name(ANA, 2), name(BO, 2), name(ANA, 4)), (), more=False)


def test_a_feed_is_sent_in_its_own_order_whatever_its_times_say() -> None:
    rows = [row(ANA, 1, 50), row(ANA, 2, 10), row(BO, 1, 20)]
    assert choose(rows, {}, {}, frozenset(), 10).entries == (name(BO, 1), name(ANA, 1), name(ANA, 2))


def test_a_page_ends_after_so_many_and_never_between_rivals() -> None:
    rows = [row(ANA, 1, 1), row(ANA, 2, 2, rival="one"), row(ANA, 2, 2, rival="other"), row(ANA, 3, 3)]
    page = choose(rows, {}, {}, frozenset(), 2)
    assert page.more
    assert set(page.entries) == {name(ANA, 1), name(ANA, 2, "one"), name(ANA, 2, "other")}
    assert choose(rows, {}, {}, frozenset(), 1) == Choice((name(ANA, 1),), (), more=True)
    assert not choose(rows, {}, {}, frozenset(), 4).more


def test_wanted_words_are_sent_where_they_are_and_take_no_place_where_they_are_not() -> None:
    rows = [row(ANA, 1, 1, has_words=False), row(ANA, 2, 2), row(ANA, 3, 3)]
    wanted = frozenset({name(ANA, 1), name(ANA, 2)})
    assert choose(rows, {ANA: 2}, {}, wanted, 10).entries == (name(ANA, 2), name(ANA, 3))


def test_what_is_held_and_not_for_the_asker_is_told_as_gaps() -> None:
    rows = [row(ANA, seq, seq, readable=seq in (1, 4)) for seq in (1, 2, 3, 4, 6)]
    choice = choose(rows, {}, {}, frozenset(), 10)
    assert choice.entries == (name(ANA, 1), name(ANA, 4))
    assert choice.gaps == (Gap(ANA, 2, 3, name(ANA, 3)), Gap(ANA, 6, 6, name(ANA, 6)))


def test_a_place_of_which_one_rival_is_readable_is_no_gap() -> None:
    rows = [row(ANA, 1, 1, rival="one", readable=False), row(ANA, 1, 1, rival="other")]
    assert choose(rows, {}, {}, frozenset(), 10) == Choice((name(ANA, 1, "other"),), (), more=False)


def test_gaps_told_on_one_page_are_those_of_that_page() -> None:
    rows = [row(ANA, 1, 1), row(ANA, 2, 2, readable=False), row(ANA, 3, 3), row(ANA, 4, 4, readable=False)]
    assert choose(rows, {}, {}, frozenset(), 1) == Choice((name(ANA, 1),), (), more=True)


# Holes (R77)


@pytest.mark.parametrize(
    ("held", "gaps", "holes"),
    [
        ((), (), ()),
        ((1, 2, 3), (), ()),
        ((1, 4, 6), (), ((2, 3), (5, 5))),
        ((1, 4), ((2, 2),), ((3, 3),)),
        ((1,), ((3, 5),), ((2, 2),)),
    ],
)
def test_holes_are_what_is_neither_held_nor_explained(
    held: tuple[int, ...], gaps: tuple[tuple[int, int], ...], holes: tuple[tuple[int, int], ...]
) -> None:
    table = Table("A")
    a = table.people[0]
    feed = [one for one in table.log.operations() if one.said.key == a.key]
    while len(feed) < 8:
        feed.append(table.write(a, Create(f"https://a.example/o/{len(feed)}", COMMITMENT)))
    told = [Gap(a.key, since, until, feed[until - 1].hash) for since, until in gaps]
    assert holes_of([one for one in feed if one.said.seq in held], told) == holes


def test_a_place_held_with_another_branch_than_the_next_one_names_is_a_hole() -> None:
    table = Table("A")
    a = table.people[0]
    feed = [one for one in table.log.operations() if one.said.key == a.key]
    top = table.pen.tops[a.key]
    rival = table.write(a, Create("https://a.example/o/rival", COMMITMENT))
    table.pen.tops[a.key] = top
    true = table.write(a, Create("https://a.example/o/1", COMMITMENT))
    onward = table.write(a, Create("https://a.example/o/2", COMMITMENT))
    place = rival.said.seq
    assert true.said.seq == place
    assert holes_of([*feed, rival, onward], []) == ((place, place),)
    assert holes_of([*feed, rival, true, onward], []) == ()

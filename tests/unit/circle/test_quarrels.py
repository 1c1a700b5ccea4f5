"""Quarrels that need many to come together by chance: each says what a sentence of section 8 is for."""

from dataclasses import replace

from fediverse_circle.domain.circle.content import Gone, Said, Shown, Thing, look
from fediverse_circle.domain.circle.verdict import Falls, Stands
from fediverse_circle.vocab.circle.forms import Hash
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    Admitting,
    ChangeRules,
    Create,
    Join,
    Leave,
    Move,
    Offer,
    Promote,
    Rebind,
    Remove,
    Rules,
    Seen,
    Update,
    Withdraw,
)
from tests.unit.circle.cast import HOUSE, Someone, base58_of, guest, key_of, someone
from tests.unit.circle.table import NOBODY_SAW, Table

TWO_VOUCH = Rules(Admitting("members", 2, "either"), 1, "chosen", None, None)
DAY = 24 * 60
COMMITMENT = Hash("zQm" + base58_of("commitment", 44))
SIGNATURE = "z" + "1" * 88


def test_what_somebody_does_after_coming_back_counts() -> None:
    """A removal kills what it had not seen, except what was done in knowledge of it."""
    table = Table("ABC")
    a, b, _ = table.people
    x, y = someone("X"), someone("Y")
    table.bring(x, a)
    table.remove(x, a)
    assert table.members() == "ABC"
    table.bring(x, b)
    table.bring(y, x)
    assert table.members() == "ABCXY"


def test_a_revoked_key_takes_only_its_own_deeds_along() -> None:
    table = Table("ABC")
    a, b, _ = table.people
    x, y, z = someone("X"), someone("Y"), someone("Z")
    table.bring(x, a)
    start = table.log.heads
    old = x.key
    new = key_of("X's new key")
    moved = table.act(x, Move(x.person, x.actor, new, x.inbox, SIGNATURE), start)
    by_old = table.act(x, Offer(Admit(y.identity, "member", "all"), None), start)
    table.act(y, Join(by_old), (by_old,))
    by_new = table.act(x, Offer(Admit(z.identity, "member", "all"), None), (moved,), key=new)
    table.act(z, Join(by_new), (by_new,))
    table.people += [y, z]
    assert table.members() == "ABCXYZ"
    table.revoke(x, old, a, heads=start)
    assert table.members() == "ABCXZ"
    assert table.log.state.members[x.person].key == new
    assert b.person in table.log.state.members


def test_a_vote_counts_by_power_that_was_there_before_the_proposal() -> None:
    """Who was demoted and promoted again meanwhile has no vote on what lay on the table before."""
    table = Table("ABCDE")
    a, b, c, d, _ = table.people
    proposal = table.act(a, Offer(ChangeRules(TWO_VOUCH), None))
    table.act(c, Accept(proposal, None))
    table.demote(b, a, c, d)
    table.promote(b, a, c, d)
    assert table.keepers() == "ABCDE"
    table.act(b, Accept(proposal, None))
    assert table.log.state.rules == HOUSE
    table.act(d, Accept(proposal, None))
    assert table.log.state.rules == TWO_VOUCH


def test_who_knows_of_their_own_demotion_has_no_power_by_an_older_grant() -> None:
    """B is promoted again by votes of which one falls; what B does as keeper falls with it."""
    table = Table("ABCDE")
    a, b, c, d, e = table.people
    x = someone("X")
    table.bring(x, a)
    table.demote(b, a, c, d)
    start = table.log.heads
    again = table.promote(b, a, c, e, heads=start)
    last = next(entry.hash for entry in reversed(table.log.operations()))
    grant = table.act(b, Offer(ChangeRules(TWO_VOUCH), None), (last,))
    vote = table.act(a, Accept(grant, None), (grant,))
    table.act(c, Accept(grant, None), (vote,))
    assert table.log.state.rules == TWO_VOUCH
    table.remove(e, a, c, d, heads=start)
    assert again not in table.log.state.carried
    assert table.keepers() == "ACD"
    assert table.log.state.rules == HOUSE


def test_rules_that_came_after_a_proposal_do_not_bind_it() -> None:
    """Those that carried beside it do; those made in knowledge of it do not."""
    table = Table("ABC")
    a, b, _ = table.people
    y = someone("Y")
    start = table.log.heads
    table.bring(y, b, heads=start)
    table.decide(Offer(ChangeRules(HOUSE), None), a, b, heads=start)
    assert table.members() == "ABCY"
    table.decide(Offer(ChangeRules(TWO_VOUCH), None), a, b)
    assert table.log.state.rules == TWO_VOUCH
    assert table.members() == "ABCY"


def test_rules_that_carried_beside_a_proposal_bind_it() -> None:
    table = Table("ABC")
    a, b, _ = table.people
    start = table.log.heads
    table.bring(someone("Y"), b, heads=start)
    table.decide(Offer(ChangeRules(TWO_VOUCH), None), a, b, heads=start)
    assert table.members() == "ABC"


def test_a_majoritys_promotion_prevails_over_the_plain_removal_of_whoever_it_promotes() -> None:
    table = Table("ABC")
    a, b, c = table.people
    x, y = someone("X"), someone("Y")
    table.bring(x, a)
    start = table.log.heads
    table.remove(x, c, heads=start)
    assert table.members() == "ABC"
    table.promote(x, a, b, heads=start)
    assert table.members() == "ABCX"
    assert table.keepers() == "ABCX"
    table.bring(y, x)
    assert table.members() == "ABCXY"


def test_a_majoritys_invitation_as_keeper_undoes_the_plain_removal_of_whoever_it_invites() -> None:
    """The removal is shielded against, and nothing else keeps its target out: whoever it had removed is in by the Join of before."""
    table = Table("ABC")
    a, b, _ = table.people
    x = someone("X")
    join = table.bring(x, a)
    removal = table.remove(x, a)
    assert table.members() == "ABC"
    invitation = table.act(a, Offer(Admit(x.identity, "keeper", "all"), None))
    table.act(b, Accept(invitation, None))
    assert removal not in table.log.state.reducing
    assert table.log.state.members[x.person].join == join
    assert table.refused(x, Join(invitation)) == "R31"
    table.promote(x, a, b)
    assert table.keepers() == "ABCX"


def test_a_vote_that_completes_a_promotion_gives_power_to_what_was_done_since_the_proposal() -> None:
    """X acted beside the vote: as a plain member then, and rules that want keepers came beside it."""
    by_keepers = Rules(Admitting("keepers", 1, "either"), 1, "chosen", None, None)
    table = Table("ABC")
    a, b, _ = table.people
    x, y = someone("X"), someone("Y")
    table.bring(x, a)
    proposal = table.act(a, Offer(Promote(x.person), None))
    start = table.log.heads
    admission = table.act(x, Offer(Admit(y.identity, "member", "all"), None), start)
    table.act(y, Join(admission), (admission,))
    table.people.append(y)
    table.decide(Offer(ChangeRules(by_keepers), None), a, b, heads=start)
    assert table.members() == "ABCX"
    table.act(b, Accept(proposal, None))
    assert table.members() == "ABCXY"


def test_a_late_vote_makes_rules_bind_what_was_proposed_beside_them() -> None:
    table = Table("ABC")
    a, b, _ = table.people
    y = someone("Y")
    start = table.log.heads
    rules = table.act(a, Offer(ChangeRules(TWO_VOUCH), None), start)
    table.bring(y, b, heads=start)
    assert table.members() == "ABCY"
    table.act(b, Accept(rules, None))
    assert table.members() == "ABC"


def test_a_late_vote_for_a_removal_takes_along_what_its_voters_had_not_seen() -> None:
    two_remove = Rules(Admitting("members", 1, "either"), 2, "chosen", None, None)
    table = Table("ABC", two_remove)
    a, b, _ = table.people
    x, y = someone("X"), someone("Y")
    table.bring(x, a)
    start = table.log.heads
    removal = table.act(a, Offer(Remove(x.person), NOBODY_SAW), start)
    table.bring(y, x, heads=start)
    blind = table.act(b, Accept(removal, NOBODY_SAW), (removal,))
    assert blind in table.log
    assert table.members() == "ABC"


def test_a_keeper_invited_by_majority_is_shielded_until_they_join() -> None:
    table = Table("ABC")
    a, b, c = table.people
    x = someone("X")
    plain = table.act(c, Offer(Admit(x.identity, "member", "all"), None))
    start = table.log.heads
    admission = table.decide(Offer(Admit(x.identity, "keeper", "all"), None), a, b, heads=start)
    removal = table.remove(x, c, heads=start)
    assert removal not in table.log.state.reducing
    assert plain in table.log.state.carried
    last = table.log.heads
    table.act(x, Join(admission), last)
    table.people.append(x)
    assert table.keepers() == "ABCX"


def test_a_decision_that_carried_elsewhere_and_is_known_there_is_resolved_anew_here() -> None:
    """X leaves no trace of power where two sides differ about a removal that one of them knows."""
    table = Table("ABCDE")
    a, b, c, d, e = table.people
    start = table.log.heads
    removal = table.remove(e, a, b, c, heads=start)
    known = table.log.heads
    x = someone("X")
    table.bring(x, d, heads=known)
    back = table.remove(c, d, e, a, heads=start)
    assert removal in table.log.state.reducing
    assert back in table.log.state.reducing
    assert table.keepers() == "ABD"


# Content


def said(table: Table, who: Someone, deed: Create | Update) -> Said:
    """Something said, with everything known."""
    return Said(table.write(who, deed), who.person)


def seen(table: Table, *whose: Someone) -> Seen:
    return Seen(tuple(sorted((one.key, table.pen.tops[one.key][0]) for one in whose)))


def standing(table: Table, create: Said) -> bool:
    return isinstance(look(table.log, Thing((create,), (), (), ())), Shown)


def test_what_is_said_after_coming_back_stands() -> None:
    table = Table("ABC")
    a, x = table.people[0], someone("X")
    table.bring(x, a)
    before = said(table, x, Create("https://x.example/o/1", COMMITMENT))
    table.decide(Offer(Remove(x.person), seen(table, x)), a)
    table.bring(x, a)
    after = said(table, x, Create("https://x.example/o/2", COMMITMENT))
    assert standing(table, before)
    assert standing(table, after)


def test_what_is_said_after_leaving_and_joining_again_stands() -> None:
    table = Table("ABC")
    a, x = table.people[0], someone("X")
    table.bring(x, a)
    table.act(x, Leave(NOBODY_SAW))
    table.bring(x, a)
    assert standing(table, said(table, x, Create("https://x.example/o/2", COMMITMENT)))


def test_the_cut_of_two_votes_is_what_one_of_them_had_seen() -> None:
    two_remove = Rules(Admitting("members", 1, "either"), 2, "chosen", None, None)
    table = Table("ABC", two_remove)
    a, b, _ = table.people
    x = someone("X")
    table.bring(x, a)
    posts = [said(table, x, Create(f"https://x.example/o/{number}", COMMITMENT)) for number in range(4)]
    start = table.log.heads
    removal = table.act(a, Offer(Remove(x.person), Seen(((x.key, posts[0].entry.said.seq),))), start)
    table.act(b, Accept(removal, Seen(((x.key, posts[2].entry.said.seq),))), (removal,))
    assert [standing(table, post) for post in posts] == [True, True, True, False]


def test_a_withdrawal_covers_what_came_before_it_in_its_own_feed() -> None:
    table = Table("ABC")
    a = table.people[0]
    first = said(table, a, Create("https://a.example/o/1", COMMITMENT))
    withdrawal = table.write(a, Withdraw(a.person, NOBODY_SAW))
    later_on = said(table, a, Create("https://a.example/o/2", COMMITMENT))
    assert look(table.log, Thing((first,), (), (), (withdrawal,))) == Gone("withdrawn")
    assert isinstance(look(table.log, Thing((later_on,), (), (), (withdrawal,))), Shown)


def test_only_the_words_of_its_author_are_the_words_of_a_thing() -> None:
    table = Table("ABC")
    a, b, _ = table.people
    create = said(table, a, Create("https://a.example/o/1", COMMITMENT))
    foreign = said(table, b, Update("https://a.example/o/1", COMMITMENT))
    own = said(table, a, Update("https://a.example/o/1", COMMITMENT))
    assert look(table.log, Thing((create,), (foreign,), (), ())) == Shown(create, create)
    assert look(table.log, Thing((create,), (own, foreign), (), ())) == Shown(create, own)


# What section 7 refuses, and no vector tries


def test_a_person_key_that_was_revoked_moves_nobody() -> None:
    table = Table("ABC")
    a, b, c = table.people
    table.revoke(c, c.person, a, b)
    assert table.refused(c, Move(c.person, c.actor, key_of("thief"), c.inbox, SIGNATURE)) == "R28"


def test_a_founder_who_was_removed_before_joining_does_not_join() -> None:
    table = Table("ABC", absent="C")
    a, b, c = table.people
    table.remove(c, a, b)
    assert table.refused(c, Join(None)) == "R31"
    table.bring(c, a)
    assert table.members() == "ABC"


def test_nobody_does_more_than_two_hundred_things_a_day() -> None:
    table = Table("AB")
    a = table.people[0]
    done = sum(one.said.key == a.key for one in table.log.operations())
    for _ in range(200 - done):
        entry = table.write(a, Offer(ChangeRules(HOUSE), None), after=0.1)
        assert table.log.add(entry) == Stands(new=True)
    assert table.log.add(table.write(a, Offer(ChangeRules(HOUSE), None), after=0.1)) == Falls("R30")
    assert table.log.add(table.write(a, Offer(ChangeRules(HOUSE), None), after=24 * 60)) == Stands(new=True)


def test_an_invitation_serves_thirty_days_and_a_vote_comes_within_fourteen() -> None:
    table, x = Table("ABC"), someone("X")
    a, b, c = table.people
    admission = table.act(a, Offer(Admit(x.identity, "member", "all"), None))
    proposal = table.act(a, Offer(ChangeRules(TWO_VOUCH), None))
    table.act(b, Accept(proposal, None), after=14 * DAY)
    assert table.refused(c, Accept(proposal, None), after=1) == "R39"
    assert table.refused(x, Join(admission), after=16 * DAY) == "R32"


def test_nobody_is_admitted_with_a_key_or_actor_that_is_somebodys() -> None:
    table = Table("ABC", absent="C")
    a, b, c = table.people
    x = someone("X")

    def admitting(**other: str) -> Offer:
        return Offer(Admit(replace(x.identity, **other), "member", "all"), None)  # type: ignore[arg-type]

    assert table.refused(a, admitting(key=b.key)) == "R34"
    assert table.refused(a, admitting(person=b.key)) == "R34"
    assert table.refused(a, admitting(actor=b.actor, inbox=b.inbox)) == "R34"
    assert table.refused(a, admitting(key=c.key)) == "R34"  # a founder's who has not joined
    table.act(c, Join(None))
    table.act(c, Leave(NOBODY_SAW))
    table.act(a, admitting(key=c.key))


def test_a_guests_actor_keeps_nobody_out() -> None:
    table = Table("ABC")
    a = table.people[0]
    g = guest("G", "a.example")
    table.bring(g, a)
    table.bring(Someone("X", "x.example"), a)
    same = replace(someone("Y").identity, actor=g.actor, inbox=g.actor.replace("/users/G", "/inbox"))
    table.act(a, Offer(Admit(same, "member", "all"), None))


def test_a_founder_who_was_removed_before_joining_may_be_admitted_with_the_same_key() -> None:
    table = Table("ABC", absent="C")
    a, b, c = table.people
    table.remove(c, a, b)
    table.act(a, Offer(Admit(c.identity, "member", "all"), None))


def test_a_move_or_a_rebind_takes_no_key_and_no_actor_of_another_member() -> None:
    table = Table("ABC")
    a, b, c = table.people
    assert table.refused(c, Move(c.person, c.actor, b.key, c.inbox, SIGNATURE)) == "R34"
    moved = someone("C")
    moved.actor = b.actor
    assert table.refused(moved, Move(c.person, b.actor, key_of("new"), b.inbox, SIGNATURE)) == "R34"
    assert table.refused(a, Offer(Rebind(c.person, c.actor, b.key, c.inbox), None)) == "R34"
    assert table.refused(a, Offer(Rebind(c.person, b.actor, key_of("new"), b.inbox), None)) == "R34"
    table.decide(Offer(Rebind(c.person, c.actor, key_of("new"), c.inbox), None), a, b)
    assert table.log.state.members[c.person].key == key_of("new")


def test_a_vote_says_what_was_seen_exactly_where_somebody_is_to_be_removed() -> None:
    table = Table("ABC")
    a, b, c = table.people
    removal = table.act(a, Offer(Remove(c.person), NOBODY_SAW))
    rules = table.act(a, Offer(ChangeRules(TWO_VOUCH), None))
    assert table.refused(b, Accept(removal, None)) == "R8"
    assert table.refused(b, Accept(rules, NOBODY_SAW)) == "R8"


def test_an_admission_says_how_far_back_its_newcomer_reads() -> None:
    table = Table("ABC")
    assert table.refused(table.people[0], Offer(Admit(someone("X").identity, "member", "chosen"), None)) == "R36"

"""What the audience of a new post is: chosen, inherited, or resolved from what another server wrote."""

from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.core.ids import ActorId, CircleId, RollId
from fediverse_circle.domain.audience import (
    WIDTH,
    Addressing,
    Audience,
    Followers,
    InCircle,
    Known,
    Person,
    Public,
    Visibility,
    chosen,
    inherited,
    resolved,
)

ANA, BO, MO, KIM = map(ActorId, (1, 2, 3, 4))
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
KNOWN = Known(
    actors={"https://h/bo": BO, "https://h/mo": MO, "https://w/ana": ANA},
    followers={"https://w/ana/followers": ANA, "https://h/bo/followers": BO},
)

people = st.sampled_from([ANA, BO, MO, KIM])
rows: st.SearchStrategy[Audience] = st.one_of(
    st.builds(Public),
    st.builds(Followers, people),
    st.builds(Person, people),
    st.builds(InCircle, st.just(CircleId(9)), st.just(RollId(8)), st.booleans()),
)
addressings = st.builds(Addressing, st.frozensets(rows, max_size=4), listed=st.booleans())
words: st.SearchStrategy[Visibility] = st.sampled_from(["public", "unlisted", "private", "direct"])


@given(st.none() | words, words, st.lists(people))
def test_a_first_word_is_never_wider_than_asked_nor_than_the_account_allows(
    asked: Visibility | None, ceiling: Visibility, mentioned: list[ActorId]
) -> None:
    told = chosen(asked, ceiling, ANA, mentioned).visibility
    assert WIDTH[told] <= WIDTH[ceiling]
    assert asked is None or WIDTH[told] <= WIDTH[asked]
    assert told == min(asked or ceiling, ceiling, key=WIDTH.__getitem__)


@given(words, st.lists(people))
def test_a_first_word_is_for_whoever_it_names(asked: Visibility, mentioned: list[ActorId]) -> None:
    admitted = chosen(asked, "public", ANA, mentioned).rows
    assert {Person(actor) for actor in mentioned if actor != ANA} <= admitted


@given(addressings, people, people)
def test_an_answer_to_something_private_has_its_readers_and_nobody_else(parent: Addressing, asker: ActorId, answerer: ActorId) -> None:
    answer = inherited(parent, asker, answerer)
    if parent.is_public:
        assert answer is None
        return
    assert answer is not None
    assert not answer.is_public
    assert answer.rows | {Person(answerer), Person(asker)} == parent.rows | {Person(answerer), Person(asker)}
    assert asker == answerer or Person(asker) in answer.rows


def test_an_answer_to_a_letter_goes_to_who_wrote_it_and_to_whom_it_was_written() -> None:
    letter = Addressing(frozenset({Person(BO), Person(MO)}), listed=False)
    assert inherited(letter, ANA, BO) == Addressing(frozenset({Person(ANA), Person(MO)}), listed=False)


def test_public_in_to_is_public_and_in_cc_unlisted() -> None:
    assert resolved([PUBLIC], [], ANA, None, None, KNOWN) == Addressing(frozenset({Public()}), listed=True)
    assert resolved([], ["as:Public"], ANA, None, None, KNOWN) == Addressing(frozenset({Public()}), listed=False)


def test_the_authors_followers_are_meant_wherever_they_stand() -> None:
    for to, cc in ((["https://w/ana/followers"], []), ([], ["https://w/ana/followers"])):
        assert resolved(to, cc, ANA, None, None, KNOWN) == Addressing(frozenset({Followers(ANA)}), listed=False)


def test_somebody_elses_followers_count_only_within_their_own_conversation() -> None:
    to = ["https://h/bo/followers", "https://h/bo"]
    outside = resolved(to, [], ANA, None, None, KNOWN)
    within = resolved(to, [], ANA, Addressing(frozenset({Followers(BO)}), listed=False), None, KNOWN)
    elsewhere = resolved(to, [], ANA, Addressing(frozenset({Followers(MO)}), listed=False), None, KNOWN)
    assert outside == elsewhere == Addressing(frozenset({Person(BO)}), listed=False)
    assert within == Addressing(frozenset({Person(BO), Followers(BO)}), listed=False)


def test_what_addresses_nobody_known_is_for_the_owner_of_the_inbox_it_came_to_or_for_nobody() -> None:
    unknown = ["https://w/circle/followers", "https://x/stranger"]
    assert resolved(unknown, [], ANA, None, BO, KNOWN) == Addressing(frozenset({Person(BO)}), listed=False)
    assert resolved(unknown, [], ANA, None, None, KNOWN) is None


def test_who_else_owns_an_inbox_reads_nothing_that_is_addressed_to_others() -> None:
    assert resolved(["https://h/bo"], [], ANA, None, MO, KNOWN) == Addressing(frozenset({Person(BO)}), listed=False)


def test_the_words_clients_know_follow_from_the_rows() -> None:
    def word(*found: Audience, listed: bool = False) -> str:
        return Addressing(frozenset(found), listed).visibility

    assert word(Public(), listed=True) == "public"
    assert word(Public(), Followers(ANA)) == "unlisted"
    assert word(Followers(ANA), Person(BO)) == "private"
    assert word(InCircle(CircleId(1), RollId(1), only_then=True)) == "private"
    assert word(Person(BO)) == word() == "direct"

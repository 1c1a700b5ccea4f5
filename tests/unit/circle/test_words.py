"""Words and what they say beside their text; and entries of which only one thing is wrong."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from fediverse_circle.domain.circle.arrival import MOST_FORKS, Beside, arrived, explains
from fediverse_circle.domain.circle.content import check_answer, ends, repeats
from fediverse_circle.domain.circle.entry import verified
from fediverse_circle.domain.circle.verdict import Stands, Waits
from fediverse_circle.signing.proof import sign_document
from fediverse_circle.vocab.circle.forms import Hash, Key, Refused, written
from fediverse_circle.vocab.circle.types import Create
from fediverse_circle.vocab.circle.words import Gap, Media, Terms, read_item, read_push, read_terms
from tests.unit.circle.cast import base58_of
from tests.unit.circle.table import Table
from tests.unit.circle.test_entries import SECRETS, rule_broken
from tests.unit.circle.vectors import load

ROOT, ANSWER = "https://a.example/o/root", "https://b.example/o/answer"
DIGEST = "zQm" + base58_of("bytes", 44)


def terms(**words: object) -> Terms:
    return read_terms({"type": "Note", **words})


# Terms


def test_what_words_say_beside_their_text_is_read() -> None:
    said = terms(
        inReplyTo=ROOT,
        context=ROOT,
        intent="adviceWelcome",
        prompt={"answerFirst": True},
        saidDifferently=True,
        onlyThen=True,
        endTime="2027-03-02T00:00:00Z",
        movedFrom=DIGEST,
        tag=[{"type": "Mention", "href": "https://b.example/users/bob"}, {"type": "Hashtag", "href": "https://b.example/tags/x"}],
        attachment={"type": "Document", "url": "https://a.example/media/1", "digestMultibase": DIGEST},
    )
    assert said == Terms(
        kind="Note",
        answers=ROOT,
        context=ROOT,
        intent="adviceWelcome",
        answer_first=True,
        said_differently=True,
        only_then=True,
        ends=datetime(2027, 3, 2, tzinfo=UTC),
        moved_from=Hash(DIGEST),
        mentions=("https://b.example/users/bob",),
        media=(Media("https://a.example/media/1", Hash(DIGEST)),),
    )


@pytest.mark.parametrize(
    "words",
    [
        {"intent": "shout"},
        {"prompt": {"answerFirst": "yes"}},
        {"prompt": 1},
        {"endTime": "tomorrow"},
        {"endTime": 7},
        {"saidDifferently": 1},
        {"onlyThen": "true"},
        {"movedFrom": "zQm"},
        {"tag": "x"},
        {"tag": [1, {"type": "Mention"}]},
        {"attachment": [{"url": "https://a.example/1"}, {"digestMultibase": DIGEST}]},
        {"inReplyTo": [ROOT], "context": {"id": ROOT}},
    ],
)
def test_what_is_not_understood_is_not_there(words: dict[str, object]) -> None:
    assert terms(**words) == terms()


def test_a_reaction_names_what_it_is_about_as_its_object() -> None:
    like = read_terms({"type": "Like", "object": ROOT, "context": ROOT, "inReplyTo": "https://c.example/o/other"})
    assert like.is_reaction
    assert like.answers == ROOT
    assert not terms(inReplyTo=ROOT).is_reaction


# Answers (R49, R59), saying again (R51), fading (R54)


def broken_by(answer: Terms, root: Terms, parent: Terms, parent_id: str, *, own: bool = False) -> str | None:
    return rule_broken(lambda: check_answer(root, ROOT, parent, parent_id, answer, is_by_root_author=own))


def test_an_answer_belongs_to_the_conversation_of_what_it_answers() -> None:
    root, middle = terms(), terms(inReplyTo=ROOT, context=ROOT)
    assert broken_by(terms(inReplyTo=ROOT, context=ROOT), root, root, ROOT) is None
    assert broken_by(terms(inReplyTo=ANSWER, context=ROOT), root, middle, ANSWER) is None
    assert broken_by(terms(inReplyTo=ANSWER, context=ANSWER), root, middle, ANSWER) == "R49"
    assert broken_by(terms(inReplyTo=ROOT, context=ROOT), root, middle, ANSWER) == "R49"
    assert broken_by(terms(inReplyTo=ROOT), root, root, ROOT) == "R49"


def test_who_asked_just_to_be_listened_to_gets_reactions_and_may_go_on() -> None:
    listen, middle = terms(intent="justListen"), terms(inReplyTo=ROOT, context=ROOT)
    answer, deeper = terms(inReplyTo=ROOT, context=ROOT), terms(inReplyTo=ANSWER, context=ROOT)
    heard = read_terms({"type": "EmojiReact", "object": ROOT, "context": ROOT})
    assert broken_by(answer, listen, listen, ROOT) == "R59"
    assert broken_by(deeper, listen, middle, ANSWER) == "R59"
    assert broken_by(deeper, terms(), terms(inReplyTo=ROOT, context=ROOT, intent="justListen"), ANSWER) == "R59"
    assert broken_by(heard, listen, listen, ROOT) is None
    assert broken_by(answer, listen, listen, ROOT, own=True) is None
    assert broken_by(answer, terms(intent="questionsWelcome"), terms(), ROOT) is None


@pytest.mark.parametrize(
    "change",
    [{"type": "Question"}, {"inReplyTo": ANSWER}, {"context": ANSWER}, {"intent": "thinkingAloud"}, {"prompt": {"answerFirst": True}}],
)
def test_who_says_it_again_changes_no_more_than_words(change: dict[str, object]) -> None:
    former = {"type": "Note", "content": "so", "inReplyTo": ROOT, "context": ROOT}
    assert repeats(read_terms(former), read_terms({**former, "content": "otherwise", "saidDifferently": True}))
    assert not repeats(read_terms(former), read_terms({**former, **change}))


def test_words_fade_when_their_author_says_and_at_the_latest_when_the_rules_do() -> None:
    said, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
    fading = terms(endTime=written(end))
    assert ends(said, terms(), None) is None
    assert ends(said, None, None) is None
    assert ends(said, fading, None) == end
    assert ends(said, fading, 86_400 * 7) == end
    assert ends(said, fading, 86_400) == datetime(2026, 3, 2, tzinfo=UTC)
    assert ends(said, None, 86_400) == datetime(2026, 3, 2, tzinfo=UTC)


# Beside an entry (R76, R77)


def test_gaps_and_the_digest_of_its_sender_come_beside_an_entry() -> None:
    activity: Any = load("activities.json")["activities"][3]["activity"]
    key = load("keys.json")["keys"]["carol key 1"]["did"]
    push = read_push({**activity, "gaps": [{"key": key, "from": 3, "to": 4, "hash": DIGEST}], "state": DIGEST})
    assert push.gaps == (Gap(Key(key), 3, 4, Hash(DIGEST)),)
    assert push.state == DIGEST
    assert explains(push.gaps, Key(key), 5, Hash(DIGEST))
    assert not explains(push.gaps, Key(key), 4, Hash(DIGEST))
    assert not explains(push.gaps, Key(key), 5, Hash("zQm" + base58_of("other", 44)))


@pytest.mark.parametrize(
    ("rule", "gaps"),
    [
        ("R77", {}),
        ("R77", [1]),
        ("R77", [{"from": 1, "to": 1, "hash": DIGEST}]),
        ("R8", [{"key": "x", "from": 1, "to": 1, "hash": DIGEST}]),
    ],
)
def test_what_is_no_list_of_gaps_is_refused(rule: str, gaps: object) -> None:
    activity: Any = load("activities.json")["activities"][3]["activity"]
    assert rule_broken(lambda: read_push({**activity, "gaps": gaps})) == rule


def test_a_gap_ends_no_sooner_than_it_begins() -> None:
    activity: Any = load("activities.json")["activities"][3]["activity"]
    key = load("keys.json")["keys"]["carol key 1"]["did"]
    assert rule_broken(lambda: read_push({**activity, "gaps": [{"key": key, "from": 3, "to": 2, "hash": DIGEST}]})) == "R77"


def test_an_item_of_a_sync_is_an_entry_with_or_without_words_and_nothing_else() -> None:
    item: Any = next(one for one in load("entries.json")["entries"] if one["name"] == "post")
    whole = {name: item[name] for name in ("entry", "object", "salt")}
    assert read_item(whole).words == item["object"]
    assert read_item({"entry": item["entry"]}).words is None
    assert rule_broken(lambda: read_item({**whole, "actor": "x"})) == "R8"
    assert rule_broken(lambda: read_item({"object": item["object"]})) == "R8"


def test_after_three_forks_content_of_a_key_is_held_back() -> None:
    table = Table("AB")
    post = table.write(table.people[0], Create("https://a.example/o/1", Hash(DIGEST)))
    for forks in range(MOST_FORKS):
        assert arrived(table.log, post, Beside(frozenset(), True, None, forks), table.now) == Stands(new=True)
    assert arrived(table.log, post, Beside(frozenset(), True, None, MOST_FORKS), table.now) == Waits("R14", frozenset(), None)


# Entries of which one thing is wrong, properly signed


def resigned(name: str, secret: str, change: dict[str, object], created: str | None = None) -> str | None:
    """The rule that refuses an entry of the vectors with a change, signed once more."""
    entry: Any = copy.deepcopy(next(one["entry"] for one in load("entries.json")["entries"] if one["name"] == name))
    entry |= change
    proof = entry["proof"]
    again = sign_document(entry, SECRETS[secret], proof["verificationMethod"], created or entry["published"])
    return rule_broken(lambda: verified(again))


HEAD = "zQmSY623d8LSPbNrwbgTC2ZZrkjXb9TeDfBkDKvybLhA5cm"
FOUNDERS = load("entries.json")["entries"][0]["entry"]["object"]["founders"]
GENESIS = load("entries.json")["entries"][0]["entry"]["object"]


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        (None, {}),
        ("R11", {"heads": [HEAD, HEAD]}),
        ("R11", {"heads": []}),
        ("R11", {"heads": HEAD}),
        ("R11", {"heads": [7]}),
        ("R2", {"heads": [HEAD[:-1]]}),
        ("R2", {"prev": HEAD + "1"}),
        ("R8", {"seq": 1}),
        ("R8", {"seq": 0}),
        ("R8", {"seq": True}),
        ("R8", {"seq": "2"}),
        ("R1", {"seq": 2.5}),
        ("R8", {"object": "zQm"}),
        ("R8", {"circle": HEAD}),
        ("R8", {"seen": {}}),
        ("R4", {"actor": "https://A.example/users/alice"}),
        ("R4", {"actor": "https://a.example/users/alice#main"}),
        ("R4", {"actor": "https://a.example/" + "x" * 500}),
        ("R4", {"published": "2026-02-30T10:00:01Z"}),
        ("R4", {"published": "2026-03-01T10:00:01+00:00"}),
        ("R4", {"published": "2026-03-01T10:00:60Z"}),
    ],
)
def test_an_entry_of_which_one_thing_is_wrong_is_refused_by_its_rule(rule: str | None, change: dict[str, object]) -> None:
    assert resigned("join-alice", "alice key 1", change) == rule


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        (None, {}),
        ("R23", {"nonce": "u1"}),
        ("R23", {"version": 2}),
        ("R23", {"founders": []}),
        ("R23", {"founders": FOUNDERS * 9}),
        ("R23", {"founders": [FOUNDERS[1]]}),
        ("R5", {"founders": [FOUNDERS[0], {**FOUNDERS[1], "inbox": "https://b.example:8443/inbox"}]}),
        ("R5", {"founders": [FOUNDERS[0], {**FOUNDERS[1], "host": "https://b.example"}]}),
        ("R5", {"founders": [FOUNDERS[0], {name: one for name, one in FOUNDERS[1].items() if name != "binding"}]}),
        ("R25", {"rules": {"admit": {"by": "members", "n": 6, "role": "either"}, "remove": {"n": 1}, "history": "all"}}),
        ("R25", {"rules": {"admit": {"by": "none", "n": 1}, "remove": {"n": 1}, "history": "all"}}),
        ("R25", {"rules": {"admit": {"by": "none"}, "remove": {"n": 0}, "history": "all"}}),
        ("R25", {"rules": {"admit": {"by": "none"}, "remove": {"n": 1}, "history": {"days": 3651}}}),
        ("R25", {"rules": {"admit": {"by": "none"}, "remove": {"n": 1}, "history": "all", "expire": 60}}),
        ("R25", {"rules": {"admit": {"by": "none"}, "remove": {"n": 1}, "history": "all", "door": "open"}}),
        ("R23", {"quietDays": 7}),
        ("R67", {"parent": {"circle": "hl:" + HEAD, "heads": [HEAD]}}),
    ],
)
def test_a_genesis_of_which_one_thing_is_wrong_is_refused_by_its_rule(rule: str | None, change: dict[str, object]) -> None:
    assert resigned("genesis", "alice key 1", {"object": {**GENESIS, **change}}) == rule


def test_nobodys_person_key_is_another_founders_circle_key() -> None:
    alice, bob = FOUNDERS
    crossed = {**bob, "person": alice["key"], "binding": alice["binding"]}
    assert resigned("genesis", "alice key 1", {"object": {**GENESIS, "founders": [alice, crossed]}}) == "R23"


def test_a_proof_made_at_another_time_is_refused() -> None:
    assert resigned("join-alice", "alice key 1", {}, created="2026-03-01T10:00:02Z") == "R3"


def test_a_refusal_says_its_rule_and_nothing_else() -> None:
    refusal = Refused("R17")
    assert refusal.rule == "R17"
    assert refusal.sentence == "This breaks rule R17 of the protocol of circles."

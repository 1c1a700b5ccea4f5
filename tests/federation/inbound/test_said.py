"""What others say, say again and take back: for whom it is here, what it hangs on, in whatever order it comes."""

from datetime import timedelta
from typing import Any

import pytest

from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Audience, Followers, Public
from fediverse_circle.domain.audience import Person as To
from fediverse_circle.domain.post import Post
from fediverse_circle.store import posts
from tests.strangers import PUBLIC, E, Person, Stage, W


async def post_of(v: Stage, reader: Actor | None, uri: str) -> Post:
    return await posts.visible_by_uri(v.db.pool, reader.id if reader is not None else None, uri)


async def audience_of(v: Stage, uri: str) -> set[Audience]:
    """The audience of a post, as its author (who may always read it) sees it."""
    known = await posts.known(v.db.pool, uri)
    assert known is not None
    return set((await posts.addressing(v.db.pool, await posts.visible_by_uri(v.db.pool, known.author_id, uri))).rows)


async def text_of(v: Stage, reader: Actor | None, uri: str) -> str:
    return (await post_of(v, reader, uri)).content


def later(v: Stage, author: Person, path: str, **changes: object) -> dict[str, Any]:
    """A note said a moment from now."""
    v.clock.pass_by(seconds=1)
    return author.note(path, published=v.clock().isoformat(), **changes)


# To whom


async def test_what_is_for_followers_is_for_those_who_follow_since_before(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    note = later(v, mo, "1")
    await v.deliver(mo.does("Create", note), mo)
    v.clock.pass_by(seconds=1)
    await v.befriend(bo, mo)
    assert await v.home(ana) == [note["id"]]
    assert await v.read(bo) == await v.read(None) == []


@pytest.mark.parametrize(
    ("to", "cc", "listed"),
    [([PUBLIC], ["{followers}"], True), (["as:Public"], [], True), ("Public", [], True), (["{followers}"], [PUBLIC], False)],
)
async def test_what_is_public_is_for_everybody(v: Stage, ana: Actor, mo: Person, to: Any, cc: Any, listed: bool) -> None:
    def filled(names: Any) -> Any:
        return [name.format(followers=mo.followers) for name in names] if isinstance(names, list) else names

    await v.befriend(ana, mo)
    note = later(v, mo, "1", to=filled(to), cc=filled(cc))
    await v.deliver(mo.does("Create", note), mo)
    assert await v.read(None) == [note["id"]]
    assert (await post_of(v, None, note["id"])).listed is listed


async def test_a_letter_is_for_those_it_names_and_rings_if_it_tags_them(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    note = later(v, mo, "1", to=[ana.uri], cc=[bo.uri], tag={"type": "Mention", "href": ana.uri})
    await v.deliver(mo.does("Create", note), mo)
    assert await v.read(ana) == await v.read(bo) == [note["id"]]
    assert await v.read(None) == []
    assert (await v.told(ana), await v.told(bo)) == ([("mention", await v.known(mo))], [])


async def test_who_is_tagged_and_not_addressed_reads_nothing(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    note = later(v, mo, "1", to=[bo.uri], tag=[{"type": "Mention", "href": ana.uri}, {"type": "Mention", "href": bo.uri}])
    await v.deliver(mo.does("Create", note), mo)
    assert await v.read(ana) == await v.told(ana) == []
    assert await v.read(bo) == [note["id"]]


async def test_somebody_elsewhere_whom_we_know_belongs_to_the_audience(v: Stage, ana: Actor, mo: Person, nell: Person) -> None:
    note = later(v, mo, "1", to=[ana.uri, nell.id], tag=[{"type": "Mention", "href": name} for name in (ana.uri, nell.id)])
    await v.deliver(mo.does("Create", note), mo)
    assert await audience_of(v, note["id"]) == {To(ana.id), To(await v.known(nell))}


async def test_somebody_elsewhere_whom_we_do_not_know_is_asked_for_if_named_in_private(v: Stage, ana: Actor, mo: Person) -> None:
    new = Person(E, "new")
    v.strangers[E].welcome(new)
    tags = [{"type": "Mention", "href": name} for name in (ana.uri, new.id)]
    await v.deliver(mo.does("Create", later(v, mo, "1", to=[PUBLIC], cc=[ana.uri, new.id], tag=tags)), mo)
    assert v.strangers[E].asked == []
    note = later(v, mo, "2", to=[ana.uri, new.id], tag=tags)
    await v.deliver(mo.does("Create", note), mo)
    assert await audience_of(v, note["id"]) == {To(ana.id), To(await v.known(new))}


async def test_the_address_of_the_note_counts_before_that_of_the_activity(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    note = later(v, mo, "1", to=[ana.uri])
    await v.deliver(mo.does("Create", note, to=[PUBLIC], cc=[bo.uri]), mo)
    assert await audience_of(v, note["id"]) == {To(ana.id)}
    bare = later(v, mo, "2", to=[], cc=[])
    await v.deliver(mo.does("Create", bare, to=[bo.uri]), mo)
    assert await audience_of(v, bare["id"]) == {To(bo.id)}


@pytest.mark.parametrize("place", ["audience", "bto", "bcc"])
async def test_what_counts_nowhere_counts_nowhere(v: Stage, ana: Actor, bo: Actor, mo: Person, place: str) -> None:
    note = later(v, mo, "1", to=[ana.uri], **{place: [bo.uri, PUBLIC]})
    await v.deliver(mo.does("Create", note, **{place: [bo.uri, PUBLIC]}), mo)
    assert await audience_of(v, note["id"]) == {To(ana.id)}
    assert place not in str(await v.db.pool.fetch("select * from received"))


async def test_anothers_followers_count_in_an_answer_to_them_alone(v: Stage, ana: Actor, bo: Actor, mo: Person, nell: Person) -> None:
    await v.befriend(ana, mo)
    await v.befriend(bo, nell)
    await v.followed_by(nell, ana)
    parent = await v.says(ana, Followers(ana.id))
    answer = later(v, nell, "1", to=[f"{ana.uri}/followers"], cc=[ana.uri], inReplyTo=parent.uri)
    await v.deliver(nell.does("Create", answer), nell)
    assert await audience_of(v, answer["id"]) == {Followers(ana.id), To(ana.id)}
    lone = later(v, nell, "2", to=[f"{ana.uri}/followers"], cc=[ana.uri])
    await v.deliver(nell.does("Create", lone), nell)
    assert await audience_of(v, lone["id"]) == {To(ana.id)}
    foreign = later(v, nell, "3", to=[mo.followers, nell.followers])
    await v.deliver(nell.does("Create", foreign), nell)
    assert await audience_of(v, foreign["id"]) == {Followers(await v.known(nell))}


async def test_what_names_nobody_is_for_the_owner_of_the_inbox_and_of_each_further_one(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    note = later(v, mo, "1", to=["https://w.example/circles/1"])
    create = mo.does("Create", note)
    await v.deliver(create, mo)
    assert await posts.known(v.db.pool, note["id"]) is None
    await v.deliver(create, mo, f"{ana.uri}/inbox")
    assert await v.read(ana) == [note["id"]]
    assert await v.read(bo) == []
    await v.deliver(create, mo, f"{bo.uri}/inbox")
    assert await v.read(bo) == [note["id"]]
    assert await audience_of(v, note["id"]) == {To(ana.id), To(bo.id)}


async def test_a_second_inbox_opens_nothing_that_names_its_readers(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    create = mo.does("Create", later(v, mo, "1", to=[ana.uri]))
    for inbox in ("/inbox", f"{ana.uri}/inbox", f"{bo.uri}/inbox"):
        await v.deliver(create, mo, inbox)
    assert await v.read(bo) == []


async def test_what_concerns_nobody_here_is_not_stored(v: Stage, ana: Actor, mo: Person) -> None:
    before = await v.footprint()
    await v.deliver(mo.does("Create", later(v, mo, "1", to=[PUBLIC])), mo)
    await v.deliver(mo.does("Create", later(v, mo, "2", to=[mo.followers])), mo, f"{ana.uri}/inbox")
    assert await v.footprint() == before


async def test_what_comes_before_the_acceptance_it_belongs_to_is_not_lost(v: Stage, ana: Actor, mo: Person) -> None:
    follow = await v.befriend(ana, mo)
    await v.db.pool.fetch("update follow set state = 'requested', reads_from = null returning id")
    accept = mo.does("Accept", follow.uri, published=v.clock().isoformat())
    note = later(v, mo, "1")
    await v.deliver(mo.does("Create", note), mo)
    assert await v.read(ana) == []
    await v.deliver(accept, mo)
    assert await v.home(ana) == [note["id"]]


# What it is


async def test_words_are_sanitised_and_what_is_attached_becomes_a_link(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    picture = {"type": "Document", "mediaType": "image/png", "url": "https://w.example/1.png", "name": 'A "cat" <b>'}
    note = later(
        v, mo, "1", content="<p onclick='x()'>hi<script>alert(1)</script></p>", summary="Careful\x00 now", sensitive=True,
        contentMap={"de": "<p onclick='x()'>hi<script>alert(1)</script></p>"}, attachment=[picture], url="https://w.example/@mo/1",
    )  # fmt: skip
    await v.deliver(mo.does("Create", note), mo)
    post = await post_of(v, ana, note["id"])
    assert post.content == ('<p>hi</p><p><a href="https://w.example/1.png" rel="nofollow noopener noreferrer">A "cat" &lt;b&gt;</a></p>')
    assert (post.summary, post.sensitive, post.language, post.url) == ("Careful now", True, "de", "https://w.example/@mo/1")
    assert v.strangers[W].asked == []


async def test_its_page_is_at_its_own_origin_or_nowhere(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    note = later(v, mo, "1", url="https://e.example/login")
    await v.deliver(mo.does("Create", note), mo)
    assert (await post_of(v, ana, note["id"])).url is None


async def test_nothing_is_said_in_the_future_and_backdating_narrows(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    ahead = mo.note("1", published=(v.clock() + timedelta(days=1)).isoformat())
    behind = mo.note("2", published=(v.clock() - timedelta(days=1)).isoformat())
    for note in (ahead, behind):
        await v.deliver(mo.does("Create", note), mo)
    assert await v.read(ana) == [ahead["id"]]
    assert (await post_of(v, ana, ahead["id"])).said_at == v.clock()


async def test_a_vote_is_no_post(v: Stage, ana: Actor, mo: Person) -> None:
    poll = await v.says(ana, Public())
    vote = {"id": mo.thing("votes/1"), "type": "Note", "attributedTo": mo.id, "name": "yes", "inReplyTo": poll.uri, "to": ana.uri}
    await v.deliver(mo.does("Create", vote), mo)
    assert await v.read(ana) == [poll.uri]


async def test_a_note_named_by_its_id_is_asked_for_by_a_reader(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    note = later(v, mo, "1")
    v.strangers[W].say(note["id"], note, only_for=frozenset({f"{ana.uri}#main-key"}))
    await v.deliver(mo.does("Create", note["id"], to=[mo.followers]), mo)
    assert await v.home(ana) == [note["id"]]
    assert v.strangers[W].asked == [("GET", "/users/mo/1")]


async def test_a_note_that_cannot_be_had_now_is_had_later(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    note = later(v, mo, "1")
    v.strangers[W].say(note["id"], note)
    v.strangers[W].down = True
    assert (await v.post(mo.does("Create", note["id"]), mo)).status == 202
    [job] = await v.db.pool.fetch("select kind from job")
    assert job["kind"] == "Understand"
    v.strangers[W].down = False
    v.clock.pass_by(minutes=6)
    await v.settle()
    assert await v.home(ana) == [note["id"]]
    assert await v.db.pool.fetchval("select count(*) from job") == 0


# What it answers


async def test_an_answer_hangs_on_its_parent_if_its_author_may_read_that(v: Stage, ana: Actor, mo: Person, nell: Person) -> None:
    await v.followed_by(mo, ana)
    parent = await v.says(ana, Followers(ana.id))
    for author, hangs in ((mo, True), (nell, False)):
        note = later(v, author, "1", to=[ana.uri], inReplyTo=parent.uri)
        await v.deliver(author.does("Create", note), author)
        answer = await post_of(v, ana, note["id"])
        assert (answer.in_reply_to == parent.id, answer.in_reply_to_uri) == (hangs, parent.uri)


async def test_a_parent_that_is_unknown_is_asked_for_by_a_reader(v: Stage, ana: Actor, mo: Person, nell: Person) -> None:
    await v.befriend(ana, mo)
    await v.befriend(ana, nell)
    parent = nell.note("0", published=v.clock().isoformat(), to=[PUBLIC])
    v.strangers[W].say(parent["id"], parent)
    note = later(v, mo, "1", to=[PUBLIC], inReplyTo=parent["id"])
    await v.deliver(mo.does("Create", note), mo)
    assert (await post_of(v, ana, note["id"])).in_reply_to == (await post_of(v, ana, parent["id"])).id
    assert v.strangers[W].signers == [f"{ana.uri}#main-key"]
    assert await v.home(ana) == [note["id"]]  # what was only looked up is in no home until it comes itself
    await v.deliver(nell.does("Create", parent), nell)
    assert set(await v.home(ana)) == {note["id"], parent["id"]}


async def test_a_parent_that_is_for_nobody_here_is_not_kept(v: Stage, ana: Actor, bo: Actor, mo: Person, nell: Person) -> None:
    await v.befriend(ana, mo)
    parent = nell.note("0", to=[nell.followers])
    v.strangers[W].say(parent["id"], parent)  # shown although nobody here may see it
    note = later(v, mo, "1", inReplyTo=parent["id"])
    await v.deliver(mo.does("Create", note), mo)
    assert await posts.known(v.db.pool, parent["id"]) is None
    answer = await post_of(v, ana, note["id"])
    assert (answer.in_reply_to, answer.in_reply_to_uri) == (None, parent["id"])


async def test_a_parent_that_cannot_be_had_holds_nothing_up_and_is_not_asked_for_by_everybody(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    notes = [later(v, mo, str(number), inReplyTo=mo.thing("gone")) for number in range(3)]
    for note in notes:
        await v.deliver(mo.does("Create", note), mo)
    assert set(await v.read(ana)) == {note["id"] for note in notes}
    assert v.strangers[W].asked == [("GET", "/users/mo/gone")]


async def test_an_answer_that_comes_first_comes_home_with_its_parent(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    parent = later(v, mo, "1")
    answer = later(v, mo, "2", inReplyTo=parent["id"])
    await v.deliver(mo.does("Create", answer), mo)
    assert await v.home(ana) == []
    await v.deliver(mo.does("Create", parent), mo)
    assert set(await v.home(ana)) == {answer["id"], parent["id"]}
    assert (await post_of(v, ana, answer["id"])).in_reply_to == (await post_of(v, ana, parent["id"])).id


async def test_an_answer_does_not_hang_on_a_parent_that_comes_later_and_is_not_for_its_author(
    v: Stage, ana: Actor, mo: Person, nell: Person
) -> None:
    await v.befriend(ana, mo)
    parent = later(v, mo, "1")
    answer = later(v, nell, "2", to=[ana.uri], inReplyTo=parent["id"])
    await v.deliver(nell.does("Create", answer), nell)
    await v.deliver(mo.does("Create", parent), mo)
    assert (await post_of(v, ana, answer["id"])).in_reply_to is None


async def test_a_long_line_of_unknown_parents_is_not_followed_to_its_end(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    for number in range(100):
        v.strangers[W].say(mo.thing(str(number)), mo.note(str(number), to=[PUBLIC], inReplyTo=mo.thing(str(number + 1))))
    await v.deliver(mo.does("Create", later(v, mo, "top", inReplyTo=mo.thing("0"))), mo)
    assert len(v.strangers[W].asked) < 10


# Again, and no more


async def say(v: Stage, author: Person, path: str, **changes: object) -> dict[str, Any]:
    note = later(v, author, path, **changes)
    await v.deliver(author.does("Create", note), author)
    return note


async def test_an_edit_changes_the_words_and_nothing_else(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    note = await say(v, mo, "1")
    v.clock.pass_by(minutes=1)
    edited = note | {"content": "<p>better</p>", "updated": v.clock().isoformat(), "to": [PUBLIC, bo.uri], "inReplyTo": mo.thing("0")}
    await v.deliver(mo.does("Update", edited), mo)
    post = await post_of(v, ana, note["id"])
    assert (post.content, post.edited_at, post.in_reply_to_uri) == ("<p>better</p>", v.clock(), None)
    assert await audience_of(v, note["id"]) == {Followers(await v.known(mo))}
    assert await v.read(bo) == await v.read(None) == []


async def test_edits_come_in_any_order_and_the_last_said_stays(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    note = await say(v, mo, "1")
    times = [(v.clock() + timedelta(seconds=second)).isoformat() for second in range(3)]
    v.clock.pass_by(minutes=1)
    for words, time in (("second", times[1]), ("third", times[2]), ("first", times[0])):
        v.clock.pass_by(seconds=1)
        await v.deliver(mo.does("Update", note | {"content": words, "updated": time}, "the/only/id"), mo)
    assert await text_of(v, ana, note["id"]) == "third"
    await v.deliver(mo.does("Update", note | {"content": "third again", "updated": times[2]}, "the/only/id"), mo)
    assert await text_of(v, ana, note["id"]) == "third again"


async def test_an_edit_that_comes_first_fetches_what_it_edits(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    note = later(v, mo, "1")
    edited = note | {"content": "better", "updated": v.clock().isoformat()}
    v.strangers[W].say(note["id"], edited, only_for=frozenset({f"{ana.uri}#main-key"}))
    await v.deliver(mo.does("Update", edited | {"to": [PUBLIC]}), mo)
    assert await text_of(v, ana, note["id"]) == "better"
    assert await v.read(None) == []
    await v.deliver(mo.does("Create", note), mo)
    assert await text_of(v, ana, note["id"]) == "better"


async def test_an_edit_of_something_old_that_never_came_is_nothing(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    old = mo.note("1", published=(v.clock() - timedelta(days=2)).isoformat(), updated=v.clock().isoformat())
    await v.deliver(mo.does("Update", old), mo)
    assert v.strangers[W].asked == []


async def test_an_edit_names_somebody_new_who_reads_nothing_of_it(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    note = await say(v, mo, "1")
    tags = [{"type": "Mention", "href": name} for name in (ana.uri, bo.uri)]
    v.clock.pass_by(seconds=1)
    await v.deliver(mo.does("Update", note | {"updated": v.clock().isoformat(), "tag": tags, "cc": [ana.uri, bo.uri]}), mo)
    assert await v.read(bo) == await v.told(bo) == []
    assert await v.told(ana) == [("mention", await v.known(mo))]


@pytest.mark.parametrize("left", ["a bare id", "a tombstone", "the note"])
async def test_what_is_taken_back_is_gone_and_does_not_come_back(v: Stage, ana: Actor, mo: Person, left: str) -> None:
    await v.befriend(ana, mo)
    note = await say(v, mo, "1", cc=[ana.uri], tag=[{"type": "Mention", "href": ana.uri}])
    forms: dict[str, object] = {"a bare id": note["id"], "a tombstone": {"type": "Tombstone", "id": note["id"]}, "the note": note}
    await v.deliver(mo.does("Delete", forms[left]), mo)
    assert await v.read(ana) == await v.home(ana) == await v.told(ana) == []
    await v.deliver(mo.does("Create", note, "create/again"), mo)
    v.clock.pass_by(seconds=1)
    await v.deliver(mo.does("Update", note | {"updated": v.clock().isoformat()}), mo)
    assert await v.read(ana) == []
    assert "words" not in str(await v.db.pool.fetch("select to_jsonb(t)::text from only post t"))


async def test_what_is_taken_back_before_it_comes_never_comes(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    await v.deliver(mo.does("Delete", mo.thing("1")), mo)
    await say(v, mo, "1")
    assert await v.read(ana) == []


async def test_what_was_kept_without_being_understood_is_taken_back_too(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    poll = await say(v, mo, "1", type="Question", content="a private question", oneOf=[{"type": "Note", "name": "yes"}])
    assert "a private question" in str(await v.db.pool.fetch("select convert_from(body, 'utf-8') from received"))
    await v.deliver(mo.does("Delete", poll["id"]), mo)
    assert await v.db.pool.fetchval("select count(*) from received where body is not null") == 0


async def test_who_leaves_takes_all_words_along(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    await say(v, mo, "1")
    await say(v, mo, "2", type="Question")
    await v.deliver(mo.does("Delete", mo.id), mo)
    assert await v.read(ana) == await v.home(ana) == []
    assert await v.db.pool.fetchval("select count(*) from received where body is not null") == 0
    [them] = await v.db.pool.fetch("select name, note, deleted_at from actor where uri = $1", mo.id)
    assert (them["name"], them["note"], them["deleted_at"]) == ("", "", v.clock())


# Who it is from


async def test_a_profile_is_the_actors_own_word_but_its_keys_are_asked_for(v: Stage, ana: Actor, mo: Person) -> None:
    await v.deliver(mo.does("Update", mo.document(name="Mo the second", summary="<p>new<script>x</script></p>")), mo)
    them = await v.actor(mo)
    assert them is not None
    assert (them.name, them.note) == ("Mo the second", "<p>new</p>")
    assert v.strangers[W].asked == []


async def test_a_new_name_is_asked_for_where_it_is_borne(v: Stage, mo: Person) -> None:
    renamed = mo.document(preferredUsername="momo")
    v.strangers[W].say(mo.id, renamed)
    v.strangers[W].name("momo", mo.id)
    await v.deliver(mo.does("Update", renamed), mo)
    them = await v.actor(mo)
    assert them is not None
    assert (them.username, them.host) == ("momo", W)
    assert [place for _, place in v.strangers[W].asked] == ["/users/mo", "/.well-known/webfinger?resource=acct:momo@w.example"]

"""Attacks on what is said, by whom, and about what: rows 20 to 37 of the list."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from fediverse_circle.actions import following
from fediverse_circle.federation import lookup
from fediverse_circle.store import follows, posts
from fediverse_circle.store.db import begin
from tests.attacks.conftest import Cast
from tests.strangers import PUBLIC, E, Person, Stage, V, W


async def refused(v: Stage, activity: dict[str, Any], by: Person, *inboxes: str, statuses: frozenset[int] = frozenset({202})) -> None:
    """Delivered to each of these inboxes, with nothing whatsoever happening."""
    for inbox in inboxes or ("/inbox",):
        v.clock.pass_by(seconds=1)
        async with v.unmoved():
            assert (await v.post(activity, by, inbox)).status in statuses


@pytest.mark.parametrize("home", [W, V, "e.example:444", "sub.e.example"])
@pytest.mark.parametrize("author", ["mallory", "mo"])
async def test_020_object_at_another_origin(v: Stage, cast: Cast, home: str, author: str) -> None:
    claimed: Person = getattr(cast, author)
    note = {**claimed.note("20", to=[cast.mia.uri, PUBLIC]), "id": f"https://{home}/users/mo/20"}
    await refused(v, cast.mallory.does("Create", note), cast.mallory, "/inbox", f"{cast.mia.uri}/inbox")
    await refused(v, cast.mallory.does("Create", note["id"], to=[cast.mia.uri]), cast.mallory)
    await refused(v, cast.mallory.does("Update", note), cast.mallory)


@pytest.mark.parametrize("shape", ["another", "two", "two, the right one first", "nested", "missing", "empty"])
async def test_021_attributed_to_is_not_the_actor(v: Stage, cast: Cast, shape: str) -> None:
    mallory = cast.mallory
    note = mallory.note("21", to=[cast.mia.uri])
    shapes: dict[str, object] = {
        "another": cast.mo.id,
        "two": [cast.mo.id, mallory.id],
        "two, the right one first": [mallory.id, cast.mo.id],
        "nested": {"type": "Person", "id": mallory.id},
        "empty": [],
    }
    del note["attributedTo"]
    note |= {"attributedTo": shapes[shape]} if shape in shapes else {}
    await refused(v, mallory.does("Create", note), mallory, "/inbox", f"{cast.mia.uri}/inbox")


async def test_022_update_of_another_post(v: Stage, cast: Cast) -> None:
    for target, author in ((cast.private.uri, cast.alice.uri), (cast.theirs, cast.mo.id)):
        for claimed in (author, cast.mallory.id):
            note = cast.mallory.note("x", attributedTo=claimed, content="stolen", updated=(v.clock() + timedelta(minutes=1)).isoformat())
            await refused(v, cast.mallory.does("Update", {**note, "id": target}), cast.mallory)
    neighbour = cast.nell.note("x", content="stolen") | {"id": cast.theirs}
    await refused(v, cast.nell.does("Update", neighbour), cast.nell)
    assert (await posts.visible_by_uri(v.db.pool, cast.mia.id, cast.theirs)).content == "<p>theirs</p>"


@pytest.mark.parametrize(
    "addressed", [[PUBLIC], ["https://v.example/users/nora"], ["https://v.example/users/alice/followers"], ["as:Public"]]
)
async def test_023_update_never_widens(v: Stage, cast: Cast, addressed: list[str]) -> None:
    before = await posts.addressing(v.db.pool, await posts.visible_by_uri(v.db.pool, cast.mia.id, cast.theirs))
    readers = {name: await v.read(getattr(cast, name)) for name in ("alice", "nora")}
    v.clock.pass_by(minutes=1)
    tags = [{"type": "Mention", "href": name} for name in (cast.nora.uri, cast.alice.uri)]
    wider = cast.mo.note("1", to=addressed, cc=addressed, tag=tags, updated=v.clock().isoformat(), inReplyTo=cast.private.uri)
    await v.deliver(cast.mo.does("Update", wider, to=addressed), cast.mo, f"{cast.nora.uri}/inbox")
    post = await posts.visible_by_uri(v.db.pool, cast.mia.id, cast.theirs)
    assert post.content == "<p>words</p>"
    assert (await posts.addressing(v.db.pool, post), post.in_reply_to) == (before, None)
    assert {name: await v.read(getattr(cast, name)) for name in readers} == readers
    assert await v.read(None) == await v.told(cast.nora) == await v.told(cast.alice) == []


async def test_023_create_again_never_widens(v: Stage, cast: Cast) -> None:
    for path, to in (("again/1", [PUBLIC]), ("again/2", [cast.nora.uri])):
        await v.deliver(cast.mo.does("Create", cast.mo.note("1", to=to), path), cast.mo)
    assert cast.theirs not in await v.read(None) + await v.read(cast.nora)


async def test_024_older_update_and_update_after_delete(v: Stage, cast: Cast) -> None:
    said = v.clock() + timedelta(minutes=2)
    v.clock.pass_by(minutes=5)
    newer = cast.mo.note("1", content="newer", updated=said.isoformat())
    await v.deliver(cast.mo.does("Update", newer), cast.mo)
    older = cast.mo.note("1", content="older", updated=(said - timedelta(seconds=1)).isoformat())
    await refused(v, cast.mo.does("Update", older, "u/older"), cast.mo)
    await v.deliver(cast.mo.does("Delete", cast.theirs), cast.mo)
    again = cast.mo.note("1", content="again", updated=v.clock().isoformat())
    await refused(v, cast.mo.does("Update", again, "u/again"), cast.mo)
    assert await v.read(cast.mia) == [cast.private.uri]


async def test_025_delete_of_what_is_not_ones_own(v: Stage, cast: Cast) -> None:
    for thing in (cast.theirs, cast.private.uri, cast.mo.id, cast.alice.uri, cast.mo.key_id):
        for form in (
            thing,
            {"type": "Tombstone", "id": thing, "formerType": "Note"},
            {"type": "Tombstone", "id": thing, "formerType": "Person"},
        ):
            await refused(v, cast.mallory.does("Delete", form, f"d/{len(str(form))}"), cast.mallory)
    for form in (cast.theirs, {"type": "Tombstone", "id": cast.theirs}):
        await refused(v, cast.nell.does("Delete", form, f"d/{len(str(form))}"), cast.nell)
    before = await v.read(cast.mia)
    await v.deliver(cast.nell.does("Delete", cast.mo.id), cast.nell)  # of one origin, and still not hers
    assert await v.read(cast.mia) == before
    assert await follows.of_pair(v.db.pool, cast.mia.id, await v.known(cast.mo)) is not None


@pytest.mark.parametrize("kind", ["Follow", "Like", "Announce", "Block"])
async def test_026_undo_of_anothers_deed(v: Stage, cast: Cast, kind: str) -> None:
    about = cast.alice.uri if kind in ("Follow", "Block") else cast.private.uri
    await v.followed_by(cast.nell, cast.alice)
    deed = cast.mo.does(kind, about, "follows/alice")
    for thing in (deed, {**deed, "actor": cast.mallory.id}, deed["id"]):
        await refused(v, cast.mallory.does("Undo", thing, f"u/{len(str(thing))}"), cast.mallory)
        await refused(v, cast.nell.does("Undo", thing, f"u/{len(str(thing))}"), cast.nell)
    assert await follows.of_pair(v.db.pool, await v.known(cast.mo), cast.alice.id) is not None


@pytest.mark.parametrize("kind", ["Accept", "Reject"])
async def test_027_answer_to_a_request_to_another(v: Stage, cast: Cast, kind: str) -> None:
    lock = await v.actor(cast.nell)
    assert lock is not None
    async with begin(v.db) as tx:
        asked = await following.request(tx, v.clock(), cast.mia, lock)
    whole = {"type": "Follow", "id": asked.uri, "actor": cast.mia.uri, "object": cast.nell.id}
    for by in (cast.mallory, cast.mo):
        for thing in (whole, {**whole, "object": by.id}, asked.uri, {**whole, "id": by.thing("f")}):
            await refused(v, by.does(kind, thing, f"{kind}/{len(str(thing))}"), by)
    found = await follows.of_pair(v.db.pool, cast.mia.id, lock.id)
    assert found is not None
    assert found.state == "requested"


@pytest.mark.parametrize("kind", ["Remove", "Leave", "Add", "Invite", "Accept", "Reject"])
async def test_028_029_deeds_about_a_circle_by_nobody_in_it(v: Stage, cast: Cast, kind: str) -> None:
    circle = f"https://{V}/circles/1"
    for thing in (cast.mia.uri, {"type": "Invite", "id": f"{circle}/i", "actor": circle, "object": cast.nell.id}):
        for by in (cast.nell, cast.mallory):
            await refused(v, by.does(kind, thing, f"{kind}/{len(str(thing))}", target=circle), by)


async def test_030_move_takes_nobody_along(v: Stage, cast: Cast) -> None:
    for changes in ({}, {"alsoKnownAs": [cast.mo.id]}):
        v.strangers[E].say(cast.mallory.id, cast.mallory.document(**changes))
        move = cast.mo.does("Move", cast.mo.id, f"m/{len(changes)}", target=cast.mallory.id)
        await refused(v, move, cast.mo)
    assert await follows.of_pair(v.db.pool, cast.mia.id, await v.known(cast.mallory)) is None


@pytest.mark.parametrize("by", ["mo", "nell", "mallory"])
async def test_031_announce_of_a_private_post(v: Stage, cast: Cast, by: str) -> None:
    who: Person = getattr(cast, by)
    inlined = {"type": "Note", "id": cast.private.uri, "attributedTo": cast.alice.uri, "to": [PUBLIC], "content": "secret"}
    for thing in (cast.private.uri, cast.theirs, inlined):
        await refused(v, who.does("Announce", thing, f"a/{len(str(thing))}", to=[PUBLIC]), who)
    assert await v.read(None) == []


@pytest.mark.parametrize("kind", ["Like", "EmojiReact", "QuoteRequest", "Flag", "Add"])
async def test_032_033_reactions_to_what_one_may_not_read(v: Stage, cast: Cast, kind: str) -> None:
    answers = []
    for thing in (cast.private.uri, cast.never):
        activity = cast.nell.does(kind, thing, f"r/{thing == cast.never}", content=":x:", target=f"{cast.nell.id}/featured")
        v.clock.pass_by(seconds=1)
        async with v.unmoved():
            answers.append((await v.post(activity, cast.nell)).face)
    assert answers[0] == answers[1]
    assert await v.told(cast.alice) == []


async def test_033_a_vote_on_what_one_may_not_read(v: Stage, cast: Cast) -> None:
    for thing in (cast.private.uri, cast.never):
        vote = cast.nell.note("v", name="yes", inReplyTo=thing, to=[cast.alice.uri]) | {"content": None}
        await refused(v, cast.nell.does("Create", vote, f"v/{thing == cast.never}"), cast.nell)


IDS: list[object] = [
    ["https://e.example/1"],
    {"id": "https://e.example/1"},
    7,
    None,
    "",
    "https://e.example/" + "x" * 10_000,
    "javascript:alert(1)",
    "data:text/plain,x",
    "bear:?u=https://e.example/1&t=x",
    "e.example/1",
    "https://e.example/users/mallory/34#x",
    "https://e.example/users/mallory/34 ",
    "HTTPS://e.example/users/mallory/34",
]


@pytest.mark.parametrize("strange", IDS)
async def test_034_ids_that_are_none(v: Stage, cast: Cast, strange: object) -> None:
    mallory = cast.mallory
    note = mallory.note("34", to=[cast.mia.uri])
    either = frozenset({202, 400})
    await refused(v, mallory.does("Create", {**note, "id": strange}), mallory, statuses=either)
    if not isinstance(strange, str) or "#" not in strange:  # activities, other than things, may be parts of documents
        await refused(v, {**mallory.does("Create", note), "id": strange}, mallory, statuses=either)
    await refused(v, mallory.does("Follow", strange), mallory, statuses=either)
    await refused(
        v, mallory.does("Delete", {"type": "Tombstone", "id": strange} if "#" not in str(strange) else 7), mallory, statuses=either
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "bear:?u=x", "//e.example", "vbscript:x"])
async def test_034_links_to_other_than_pages(v: Stage, cast: Cast, url: str) -> None:
    mallory = cast.mallory
    note = mallory.note(
        "34", to=[cast.mia.uri], url=url, content=f'<a href="{url}">x</a>', attachment=[{"type": "Image", "url": url, "name": "n"}]
    )
    await v.deliver(mallory.does("Create", note), mallory)
    post = await posts.visible_by_uri(v.db.pool, cast.mia.id, note["id"])
    assert post.url is None
    assert "href" not in post.content
    v.strangers[E].say(mallory.id, mallory.document(url=url, icon={"type": "Image", "url": url}, image=url))
    await v.deliver(mallory.does("Update", mallory.document(url=url, icon={"type": "Image", "url": url}, image=url)), mallory)
    them = await v.actor(mallory)
    assert them is not None
    assert (them.url, them.avatar, them.header) == (None, None, None)


@pytest.mark.parametrize("extra", [{}, {"signature": {"type": "RsaSignature2017", "creator": "https://w.example/users/mo#main-key"}}])
@pytest.mark.parametrize(
    "proof", [{}, {"proof": {"type": "DataIntegrityProof", "verificationMethod": "https://w.example/users/mo#ed25519-key"}}]
)
async def test_035_forwarded_words(v: Stage, cast: Cast, extra: dict[str, object], proof: dict[str, object]) -> None:
    create = cast.mo.does("Create", cast.mo.note("35", to=[cast.mia.uri])) | proof | extra
    delete = cast.mo.does("Delete", cast.theirs) | proof | extra
    for activity in (create, delete):
        await refused(v, activity, cast.mallory, statuses=frozenset({202 if extra or proof else 401}))
    assert await v.db.pool.fetchval("select count(*) from received where signer_id = $1", await v.known(cast.mallory)) == 0


REDIRECTS = [
    f"https://{E}/stolen",
    f"https://{V}/users/alice",
    f"http://{W}/plain",
    "https://127.0.0.2/x",
    "https://[::1]/x",
    f"https://{W}/loop",
]


@pytest.mark.parametrize("leads_to", REDIRECTS)
async def test_036_an_object_that_is_elsewhere(v: Stage, cast: Cast, leads_to: str) -> None:
    note = cast.mo.note("36", to=[PUBLIC])
    v.strangers[W].moved |= {"/users/mo/36": leads_to, "/loop": f"https://{W}/loop"}
    v.strangers[E].say(f"https://{E}/stolen", note)
    async with v.unmoved(but_asking=[W, E]):
        assert (await v.post(cast.mo.does("Create", note["id"], to=[cast.mia.uri]), cast.mo)).status == 202
        await v.settle()
        assert await lookup.by_url(v.here, cast.mia.id, note["id"]) is None
    assert len(v.strangers[W].asked) <= 8


async def test_036_twenty_hops(v: Stage, cast: Cast) -> None:
    note = cast.mo.note("36", to=[PUBLIC])
    v.strangers[W].moved["/users/mo/36"] = f"https://{W}/hop/1"
    for hop in range(1, 20):
        v.strangers[W].moved[f"/hop/{hop}"] = f"https://{W}/hop/{hop + 1}"
    v.strangers[W].say(f"https://{W}/hop/20", note)
    async with v.unmoved(but_asking=[W]):
        assert await lookup.by_url(v.here, cast.mia.id, note["id"]) is None
    assert len(v.strangers[W].asked) <= 4


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "text/html",
        "text/plain",
        "application/ld+json",
        'application/ld+json; profile="https://www.w3.org/ns/json-ld"',
        "application/activity+json-x",
        "image/png",
        "",
    ],
)
async def test_037_an_upload_that_looks_like_a_document(v: Stage, cast: Cast, kind: str) -> None:
    note = cast.mo.note("37", to=[PUBLIC])
    v.strangers[W].say(note["id"], note, kind=kind)
    async with v.unmoved(but_asking=[W]):
        assert (await v.post(cast.mo.does("Create", note["id"], to=[cast.mia.uri]), cast.mo)).status == 202
        await v.settle()
        assert await lookup.by_url(v.here, cast.mia.id, note["id"]) is None
    page = b"<html><body><script type='application/activity+json'>" + msgspec.json.encode(note) + b"</script></body></html>"
    v.strangers[W].say(cast.mo.thing("page"), page)
    async with v.unmoved(but_asking=[W]):
        assert await lookup.by_url(v.here, cast.mia.id, cast.mo.thing("page")) is None

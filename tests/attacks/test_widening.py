"""Attacks that would widen an audience: rows 46, 59 to 66 of the list, as far as there is something to widen.

mo's post is for his followers, mia among them; nora follows nobody.
"""

from typing import Any

import msgspec
import pytest

from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Followers
from fediverse_circle.store import follows, posts
from fediverse_circle.store.db import begin
from tests.attacks.conftest import Cast
from tests.strangers import PUBLIC, Answer, Stage


async def app(v: Stage, who: Actor, method: str, path: str, **form: object) -> Answer:
    """What a client of somebody here is answered."""
    headers = {"Authorization": f"Bearer {await v.token(who)}", "Content-Type": "application/json"}
    return await v.ask(method, path, headers, msgspec.json.encode(form) if form else None)


async def shown(v: Stage, who: Actor, uri: str) -> Any:
    """A post as a client of somebody here sees it."""
    post = await posts.visible_by_uri(v.db.pool, who.id, uri)
    return (await app(v, who, "GET", f"/api/v1/statuses/{post.id}")).json


async def test_046_an_answer_to_what_one_may_not_see(v: Stage, cast: Cast) -> None:
    """The answer is for everybody, what it answers is not: nothing of it shows."""
    public = cast.nell.note("46", to=[PUBLIC, cast.nora.uri], inReplyTo=cast.theirs, content="<p>open answer</p>")
    await v.deliver(cast.nell.does("Create", public), cast.nell)
    seen = await shown(v, cast.nora, public["id"])
    assert (seen["in_reply_to_id"], seen["in_reply_to_account_id"]) == (None, None)
    context = (await app(v, cast.nora, "GET", f"/api/v1/statuses/{seen['id']}/context")).json
    assert context == {"ancestors": [], "descendants": []}


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct", "limited", None])
async def test_059_an_answer_asked_to_be_wider(v: Stage, cast: Cast, visibility: str | None) -> None:
    """nora follows mia, who answers: that is no reason to read what is said among mo's followers."""
    async with begin(v.db) as tx:
        await follows.request(tx, v.clock(), cast.nora.id, cast.mia.id, f"https://{v.host}/activities/nora")
        await follows.accept(tx, cast.nora.id, cast.mia.id, v.clock())
    parent = await posts.visible_by_uri(v.db.pool, cast.mia.id, cast.theirs)
    form = {"status": "an answer", "in_reply_to_id": str(parent.id)} | ({"visibility": visibility} if visibility else {})
    answer = (await app(v, cast.mia, "POST", "/api/v1/statuses", **form)).json
    assert answer["visibility"] in ("private", "direct")
    before = await v.read(cast.nora), await v.read(None)
    assert answer["uri"] not in before[0] + before[1]
    edited = await app(
        v, cast.mia, "PUT", f"/api/v1/statuses/{answer['id']}", status="wider now?", visibility="public", in_reply_to_id=None
    )
    assert edited.json["visibility"] == answer["visibility"]
    assert (await v.read(cast.nora), await v.read(None)) == before


async def test_059_an_answer_to_a_post_one_may_not_read(v: Stage, cast: Cast) -> None:
    parent = await posts.visible_by_uri(v.db.pool, cast.mia.id, cast.theirs)
    known = await app(v, cast.nora, "POST", "/api/v1/statuses", status="an answer", in_reply_to_id=str(parent.id))
    unknown = await app(v, cast.nora, "POST", "/api/v1/statuses", status="an answer", in_reply_to_id=str(parent.id + 2))
    assert known.status == 404
    assert known.face == unknown.face


async def test_060_a_wider_answer_from_elsewhere_opens_nothing_of_what_it_answers(v: Stage, cast: Cast) -> None:
    wide = cast.mo.note("60", to=[PUBLIC], cc=[cast.mo.followers], inReplyTo=cast.private.uri, content="<p>shouted</p>")
    await v.deliver(cast.mo.does("Create", wide), cast.mo)
    assert cast.private.uri not in await v.read(None) + await v.read(cast.nora)
    answer = await v.get(cast.private.uri)
    assert answer.status == 404


async def test_061_naming_an_outsider_in_an_answer(v: Stage, cast: Cast) -> None:
    """No access, no notification, no delivery: plain text."""
    parent = await posts.visible_by_uri(v.db.pool, cast.mia.id, cast.theirs)
    told = await v.told(cast.nora)
    text = "@nora and @mallory@e.example, look at this"
    answer = (await app(v, cast.mia, "POST", "/api/v1/statuses", status=text, in_reply_to_id=str(parent.id))).json
    assert answer["mentions"] == []
    assert answer["content"] == f"<p>{text}</p>"
    assert await v.told(cast.nora) == told
    assert answer["uri"] not in await v.read(cast.nora)
    named = await posts.visible_by_uri(v.db.pool, cast.mia.id, answer["uri"])
    assert await posts.readers(v.db.pool, named, {cast.nora.id, await v.known(cast.mallory)}) == set()


async def test_062_an_edit_that_names_somebody_new(v: Stage, cast: Cast) -> None:
    said = (await app(v, cast.alice, "POST", "/api/v1/statuses", status="for my followers")).json
    before = await v.read(cast.nora)
    edited = (await app(v, cast.alice, "PUT", f"/api/v1/statuses/{said['id']}", status="for my followers, and @nora")).json
    assert edited["mentions"] == []
    assert (await v.read(cast.nora), await v.told(cast.nora)) == (before, [])


@pytest.mark.parametrize("method", ["reblog", "quote"])
async def test_063_boosting_and_quoting_what_is_private(v: Stage, cast: Cast, method: str) -> None:
    before = await v.read(None)
    if method == "reblog":
        answer = await app(v, cast.mia, "POST", f"/api/v1/statuses/{cast.private.id}/reblog")
    else:
        answer = await app(v, cast.mia, "POST", "/api/v1/statuses", status="look", quoted_status_id=str(cast.private.id))
    assert answer.status in (404, 422)
    assert await v.read(None) == before


async def test_064_addressees_where_none_belong(v: Stage, cast: Cast) -> None:
    """bto, bcc, audience and odd shapes reach nobody and are not stored."""
    note = cast.mo.note("64", to=[cast.mo.followers], bto=[cast.nora.uri], bcc=[cast.nora.uri], audience=[PUBLIC, cast.nora.uri])
    activity = cast.mo.does("Create", note) | {"bto": [cast.nora.uri], "bcc": [cast.nora.uri], "audience": PUBLIC}
    await v.deliver(activity, cast.mo)
    post = await posts.visible_by_uri(v.db.pool, cast.mia.id, note["id"])
    assert (await posts.addressing(v.db.pool, post)).rows == {Followers(await v.known(cast.mo))}
    assert note["id"] not in await v.read(cast.nora) + await v.read(None)


async def test_064_nested_addressees(v: Stage, cast: Cast) -> None:
    note = cast.mo.note("64n", to=[[PUBLIC], {"id": PUBLIC}, cast.mo.followers])
    answer = await v.post(cast.mo.does("Create", note), cast.mo)
    await v.settle()
    assert answer.status in (202, 400)
    assert note["id"] not in await v.read(None)


async def test_066_a_new_follower_reads_only_what_came_after(v: Stage, cast: Cast) -> None:
    v.clock.pass_by(seconds=10)
    await v.followed_by(cast.nell, cast.alice)
    assert (await v.get(cast.private.uri, cast.nell)).status == 404
    v.clock.pass_by(seconds=10)
    later = await v.says(cast.alice, Followers(cast.alice.id))
    assert (await v.get(later.uri, cast.nell)).status == 200

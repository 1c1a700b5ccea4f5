"""An independent ActivityPub server, made with Fedify, and ours: what each says is understood by the other, and by nobody else.

Fedify verifies every signature of ours and we every one of its; what it let in is asserted as it understood it.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mastodon import Mastodon, MastodonNotFoundError

from tests.laboratory import Instance, until
from tests.persons import PASSWORD, Browser
from tests.stories.clients import ask, found, post_in, texts
from tests.stories.conftest import Neighbours
from tests.stories.fedify import Peer, missing, peer

if reason := missing():
    pytest.skip(reason, allow_module_level=True)

KNOCKS = {"rfc9421": "rfc9421", "cavage": "draft-cavage-http-signatures-12"}


@pytest.fixture(scope="module")
async def pia(neighbours: Neighbours) -> AsyncIterator[Peer]:
    async with peer(neighbours.lab, "peer") as made:
        yield made


@pytest.fixture(scope="module", params=list(KNOCKS))
async def pia_either_way(request: pytest.FixtureRequest, neighbours: Neighbours) -> AsyncIterator[Peer]:
    """Pia's server, which signs one way first; and we always let in what it brings first."""
    async with peer(neighbours.lab, request.param, firstKnock=KNOCKS[request.param]) as made:
        yield made
        assert {(knock["signed"], knock["status"]) for knock in made.do("knocks") if knock["by"] == "pia"} == {(request.param, 202)}


async def followed_by(pia: Peer, target: Mastodon, handle: str) -> dict[str, str]:
    """Pia asks to follow somebody of ours, and is let; what she knows of it."""
    follow: dict[str, str] = await ask(pia.do, "follow", handle=f"@{handle}")
    asker = await until(lambda: next(iter(target.follow_requests()), None), what="pia's request did not arrive")
    assert asker.acct == pia.handle
    assert pia.do("state")["following"][follow["actor"]] == "requested"
    await ask(target.follow_request_authorize, asker.id)
    await until(lambda: pia.do("state")["following"][follow["actor"]] == "accepted", what="pia was not told that she was let")
    return follow


async def follows(follower: Mastodon, pia: Peer) -> Any:
    """Somebody of ours asks to follow pia, and is let; what our server knows her as."""
    account = await ask(found, follower, pia.handle)
    await ask(follower.account_follow, account.id)
    await until(lambda: follower.account_relationships(account.id)[0].following, what="pia's acceptance did not arrive")
    return account


def decide_to_speak_in_public(instance: Instance, username: str, authority: Path) -> None:
    """Open the settings in a browser, and let posts go to everybody."""
    browser = Browser(authority)
    browser.open(f"{instance.origin}/settings")
    browser.submit_form_with("password", email=f"{username}@mail.example", password=PASSWORD)
    browser.submit_form_with("locked", ceiling="public")


async def test_pia_hears_what_ana_says_to_her_followers_for_as_long_as_she_follows(neighbours: Neighbours, pia_either_way: Peer) -> None:
    pia, one = pia_either_way, neighbours.one
    name = f"ana_{pia.host.partition('.')[0]}"
    ana, her = await neighbours.person(one, name), f"{one.origin}/users/{name}"
    follow = await followed_by(pia, ana, f"{name}@{one.host}")

    said = await ask(ana.status_post, "The kettle is on.")
    create = await until(lambda: pia.heard("Create", "kettle"), what="the post did not arrive")
    assert (create["actor"], create["to"], create.get("cc")) == (her, f"{her}/followers", None)
    note = create["object"]
    assert (note["type"], note["id"], note["content"]) == ("Note", said.uri, "<p>The kettle is on.</p>")
    assert (note["attributedTo"], note["to"], note.get("cc")) == (her, f"{her}/followers", None)

    await ask(ana.status_update, said.id, "The kettle is on, and there is cake.")
    update = await until(lambda: pia.heard("Update", "cake"), what="the edit did not arrive")
    assert (update["object"]["id"], update["object"]["to"]) == (said.uri, f"{her}/followers")
    assert update["object"]["updated"] > note["published"] == update["object"]["published"]

    await ask(ana.status_delete, said.id)
    deletion = await until(lambda: pia.heard("Delete", said.uri), what="the retraction did not arrive")
    assert (deletion["actor"], deletion["object"]) == (her, {"id": said.uri, "type": "Tombstone"})

    await ask(pia.do, "unfollow", **follow)
    await until(lambda: not ana.account_followers(ana.account_verify_credentials().id), what="pia's leaving did not arrive")
    await ask(ana.status_post, "Who is still listening?")
    await ask(ana.status_post, f"@{pia.handle} goodbye then", visibility="direct")
    letter = await until(lambda: pia.heard("Create", "goodbye"), what="the letter did not arrive")
    assert (letter["to"], letter["object"]["to"]) == (pia.pia, pia.pia)
    assert letter["object"]["tag"] == {"type": "Mention", "href": pia.pia, "name": f"@{pia.handle}"}
    assert pia.heard("Create", "listening") is None


async def test_ana_hears_what_pia_says_to_her_followers_for_as_long_as_she_follows(neighbours: Neighbours, pia_either_way: Peer) -> None:
    pia, one = pia_either_way, neighbours.one
    name = f"bea_{pia.host.partition('.')[0]}"
    ana, her = await neighbours.person(one, name), f"{one.origin}/users/{name}"
    account = await ask(found, ana, pia.handle)
    assert (account.locked, account.note) == (True, "<p>Made of Fedify.</p>")

    await ask(pia.do, "answer", how="wait")
    await ask(ana.account_follow, account.id)
    await until(lambda: her in pia.do("state")["requests"], what="the request did not arrive")
    relation = (await ask(ana.account_relationships, account.id))[0]
    assert (relation.requested, relation.following) == (True, False)
    await ask(pia.do, "respond", actor=her, how="reject")
    await until(lambda: not ana.account_relationships(account.id)[0].requested, what="the rejection did not arrive")
    assert not (await ask(ana.account_relationships, account.id))[0].following
    await ask(ana.account_follow, account.id)
    await until(lambda: her in pia.do("state")["requests"], what="the second request did not arrive")
    await ask(pia.do, "respond", actor=her, how="accept")
    await until(lambda: ana.account_relationships(account.id)[0].following, what="the acceptance did not arrive")

    note = (await ask(pia.do, "post", content="<p>The pears are ripe.</p>"))["id"]
    heard = await until(lambda: post_in(ana.timeline_home(), "pears"), what="the post did not arrive")
    assert (heard.uri, heard.visibility, heard.account.acct, heard.content) == (note, "private", pia.handle, "<p>The pears are ripe.</p>")
    await ask(pia.do, "edit", id=note, content="<p>The plums are ripe.</p>")
    edited = await until(lambda: post_in(ana.timeline_home(), "plums"), what="the edit did not arrive")
    assert (edited.id, edited.edited_at is not None) == (heard.id, True)
    await ask(pia.do, "delete", id=note)
    await until(lambda: not ana.timeline_home(), what="the retraction did not arrive")
    with pytest.raises(MastodonNotFoundError):
        await ask(ana.status, heard.id)

    await ask(ana.account_unfollow, account.id)
    await until(lambda: her not in pia.do("state")["followers"], what="ana's leaving did not arrive")


async def test_answers_between_pia_and_ana_stay_among_those_who_heard_the_first_word(neighbours: Neighbours, pia: Peer) -> None:
    one = neighbours.one
    ana, bo = await neighbours.person(one, "ada"), await neighbours.person(one, "bob")
    her, account = f"{one.origin}/users/ada", await follows(ana, pia)
    await followed_by(pia, ana, f"ada@{one.host}")

    await ask(pia.do, "post", content="<p>How was your week?</p>")
    question = await until(lambda: post_in(ana.timeline_home(), "week"), what="the question did not arrive")
    answer = await ask(ana.status_post, "Long, and good.", in_reply_to_id=question.id, visibility="public")
    assert answer.visibility == "private"
    heard = (await until(lambda: pia.heard("Create", "Long, and good"), what="the answer did not arrive"))["object"]
    assert (heard["inReplyTo"], heard["attributedTo"]) == (question.uri, her)
    addressed = {uri for name in ("to", "cc") for uri in ([heard[name]] if isinstance(heard.get(name), str) else heard.get(name, []))}
    assert addressed <= {pia.pia, f"{pia.pia}/followers"}
    assert pia.pia in addressed

    said = await ask(ana.status_post, "I shall bake on Sunday.")
    invitation = await until(lambda: pia.heard("Create", "bake"), what="the post did not arrive")
    await ask(pia.do, "post", content="<p>I shall bring pears.</p>", to=[her], answers=invitation["object"]["id"])
    (back,) = await until(lambda: ana.status_context(said.id).descendants, what="pia's answer did not arrive")
    assert (back.content, back.visibility, back.in_reply_to_id) == ("<p>I shall bring pears.</p>", "private", said.id)

    for status in (answer, back, question):
        with pytest.raises(MastodonNotFoundError):
            await ask(bo.status, status.id)
    assert texts(await ask(bo.account_statuses, account.id)) == []


async def test_ours_is_read_from_afar_by_a_follower_and_is_nothing_to_anybody_else(neighbours: Neighbours, pia: Peer) -> None:
    one = neighbours.one
    ana = await neighbours.person(one, "abe")
    await asyncio.to_thread(decide_to_speak_in_public, one, "abe", neighbours.lab.authority_file)
    before = (await ask(ana.status_post, "Said before she came.")).uri
    follow = await followed_by(pia, ana, f"abe@{one.host}")
    said = (await ask(ana.status_post, "Said while she was here.")).uri
    public = (await ask(ana.status_post, "For everybody.", visibility="public")).uri

    async def status(url: str, *, signed: bool = True) -> int:
        answer = await ask(pia.do, "fetch", url=url, signed=signed)
        return int(answer["status"])

    assert (await ask(pia.do, "lookup", what=said))["content"] == "<p>Said while she was here.</p>"
    assert [await status(url) for url in (said, f"{said}/activity", public)] == [200, 200, 200]
    assert [await status(url, signed=False) for url in (said, f"{said}/activity", public)] == [404, 404, 200]
    assert await status(before) == 404

    await ask(pia.do, "unfollow", **follow)
    await until(lambda: not ana.account_followers(ana.account_verify_credentials().id), what="pia's leaving did not arrive")
    assert [await status(url) for url in (said, f"{said}/activity", public)] == [404, 404, 200]
    assert await ask(pia.do, "lookup", what=said) is None


async def test_hers_is_found_from_here_by_those_she_lets_read_it(neighbours: Neighbours, pia: Peer) -> None:
    one = neighbours.one
    ana, bo = await neighbours.person(one, "ava"), await neighbours.person(one, "ben")
    first = (await ask(pia.do, "post", content="<p>Said before anybody came.</p>", silently=True))["id"]
    for stranger in (ana, bo):
        assert (await ask(stranger.search_v2, first, resolve=True)).statuses == []
    account = await follows(ana, pia)
    second = (await ask(pia.do, "post", content="<p>Said, and lost on the way.</p>", silently=True))["id"]
    (got,) = (await ask(ana.search_v2, second, resolve=True)).statuses
    assert (got.visibility, got.account.id, got.uri, got.content) == ("private", account.id, second, "<p>Said, and lost on the way.</p>")
    assert (await ask(bo.search_v2, second, resolve=True)).statuses == []
    assert (await ask(ana.status, got.id)).content == got.content
    with pytest.raises(MastodonNotFoundError):
        await ask(bo.status, got.id)


async def test_a_server_that_takes_rfc_9421_alone_is_understood_at_the_second_knock_and_then_at_once(neighbours: Neighbours) -> None:
    one = neighbours.one
    ana = await neighbours.person(one, "amy")
    async with peer(neighbours.lab, "strict", onlyRfc9421=True) as pia:
        await followed_by(pia, ana, f"amy@{one.host}")
        for word in ("first", "second"):
            await ask(ana.status_post, f"My {word} word.")
            heard = await until(lambda word=word: pia.heard("Create", f"My {word} word"), what=f"the {word} post did not arrive")
            assert heard["object"]["content"] == f"<p>My {word} word.</p>"
        knocks = [(knock["signed"], knock["status"]) for knock in pia.do("knocks") if knock["by"] == "others"]
        assert knocks == [("cavage", 401), ("rfc9421", 202), ("rfc9421", 202), ("rfc9421", 202)]

"""The whole path from a person's app on one server to a person's app on another: real processes, TLS, OAuth, unmodified Mastodon.py."""

import asyncio
import signal

import pytest
from mastodon import MastodonNotFoundError

from tests.laboratory import Laboratory, until
from tests.persons import PASSWORD, Browser, came_to_live, signed_in_client
from tests.stories.clients import ask, befriend, found, texts
from tests.stories.conftest import Neighbours


async def test_a_conversation_among_followers_across_two_servers(neighbours: Neighbours) -> None:
    one, two = neighbours.one, neighbours.two
    ana, bo = await neighbours.person(one, "ana"), await neighbours.person(two, "bo")
    await befriend(bo, ana, f"ana@{one.host}")
    await befriend(ana, bo, f"bo@{two.host}")

    said = await ask(ana.status_post, "The kettle is on.")
    assert said.visibility == "private"
    heard = await until(lambda: next((s for s in bo.timeline_home() if "kettle" in s.content), None), what="the post did not arrive")
    assert (heard.visibility, heard.account.acct) == ("private", f"ana@{one.host}")

    answer = await ask(bo.status_post, "Two sugars, please.", in_reply_to_id=heard.id, visibility="public")
    assert answer.visibility == "private"
    thread = await until(lambda: ana.status_context(said.id).descendants, what="the answer did not arrive")
    assert texts(thread) == ["<p>Two sugars, please.</p>"]
    assert thread[0].visibility == "private"

    await ask(ana.status_update, said.id, "The kettle is on, and there is cake.")
    await until(lambda: "cake" in bo.status(heard.id).content, what="the edit did not arrive")
    assert (await ask(bo.status, heard.id)).edited_at is not None

    await ask(ana.status_delete, said.id)
    await until(lambda: all("kettle" not in text for text in texts(bo.timeline_home())), what="the retraction did not arrive")
    with pytest.raises(MastodonNotFoundError):
        await ask(bo.status, heard.id)


async def test_who_is_rejected_hears_nothing(neighbours: Neighbours) -> None:
    dee, mo = await neighbours.person(neighbours.one, "dee"), await neighbours.person(neighbours.two, "mo")
    account = await ask(found, mo, f"dee@{neighbours.one.host}")
    await ask(mo.account_follow, account.id)
    asker = await until(lambda: next(iter(dee.follow_requests()), None), what="nobody asked to follow")
    assert [n.type for n in await ask(dee.notifications)] == ["follow_request"]
    await ask(dee.follow_request_reject, asker.id)
    await until(lambda: not mo.account_relationships(account.id)[0].requested, what="the rejection did not arrive")
    await ask(dee.status_post, "Nobody but my followers reads this.")
    letter = await ask(dee.status_post, f"@mo@{neighbours.two.host} but this is for you", visibility="direct")
    assert letter.visibility == "direct"
    heard = await until(lambda: next((n for n in mo.notifications() if n.type == "mention"), None), what="the letter did not arrive")
    assert "but this is for you" in heard.status.content
    assert all("followers" not in text for text in texts(await ask(mo.account_statuses, account.id)))


async def test_the_first_link_makes_an_account_once_and_everything_survives_a_restart(lab: Laboratory) -> None:
    started = await lab.server("fresh", own_database=True)
    link = await until(lambda: next((line for line in started.said if "/join/" in line), None), what="no link was printed")
    await asyncio.to_thread(came_to_live, started, link, "ana", lab.authority_file)
    again = await asyncio.to_thread(Browser(lab.authority_file).open, link)
    assert again.status_code == 404
    ana = await asyncio.to_thread(signed_in_client, started, "ana", lab.authority_file)
    said = await ask(ana.status_post, "Still here tomorrow.")
    assert await started.stop(signal.SIGTERM) == 0
    await started.start()
    assert not any("/join/" in line for line in started.said)
    assert (await ask(ana.status, said.id)).content == "<p>Still here tomorrow.</p>"
    assert await started.stop(signal.SIGINT) == 0


async def test_one_login_with_two_personas_speaks_as_the_one_it_chose(neighbours: Neighbours) -> None:
    one = neighbours.one
    await one.command("account", "create", "kim", "--email", "kim@mail.example", "--password-stdin", given=f"{PASSWORD}\n")
    await one.command("account", "create", "quiet_kim", "--email", "kim@mail.example", "--persona")
    listed = await one.command("account", "list")
    assert len([line for line in listed.splitlines() if "kim@mail.example" in line]) == 2
    for place, name in enumerate(("kim", "quiet_kim")):
        client = await asyncio.to_thread(signed_in_client, one, "kim", neighbours.lab.authority_file, persona=place)
        assert (await ask(client.account_verify_credentials)).username == name

"""One server in several processes, one after the other told to end; and what it says while its database is gone, or full."""

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import asyncpg
import pytest
import requests
from mastodon import Mastodon, MastodonServiceUnavailableError

from fediverse_circle.core.urls import parse_url
from fediverse_circle.signing import generate_rsa, sign_cavage
from tests.database import passable_directory, serving_silently
from tests.laboratory import PATIENCE, Instance, Laboratory, free_port, until
from tests.stories.clients import ask, befriend, post_in
from tests.stories.conftest import Neighbours
from tests.stories.talk import assert_said_and_heard_once, hours_pass, talking


async def test_a_process_for_each_role_makes_one_server_and_each_answers_for_its_role_alone(
    lab: Laboratory, neighbours: Neighbours
) -> None:
    federation = await lab.instance("apart")
    web, work, port = lab.beside(federation), lab.beside(federation), free_port()
    await federation.command("migrate")
    await asyncio.gather(
        federation.start("serve", "--role", "federation"),
        web.start("serve", "--role", "web", "--listen", f"127.0.0.1:{port}"),
        work.start("serve", "--role", "work"),
    )
    await federation.command("account", "create", "ana", "--email", "ana@mail.example")
    token = await federation.command("token", "create", "ana")
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(lab.authority_file)
        ana = Mastodon(access_token=token, api_base_url=f"https://apart.localhost:{port}", session=session)
        bo = await neighbours.person(neighbours.two, "bo_of_ana")
        await befriend(bo, ana, f"ana@{federation.host}")
        await befriend(ana, bo, f"bo_of_ana@{neighbours.two.host}")
        said = await ask(ana.status_post, "Said to one process, carried by another.")
        heard = await until(lambda: post_in(bo.timeline_home(), "carried by another"), what="the post did not arrive")
        await ask(bo.status_post, "Heard by a third.", in_reply_to_id=heard.id)
        await until(lambda: post_in(ana.status_context(said.id).descendants, "by a third"), what="the answer did not arrive")

        actor = {"Accept": "application/activity+json"}
        at_web, at_federation = f"https://apart.localhost:{port}", federation.origin
        for path, headers, here, elsewhere in (
            ("/api/v2/instance", {}, at_web, at_federation),
            ("/users/ana", actor, at_federation, at_web),
        ):
            assert (await ask(session.get, f"{here}{path}", headers=headers)).status_code == 200
            assert (await ask(session.get, f"{elsewhere}{path}", headers=headers)).status_code == 404
    assert [await process.stop() for process in (web, work, federation)] == [0, 0, 0]


async def test_processes_that_share_an_address_are_told_to_end_one_by_one_and_lose_nothing(lab: Laboratory, neighbours: Neighbours) -> None:
    first = await lab.instance("several")
    second, work = lab.beside(first), lab.beside(first)
    await first.command("migrate")
    answering, working = ("serve", "--role", "web", "--role", "federation"), ("serve", "--role", "work")
    await asyncio.gather(first.start(*answering), second.start(*answering), work.start(*working))
    house = Neighbours(lab, first, neighbours.two)
    ana, bo = await house.person(first, "ana"), await house.person(neighbours.two, "bo_of_several")
    await befriend(bo, ana, f"ana@{first.host}")
    chance = random.Random(11)
    async with talking(lab, ana, f"bo_of_several@{neighbours.two.host}", mouths=3) as talk:
        for process, command in ((work, working), (first, answering), (second, answering), (work, working)):
            await talk.until_more(chance)
            assert await process.stop() == 0
            await talk.until_more(chance)
            await process.start(*command)
    await assert_said_and_heard_once(talk, ana, bo, servers=())


def told(answer: requests.Response) -> tuple[int, str]:
    """Status and kind of an answer in which a server says that it cannot, in a sentence and without inner words."""
    assert not any(word in answer.text for word in ("Traceback", "asyncpg", "postgresql", "SELECT", "select "))
    return answer.status_code, answer.headers["Content-Type"].partition(";")[0]


async def test_without_its_database_a_server_says_so_in_each_surfaces_words_and_comes_back(lab: Laboratory, neighbours: Neighbours) -> None:
    two = neighbours.two
    bo = await neighbours.person(two, "bo_of_gone")
    async with AsyncExitStack() as stack:
        place = stack.enter_context(passable_directory())
        session = stack.enter_context(requests.Session())
        session.trust_env, session.verify = False, str(lab.authority_file)
        async with serving_silently(place) as postgres:
            house = await lab.server("gone", database_url=(await postgres.database("gone")).owner)
            ana = await Neighbours(lab, house, two).person(house, "ana")
            await befriend(ana, bo, f"bo_of_gone@{two.host}")
            await befriend(bo, ana, f"ana@{house.host}")

        def with_token(path: str) -> requests.Response:
            return session.get(f"{house.origin}{path}", headers={"Authorization": f"Bearer {ana.access_token}"})

        home = await ask(with_token, "/api/v1/timelines/home")
        assert told(home) == (503, "application/json")
        assert home.json() == {"error": "The database cannot be reached just now."}
        grant = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
        token = await ask(session.post, f"{house.origin}/oauth/token", data=grant)
        assert told(token) == (503, "application/json")
        actor = await ask(session.get, f"{house.origin}/users/ana", headers={"Accept": "application/activity+json"})
        assert (told(actor), actor.headers["Retry-After"]) == ((503, "application/json"), "60")
        url, body = parse_url(f"{house.origin}/inbox"), b'{"type": "Follow"}'
        signed = sign_cavage(generate_rsa(), f"{two.origin}/users/bo_of_gone#main-key", "POST", url, body, datetime.now(UTC))
        inbox = await ask(session.post, str(url), data=body, headers=dict(signed))
        assert (told(inbox), inbox.headers["Retry-After"]) == ((503, "application/json"), "60")
        page = await ask(session.get, f"{house.origin}/@ana", headers={"Accept": "text/html"})
        assert told(page) == (503, "text/html")
        assert "Not just now" in page.text
        with pytest.raises(MastodonServiceUnavailableError):
            await ask(ana.status_post, "Am I here?", idempotency_key="here")
        await ask(bo.status_post, "Said while nobody could hear it.")

        async with serving_silently(place):
            await until(lambda: with_token("/api/v1/timelines/home").ok, what="the server did not come back")
            await ask(ana.status_post, "Am I here?", idempotency_key="here")
            await until(lambda: post_in(bo.timeline_home(), "Am I here?"), what="the work did not go on")
            await hours_pass(two)
            await until(lambda: post_in(ana.timeline_home(), "nobody could hear"), what="what was said meanwhile is lost")
            assert await house.stop() == 0


async def refused(speaker: Instance, listener: Instance) -> None:
    """Return when the speaker's server has been told to come again later."""
    connection = await asyncpg.connect(speaker.database)
    try:
        async with asyncio.timeout(PATIENCE):
            while not await connection.fetchval("select next_attempt_at > now() from destination where host = $1", listener.host):
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def test_with_a_full_database_nothing_is_half_said_and_what_was_refused_comes_again(neighbours: Neighbours) -> None:
    one, two = neighbours.one, neighbours.two
    ana, bo = await neighbours.person(one, "ana_of_full"), await neighbours.person(two, "bo_of_full")
    await befriend(ana, bo, f"bo_of_full@{two.host}")
    connection = await asyncpg.connect(one.database)
    try:
        await connection.execute(
            """create function full_disk() returns trigger language plpgsql as $$ begin raise disk_full; end $$;
               create trigger full_disk before insert on home_entry for each row execute function full_disk()"""
        )
        with pytest.raises(MastodonServiceUnavailableError):
            await ask(ana.status_post, "Is there room?", idempotency_key="room")
        assert (await ask(ana.account_statuses, (await ask(ana.account_verify_credentials)).id)) == []
        await ask(bo.status_post, "Is there room for me?")
        await refused(two, one)
        await connection.execute("drop trigger full_disk on home_entry; drop function full_disk")
    finally:
        await connection.close()
    await hours_pass(two)
    await until(lambda: post_in(ana.timeline_home(), "room for me"), what="what was refused did not come again")
    await ask(ana.status_post, "Is there room?", idempotency_key="room")
    assert len(await ask(ana.account_statuses, (await ask(ana.account_verify_credentials)).id)) == 1

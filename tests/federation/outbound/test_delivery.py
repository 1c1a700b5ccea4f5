"""What waits is brought: in order, once, to whoever is there, with patience for whoever is not."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiohttp import web

from fediverse_circle.core.errors import Unreachable
from fediverse_circle.domain.actors import Actor
from fediverse_circle.federation.delivery import BATCH, HOSTS, REFUSALS, SIDE_BY_SIDE, deliver
from fediverse_circle.federation.signer import signer
from fediverse_circle.jobs.patience import delay
from fediverse_circle.postgres import Access
from fediverse_circle.signing import Scheme, pem
from fediverse_circle.site import Site
from fediverse_circle.store import deliveries
from fediverse_circle.store.db import Database, begin
from tests.federation.outbound.conftest import (
    Answering,
    Brought,
    Elsewhere,
    delivering,
    key_of,
    later,
    nothing_waits,
    queue,
    residents,
    taken,
    until,
    waits,
)
from tests.sites import Clock, site
from tests.unit.signing.cast import httpsig

M, G = "https://m.example/inbox", "https://g.example/inbox"


def refusing(status: int, headers: dict[str, str] | None = None, *, body: bytes | None = None, path: str | None = None) -> Answering:
    """At m.example answer so to one body or path (or to all); take the rest."""

    async def answer(brought: Brought) -> web.Response:
        if brought.host == "m.example" and body in (None, brought.body) and path in (None, brought.path):
            return web.Response(status=status, headers=headers)
        return await taken(brought)

    return answer


async def destination(here: Site, host: str) -> dict[str, object]:
    record = await here.db.pool.fetchrow("select * from destination where host = $1", host)
    assert record is not None
    return dict(record.items())


# What is brought, and how


async def test_what_waits_is_brought_and_forgotten(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    async with delivering(here):
        await queue(here, ana.id, b'{"said": 1}', M, G)
        await nothing_waits(here)
    assert sorted((brought.host, brought.path, brought.body) for brought in elsewhere.seen) == [
        ("g.example", "/inbox", b'{"said": 1}'),
        ("m.example", "/inbox", b'{"said": 1}'),
    ]


async def test_a_request_bears_a_signature_that_our_own_verifier_takes(here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor) -> None:
    await queue(here, ana.id, b"{}", "https://m.example/inbox?for=gus")
    async with delivering(here):
        await nothing_waits(here)
    (brought,) = elsewhere.seen
    brought.path = "/inbox?for=gus"
    signed = brought.signed_by("ana", clock())
    assert (signed.body, signed.complete) == (b"{}", True)
    headers = dict(brought.headers)
    assert headers["Content-Type"] == "application/activity+json"
    assert headers["User-Agent"].startswith("fediverse_circle")


async def test_a_request_bears_a_signature_that_another_program_takes(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    await queue(here, ana.id, b"{}", M)
    async with delivering(here):
        await nothing_waits(here)
    (brought,) = elsewhere.seen
    verifier = httpsig().HeaderVerifier(
        dict(brought.headers),
        pem(key_of("ana").public()),
        required_headers=["(request-target)", "host", "date", "digest", "content-type"],
        method="POST",
        path="/inbox",
        host="m.example",
        sign_header="signature",
    )
    assert verifier.verify()


async def test_a_signature_is_of_the_time_of_sending(here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor) -> None:
    await queue(here, ana.id, b"{}", M)
    clock.move(timedelta(hours=3))
    async with delivering(here):
        await nothing_waits(here)
    elsewhere.seen[0].signed_by("ana", clock())


async def test_nothing_secret_shows_in_the_signer(here: Site, ana: Actor) -> None:
    assert repr(await signer(here, ana.id)) == f"Signer(key_id='{ana.uri}#main-key')"


async def test_one_connection_to_a_shared_inbox_carries_everything(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    bodies = [str(number).encode() for number in range(30)]
    for body in bodies:
        await queue(here, ana.id, body, M)
    async with delivering(here):
        await nothing_waits(here)
    assert elsewhere.bodies() == bodies
    assert len(elsewhere.connections) == 1
    assert elsewhere.most_side_by_side == 1


# Order


async def test_what_one_actor_says_reaches_a_host_in_order_whatever_the_inbox(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    inboxes = [f"https://g.example/users/{name}/inbox" for name in ("gus", "gil", "geo", "gem", "gia", "gab")]

    under_way: set[tuple[str, bytes]] = set()

    async def slower_for_some(brought: Brought) -> web.Response:
        under_way.add((brought.path, brought.body))
        assert {body for _, body in under_way} == {brought.body}, "the next was begun before the last had arrived everywhere"
        await asyncio.sleep(0.01 if "gus" in brought.path else 0)
        under_way.discard((brought.path, brought.body))
        return web.Response(status=202)

    elsewhere.answer = slower_for_some
    bodies = [str(number).encode() for number in range(10)]
    for body in bodies:
        await queue(here, ana.id, body, *inboxes)
    async with delivering(here), delivering(here):
        await nothing_waits(here)
    assert elsewhere.bodies() == [body for body in bodies for _ in inboxes]
    assert 1 < elsewhere.most_side_by_side <= SIDE_BY_SIDE


async def test_a_host_that_fails_gets_nothing_later_before_it_got_what_failed(
    here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor
) -> None:
    for number in range(5):
        await queue(here, ana.id, str(number).encode(), M)
    elsewhere.answer = refusing(500, body=b"2")
    async with delivering(here):
        await waits(here, 3)
        elsewhere.answer = taken
        later(here, clock, delay(1, 1))
        await nothing_waits(here)
    assert elsewhere.bodies() == [b"0", b"1", b"2", b"2", b"3", b"4"]


async def test_long_queues_are_brought_in_several_batches_without_a_gap(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    count = 2 * BATCH + 10
    for number in range(count):
        await queue(here, ana.id, str(number).encode(), M)
    async with delivering(here):
        await nothing_waits(here)
    assert elsewhere.bodies() == [str(number).encode() for number in range(count)]


async def test_two_workers_never_write_to_one_host_at_once(here: Site, elsewhere: Elsewhere, db: Database, ana: Actor) -> None:
    busy: dict[str, int] = {}
    met: list[str] = []

    async def watch(brought: Brought) -> web.Response:
        if busy.get(brought.host):
            met.append(brought.host)
        busy[brought.host] = 1
        await asyncio.sleep(0.001)
        busy[brought.host] = 0
        return web.Response(status=202)

    elsewhere.answer = watch
    hosts = [f"https://h{number}.example/inbox" for number in range(8)]
    async with delivering(here), delivering(here), delivering(here):
        for number in range(20):
            await queue(here, ana.id, str(number).encode(), *hosts)
        await nothing_waits(here)
    assert not met
    for number in range(8):
        assert elsewhere.bodies(f"h{number}.example") == [str(number).encode() for number in range(20)]


async def test_one_slow_host_holds_up_no_other(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    free = asyncio.Event()

    async def slow(brought: Brought) -> web.Response:
        if brought.host == "m.example":
            await free.wait()
        return web.Response(status=202)

    elsewhere.answer = slow
    await queue(here, ana.id, b"{}", M)
    async with delivering(here):
        await elsewhere.saw(1)
        await queue(here, ana.id, b"{}", G, *(f"https://h{number}.example/inbox" for number in range(50)))
        await elsewhere.saw(52)
        free.set()
        await nothing_waits(here)


# Failure and patience


async def test_a_host_that_cannot_be_reached_rests_longer_each_time(here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor) -> None:
    await queue(here, ana.id, b"{}", M)
    elsewhere.answer = refusing(503)
    async with delivering(here):
        for failures in range(1, 5):
            await until(lambda: len(elsewhere.bodies("m.example")) == failures)  # noqa: B023 (awaited at once)
            await waits(here, 1)
            state = await destination(here, "m.example")
            assert state["fail_count"] == failures
            assert delay(failures, 0) <= state["next_attempt_at"] - clock() <= delay(failures, 1)
            clock.move(delay(failures, 0) - timedelta(seconds=1))
            await queue(here, ana.id, b"{}", G)
            await until(lambda: len(elsewhere.bodies("g.example")) == failures)  # noqa: B023
            assert len(elsewhere.bodies("m.example")) == failures
            later(here, clock, delay(failures, 1))
        await until(lambda: len(elsewhere.bodies("m.example")) == 5)
        await waits(here, 1)
        elsewhere.answer = taken
        later(here, clock, delay(5, 1))
        await nothing_waits(here)
    state = await destination(here, "m.example")
    assert (state["fail_count"], state["first_failed_at"]) == (0, None)


async def test_a_host_that_is_not_there_is_tried_again(here: Site, clock: Clock, elsewhere: Elsewhere, ana: Actor, db: Database) -> None:
    await queue(here, ana.id, b"{}", "https://nobody.example/inbox")
    async with site(db, clock, host_map={"nobody.example": ("127.0.0.1", 1)}) as lost, delivering(lost):
        await until_failed(here, "nobody.example", 1)
        later(here, clock, delay(1, 1))
        await until_failed(here, "nobody.example", 2)
    assert await here.db.pool.fetchval("select count(*) from delivery where attempted") == 1


async def until_failed(here: Site, host: str, count: int) -> None:
    async with asyncio.timeout(20):
        while (await destination(here, host))["fail_count"] != count:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("headers", [{"Retry-After": "600"}, {"X-RateLimit-Reset": "2026-11-20T12:10:00.000Z"}], ids=["seconds", "time"])
async def test_a_host_that_says_when_to_come_again_is_believed(
    here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor, headers: dict[str, str]
) -> None:
    await queue(here, ana.id, b"{}", M)
    elsewhere.answer = refusing(429, headers)
    async with delivering(here):
        await elsewhere.saw(1)
        await waits(here, 1)
        elsewhere.answer = taken
        assert (await destination(here, "m.example"))["next_attempt_at"] == clock() + timedelta(minutes=10)
        later(here, clock, timedelta(minutes=9))
        await queue(here, ana.id, b"{}", G)
        await until(lambda: elsewhere.bodies("g.example") != [])
        assert len(elsewhere.bodies("m.example")) == 1
        later(here, clock, timedelta(minutes=1))
        await nothing_waits(here)


async def failed(here: Site, elsewhere: Elsewhere, clock: Clock, times: int) -> None:
    """Time passes until m.example has failed so often."""
    for failures in range(1, times + 1):
        await until(lambda: len(elsewhere.bodies("m.example")) == failures)  # noqa: B023 (awaited at once)
        await waits(here, 1)
        if failures < times:
            later(here, clock, delay(failures, 1))


async def hear_of(here: Site, host: str) -> None:
    async with begin(here.db) as tx:
        await deliveries.heard_from(tx, host)


async def test_a_host_that_is_heard_of_again_is_tried_at_once(here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor) -> None:
    await queue(here, ana.id, b"{}", M)
    elsewhere.answer = refusing(503)
    async with delivering(here):
        await failed(here, elsewhere, clock, 3)
        elsewhere.answer = taken
        await hear_of(here, "m.example")
        await nothing_waits(here)


@pytest.mark.parametrize(("status", "times"), [(503, 2), (500, 3)])
async def test_hearing_of_a_host_shortens_no_short_rest_and_none_of_who_was_there_all_along(
    here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor, status: int, times: int
) -> None:
    await queue(here, ana.id, b"{}", M)
    elsewhere.answer = refusing(status)
    async with delivering(here):
        await failed(here, elsewhere, clock, times)
        rests = (await destination(here, "m.example"))["next_attempt_at"]
        await hear_of(here, "m.example")
        assert (await destination(here, "m.example"))["next_attempt_at"] == rests


async def test_who_is_gone_gets_nothing_more_and_others_of_the_host_do(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    gone, there = "https://m.example/users/gone/inbox", "https://m.example/users/there/inbox"
    elsewhere.answer = refusing(410, path="/users/gone/inbox")
    await queue(here, ana.id, b"1", gone, there)
    await queue(here, ana.id, b"2", gone, there)
    async with delivering(here):
        await nothing_waits(here)
        await queue(here, ana.id, b"3", gone, there)
        await nothing_waits(here)
        assert [b.body for b in elsewhere.seen if b.path == "/users/there/inbox"] == [b"1", b"2", b"3"]
        before = [b.body for b in elsewhere.seen if b.path == "/users/gone/inbox"]
        assert b"3" not in before
        async with begin(here.db) as tx:
            await deliveries.heard_from(tx, "m.example")
        await queue(here, ana.id, b"4", gone)
        await nothing_waits(here)
    assert [b.body for b in elsewhere.seen if b.path == "/users/gone/inbox"] == [*before, b"4"]


@pytest.mark.parametrize("status", [400, 403, 404, 413, 501])
async def test_what_is_refused_is_given_up_and_holds_up_nothing(here: Site, elsewhere: Elsewhere, ana: Actor, status: int) -> None:
    elsewhere.answer = refusing(status, body=b"bad")
    await queue(here, ana.id, b"bad", M)
    await queue(here, ana.id, b"good", M)
    async with delivering(here):
        await nothing_waits(here)
    assert elsewhere.bodies()[-1] == b"good"
    assert (await destination(here, "m.example"))["fail_count"] == 0


async def test_one_activity_over_which_a_living_host_always_fails_is_given_up_one_day(
    here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor
) -> None:
    elsewhere.answer = refusing(500, body=b"bad")
    await queue(here, ana.id, b"bad", M)
    await queue(here, ana.id, b"good", M)
    async with delivering(here):
        for failures in range(1, REFUSALS):
            await elsewhere.saw(failures)
            await waits(here, 2)
            later(here, clock, delay(failures, 1))
        await nothing_waits(here)
    assert elsewhere.bodies() == [b"bad"] * REFUSALS + [b"good"]


async def test_what_waited_too_long_is_given_up_without_another_try(here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor) -> None:
    await queue(here, ana.id, b"old", M, give_up=timedelta(hours=1))
    await queue(here, ana.id, b"long", M, give_up=timedelta(days=30))
    clock.move(timedelta(hours=1))
    async with delivering(here):
        await nothing_waits(here)
    assert elsewhere.bodies() == [b"long"]


async def test_an_address_that_is_never_asked_is_given_up(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    await queue(here, ana.id, b"{}", "https://here.example/inbox", "https://user@m.example/inbox")
    async with delivering(here):
        await nothing_waits(here)
    assert not elsewhere.seen


async def test_nobody_signs_for_who_is_suspended(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    async with begin(here.db) as tx:
        await tx.execute("update actor set suspended_at = now() where id = $1", ana.id)
    await queue(here, ana.id, b"{}", M)
    async with delivering(here):
        await nothing_waits(here)
    assert not elsewhere.seen


# The second knock


def only_taking(scheme: Scheme, status: int) -> Answering:
    async def answer(brought: Brought) -> web.Response:
        signs = Scheme.RFC9421 if "Signature-Input" in dict(brought.headers) else Scheme.CAVAGE
        return web.Response(status=202 if signs is scheme else status)

    return answer


@pytest.mark.parametrize("status", [400, 401])
async def test_a_host_that_wants_another_signature_gets_it_and_is_remembered(
    here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor, status: int
) -> None:
    elsewhere.answer = only_taking(Scheme.RFC9421, status)
    async with delivering(here):
        await queue(here, ana.id, b"1", M)
        await nothing_waits(here)
        assert elsewhere.bodies() == [b"1", b"1"]
        assert [dict(b.headers)["Signature"][:4] for b in elsewhere.seen] == ["keyI", "sig1"]
        elsewhere.seen[1].signed_by("ana", clock())
        await until_signs(here, "m.example", "rfc9421")
        await queue(here, ana.id, b"2", M)
        await nothing_waits(here)
        assert elsewhere.bodies()[2:] == [b"2"]
        elsewhere.answer = only_taking(Scheme.CAVAGE, status)
        await queue(here, ana.id, b"3", M)
        await nothing_waits(here)
        await until_signs(here, "m.example", "cavage")


async def until_signs(here: Site, host: str, signs: str) -> None:
    async with asyncio.timeout(20):
        while (await destination(here, host))["signs"] != signs:
            await asyncio.sleep(0.005)


async def test_a_host_that_takes_neither_signature_is_tried_again_and_not_remembered(
    here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor
) -> None:
    elsewhere.answer = refusing(401)
    await queue(here, ana.id, b"{}", M)
    async with delivering(here):
        await elsewhere.saw(2)
        await waits(here, 1)
        assert (await destination(here, "m.example"))["signs"] == "cavage"
        elsewhere.answer = taken
        later(here, clock, delay(1, 1))
        await nothing_waits(here)


# Being stopped, and being two


async def test_told_to_stop_it_finishes_what_is_under_way_and_gives_the_rest_back(here: Site, elsewhere: Elsewhere, ana: Actor) -> None:
    free = asyncio.Event()

    async def slow(_: Brought) -> web.Response:
        await free.wait()
        return web.Response(status=202)

    elsewhere.answer = slow
    for number in range(5):
        await queue(here, ana.id, str(number).encode(), M)
    stop = asyncio.Event()
    task = asyncio.create_task(deliver(here, stop))
    await elsewhere.saw(1)
    stop.set()
    free.set()
    await task
    assert elsewhere.bodies() == [b"0"]
    state = await destination(here, "m.example")
    assert (state["lease_owner"], state["fail_count"]) == (None, 0)
    rows = await here.db.pool.fetch("select attempted from delivery")
    assert [row["attempted"] for row in rows] == [False] * 4


async def test_cancelled_it_gives_its_hosts_back_and_remembers_what_may_have_left(
    here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor
) -> None:
    free = asyncio.Event()

    async def slow(_: Brought) -> web.Response:
        await free.wait()
        return web.Response(status=202)

    elsewhere.answer = slow
    await queue(here, ana.id, b"0", M)
    await queue(here, ana.id, b"1", M)
    task = asyncio.create_task(deliver(here, asyncio.Event()))
    await elsewhere.saw(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    rows = await here.db.pool.fetch("select attempted from delivery order by id")
    assert [row["attempted"] for row in rows] == [True, False]
    assert (await destination(here, "m.example"))["lease_owner"] is None
    free.set()
    async with delivering(here):
        await nothing_waits(here)
    assert elsewhere.bodies() == [b"0", b"0", b"1"]


async def test_a_host_leased_by_a_dead_worker_is_taken_over_when_the_lease_runs_out(
    here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor
) -> None:
    await queue(here, ana.id, b"{}", M)
    async with begin(here.db) as tx:
        await tx.execute("update destination set lease_owner = gen_random_uuid(), lease_until = $1", clock() + timedelta(minutes=1))
    async with delivering(here):
        await queue(here, ana.id, b"{}", G)
        await until(lambda: elsewhere.bodies("g.example") != [])
        assert elsewhere.bodies("m.example") == []
        later(here, clock, timedelta(minutes=1))
        await nothing_waits(here)


async def test_a_database_that_goes_away_meanwhile_costs_nothing_and_repeats_nothing(
    here: Site, access: Access, elsewhere: Elsewhere, ana: Actor
) -> None:
    cut = asyncio.Event()

    async def hold_on(brought: Brought) -> web.Response:
        if brought.body == b"3":
            await cut.wait()
        return web.Response(status=202)

    elsewhere.answer = hold_on
    bodies = [str(number).encode() for number in range(6)]
    for body in bodies:
        await queue(here, ana.id, body, M)
    async with delivering(here):
        await elsewhere.saw(4)
        other = await asyncpg.connect(access.owner)
        await other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        await other.close()
        cut.set()
        await elsewhere.saw(6)
        async with asyncio.timeout(20):
            while not await emptied(here):
                await asyncio.sleep(0.01)
    assert elsewhere.bodies() == bodies


async def emptied(here: Site) -> bool:
    """Whether nothing waits, as far as the database can be asked."""
    with suppress(Unreachable):
        return not await here.db.pool.fetchval("select exists (select from delivery)")
    return False


def test_the_names_of_the_test_are_those_of_the_program() -> None:
    assert urlsplit(M).hostname == "m.example"
    assert HOSTS >= 50


async def test_each_of_several_people_signs_for_themselves(here: Site, elsewhere: Elsewhere, clock: Clock, ana: Actor) -> None:
    async with begin(here.db) as tx:
        (bo,) = await residents(tx, "bo")
    await queue(here, ana.id, b"by ana", M)
    await queue(here, bo.id, b"by bo", M)
    async with delivering(here):
        await nothing_waits(here)
    assert elsewhere.seen[0].signed_by("ana", clock()).body == b"by ana"
    assert elsewhere.seen[1].signed_by("bo", clock()).body == b"by bo"

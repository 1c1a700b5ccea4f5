"""What the inbox says to whoever knocks, and what it keeps."""

import asyncio
import contextlib

import msgspec
import pytest

from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain.actors import Actor
from fediverse_circle.federation import inbox
from fediverse_circle.signing import sign_cavage
from fediverse_circle.vocab import LARGEST
from tests.strangers import ACTIVITY, PUBLIC, E, Person, Stage, W


def something(mo: Person, **changes: object) -> dict[str, object]:
    return mo.does("View", mo.thing("x")) | changes


async def kept(v: Stage) -> int:
    count: int = await v.db.pool.fetchval("select count(*) from received")
    return count


async def test_nothing_is_stored_of_what_nobody_vouches_for(v: Stage, mo: Person) -> None:
    before = await v.footprint()
    body = msgspec.json.encode(something(mo))
    assert (await v.ask("POST", "/inbox", {"Content-Type": ACTIVITY}, body)).status == 401
    assert (await v.ask("POST", "/inbox", {"Signature": "nonsense"}, body)).status == 400
    assert (await v.post(something(mo, actor=f"https://{W}/users/nell"), mo)).status == 401
    assert (await v.footprint(), await kept(v)) == (before, 0)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"nonsense", b'{"id":"https://w.example/1"}', b'{"id":1,"type":"View","actor":"https://w.example/users/mo"}', b"[" * 9999],
)
async def test_what_is_no_activity_is_malformed(v: Stage, mo: Person, body: bytes) -> None:
    assert (await v.post(body, mo)).status == 400
    assert await kept(v) == 0


async def test_what_nothing_can_refer_to_is_taken_and_forgotten(v: Stage, mo: Person) -> None:
    activity = something(mo)
    del activity["id"]
    assert (await v.post(activity, mo)).status == 202
    assert await kept(v) == 0


async def test_more_than_we_read_is_not_read(v: Stage, mo: Person) -> None:
    body = msgspec.json.encode(something(mo) | {"summary": "x" * LARGEST})
    assert (await v.post(body, mo)).status == 413
    exactly = msgspec.json.encode(something(mo))
    assert (await v.post(exactly + b" " * (LARGEST - len(exactly)), mo)).status == 202


async def test_a_body_without_end_is_refused_long_before_it(v: Stage) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(v.address.rpartition(":")[2]))
    writer.write(f"POST /inbox HTTP/1.1\r\nHost: {v.host}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    answer, sent = asyncio.create_task(reader.readline()), 0
    while not answer.done() and sent < 50 * LARGEST:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        sent += 0x10000
        with contextlib.suppress(ConnectionError):
            await writer.drain()
    writer.close()
    assert sent < 20 * LARGEST
    assert b" 413 " in await answer


async def test_a_body_that_never_comes_is_not_waited_for(v: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(v.address.rpartition(":")[2]))
    writer.write(f"POST /inbox HTTP/1.1\r\nHost: {v.host}\r\nContent-Length: 100\r\n\r\nonly this".encode())
    assert b" 408 " in await reader.readline()
    writer.close()


async def test_what_means_nothing_here_is_not_remembered(v: Stage, mo: Person) -> None:
    assert (await v.post(mo.does("Create", mo.note("1", to=[PUBLIC])), mo)).status == 202
    assert await kept(v) == 0


async def test_no_encoding_is_undone(v: Stage, mo: Person) -> None:
    body = msgspec.json.encode(something(mo))
    signed = sign_cavage(mo.secret, mo.key_id, "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
    assert (await v.ask("POST", "/inbox", {**signed, "Content-Encoding": "identity"}, body)).status == 400


async def test_there_is_no_inbox_of_nobody(v: Stage, ana: Actor, mo: Person) -> None:
    assert (await v.post(something(mo), mo, f"{ana.uri}/inbox")).status == 202
    assert (await v.post(something(mo), mo, "/actor/inbox")).status == 202
    for name in ("nobody", "v.example"):
        assert (await v.post(something(mo), mo, f"/users/{name}/inbox")).status == 404
    await v.db.pool.fetch("update actor set suspended_at = now() where id = $1 returning id", ana.id)
    assert (await v.post(something(mo), mo, f"{ana.uri}/inbox")).status == 404


async def test_an_activity_under_a_foreign_id_is_nobodys_word(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    before = await v.footprint()
    for foreign in (f"https://{E}/1", f"https://{v.host}/activities/1", "http://w.example/1", "https://w.example:444/1"):
        assert (await v.post(mo.does("Create", mo.note("1", to=[PUBLIC])) | {"id": foreign}, mo)).status == 202
    assert (await v.footprint(), await kept(v)) == (before, 0)


async def test_farewells_of_strangers_cost_nothing(v: Stage) -> None:
    gone = Person(W, "gone")
    v.strangers[W].welcome(gone)
    for activity in (gone.does("Delete", gone.id), gone.does("Update", gone.document())):
        assert (await v.post(activity, gone)).status == 202
    assert (v.strangers[W].asked, await kept(v)) == ([], 0)
    assert (await v.post(gone.does("Delete", gone.thing("1")), gone)).status == 202
    assert v.strangers[W].asked != []


async def test_the_same_activity_is_understood_once_in_each_inbox(v: Stage, ana: Actor, mo: Person) -> None:
    for _ in range(2):
        for where in ("/inbox", f"{ana.uri}/inbox"):
            assert (await v.post(something(mo), mo, where)).status == 202
            v.clock.pass_by(seconds=1)
    assert await kept(v) == 2


async def test_what_is_not_understood_is_kept_unless_it_is_very_long(v: Stage, mo: Person) -> None:
    short, long = something(mo), something(mo, id=mo.thing("long")) | {"summary": "x" * 200_000}
    for activity in (short, long):
        assert (await v.post(activity, mo)).status == 202
    records = await v.db.pool.fetch("select kind, about, body from received order by id")
    assert [(record["kind"], record["about"]) for record in records] == [("View", mo.thing("x"))] * 2
    assert [record["body"] for record in records] == [msgspec.json.encode(short), None]


async def test_what_is_understood_leaves_no_words_behind(v: Stage, ana: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    await v.deliver(mo.does("Create", mo.note("1")), mo)
    await v.deliver(mo.does("Create", mo.note("2", inReplyTo=mo.thing("0"))), mo)
    assert await v.db.pool.fetchval("select count(*) from received where body is not null") == 0
    assert await v.db.pool.fetchval("select count(*) from job") == 0

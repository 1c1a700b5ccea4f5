"""Asking strangers who do their worst."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import Mapping

import pytest
from aiohttp import web

from fediverse_circle.core.errors import TooLarge, Unreachable
from fediverse_circle.core.transaction import transaction_open
from fediverse_circle.core.urls import BadUrl, Url, parse_url
from fediverse_circle.net import client as client_module
from fediverse_circle.net.budget import Budget, BudgetSpent
from fediverse_circle.net.client import Answer, Client
from fediverse_circle.net.guard import AddressRefused

from .conftest import World

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"
MO = "https://w.example/users/mo"


async def fetch(client: Client, text: str = MO, *, requests: int = 9, limit_bytes: int = 1 << 20) -> Answer:
    budget = Budget(requests=requests, seconds=60)
    return await client.get(parse_url(text), accept="application/activity+json", signer=None, budget=budget, limit_bytes=limit_bytes)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline of half a minute, shortened: what never ends is as long either way."""
    monkeypatch.setattr(client_module, "DEADLINE_SECONDS", 0.3)


async def document(request: web.Request) -> web.Response:
    return web.Response(text='{"id": "mo"}', content_type="application/activity+json")


async def test_a_document_comes_with_its_status_type_and_address(world: World) -> None:
    await world.serve("w.example", document)
    answer = await fetch(await world.client(), "https://W.example:443/users/mo?x=%7e&y=ä#main-key")
    assert (answer.status, answer.body, answer.content_type) == (200, b'{"id": "mo"}', "application/activity+json; charset=utf-8")
    assert str(answer.url) == "https://w.example/users/mo?x=%7e&y=ä"
    [request] = world.seen
    assert request.raw_path == "/users/mo?x=%7e&y=%C3%A4"
    assert request.headers.getall("Host") == ["w.example"]
    assert request.headers.getall("User-Agent") == ["fediverse_circle (test)"]
    assert request.headers.getall("Accept") == ["application/activity+json"]
    assert "Cookie" not in request.headers
    assert "Referer" not in request.headers


async def test_an_answer_tells_its_repr_neither_body_nor_path(world: World) -> None:
    await world.serve("w.example", document)
    assert "mo" not in repr(await fetch(await world.client()))


async def test_any_status_is_an_answer(world: World) -> None:
    async def gone(request: web.Request) -> web.Response:
        return web.Response(status=410)

    await world.serve("w.example", gone)
    client = await world.client()
    assert (await fetch(client)).status == 410
    assert (await client.post(parse_url(MO), body=b"{}", headers={})).status == 410


async def test_no_cookie_is_kept(world: World) -> None:
    async def bake(request: web.Request) -> web.Response:
        return web.Response(headers={"Set-Cookie": "who=you; Path=/"})

    await world.serve("w.example", bake)
    client = await world.client()
    await fetch(client)
    await fetch(client)
    assert ["Cookie" in request.headers for request in world.seen] == [False, False]


# Redirects


def moved(*places: str) -> web.Application:
    rest = list(places)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": rest.pop(0)}) if rest else web.Response(text="here")

    return answer


async def test_three_redirects_are_followed_and_each_is_signed_anew(world: World) -> None:
    def signer(url: Url) -> Mapping[str, str]:
        return {"Date": "today", "Signature": f"over {url}"}

    await world.serve("w.example", moved("/b", "//e.example/c?d"))
    await world.serve("e.example", moved("https://w.example/e"))
    client = await world.client()
    budget = Budget(requests=9, seconds=60)
    answer = await client.get(parse_url("https://w.example/a"), accept="text/html", signer=signer, budget=budget)
    assert (answer.status, answer.body, str(answer.url)) == (200, b"here", "https://w.example/e")
    asked = ["https://w.example/a", "https://w.example/b", "https://e.example/c?d", "https://w.example/e"]
    assert [f"https://{request.host}{request.raw_path}" for request in world.seen] == asked
    assert [request.headers["Signature"] for request in world.seen] == [f"over {url}" for url in asked]
    assert [request.headers["Date"] for request in world.seen] == ["today"] * 4
    assert budget.requests_left == 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_every_kind_of_redirect_is_followed_and_a_post_follows_none(world: World, status: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="here") if request.path == "/b" else web.Response(status=status, headers={"Location": "/b"})

    await world.serve("w.example", answer)
    client = await world.client()
    assert (await fetch(client)).body == b"here"
    assert (await client.post(parse_url(MO), body=b"{}", headers={})).status == status
    assert [request.path for request in world.seen] == ["/users/mo", "/b", "/users/mo"]


async def test_a_redirect_to_nowhere_is_an_answer(world: World) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=302)

    await world.serve("w.example", answer)
    assert (await fetch(await world.client())).status == 302


async def test_a_loop_and_a_walk_of_twenty_hops_end_after_four_requests(world: World) -> None:
    await world.serve("w.example", moved(*(["/users/mo"] * 20)))
    await world.serve("e.example", moved(*(f"/{n}" for n in range(20))))
    client = await world.client()
    for start in (MO, "https://e.example/"):
        with pytest.raises(AddressRefused):
            await fetch(client, start)
    assert len(world.seen) == 8


@pytest.mark.parametrize(
    "place",
    [
        "http://w.example/b",
        "http://w.example:443/b",
        "https://v.example/b",
        "https://10.0.0.1/b",
        "https://[fe80::1]/b",
        "https://[::ffff:169.254.169.254]/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://v.example@w.example/b",
        "https://2130706433/b",
        "file:///etc/passwd",
        "gopher://w.example/b",
        "unix:/run/sock",
        "javascript:alert(1)",
        "//",
        "https://w.example\\@e.example/",
        "/" + "a" * 3000,
    ],
)
async def test_a_redirect_to_where_we_would_not_have_gone_is_not_followed(world: World, place: str) -> None:
    await world.serve("w.example", moved(place))
    client = await world.client()
    with pytest.raises((AddressRefused, BadUrl)):
        await fetch(client)
    assert len(world.seen) == 1


async def test_a_redirect_from_http_may_lead_to_https(world: World) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 301 Moved\r\nLocation: https://w.example/b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    await world.serve("w.example", document)
    server = await world.stack.enter_async_context(await asyncio.start_server(plain, "127.0.0.1", 0))
    port = server.sockets[0].getsockname()[1]
    assert str((await fetch(await world.client(), f"http://127.0.0.1:{port}/a")).url) == "https://w.example/b"


# Sizes


async def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not(world: World) -> None:
    async def big(request: web.Request) -> web.StreamResponse:
        body = b"x" * int(request.query["n"])
        if "chunked" not in request.query:
            return web.Response(body=body)
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(body)
        return response

    await world.serve("w.example", big)
    client = await world.client()
    for kind in ("", "&chunked"):
        assert len((await fetch(client, f"{MO}?n=1048576{kind}")).body) == 1 << 20
        with pytest.raises(TooLarge):
            await fetch(client, f"{MO}?n=1048577{kind}")
        with pytest.raises(TooLarge):
            await fetch(client, f"{MO}?n=11{kind}", limit_bytes=10)


async def test_an_endless_body_is_read_no_further_than_the_limit(world: World) -> None:
    written = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(HEAD + b"Connection: close\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x" * 65536)
            await writer.drain()
            await asyncio.sleep(0)
            written += 65536

    await world.speak("w.example", endless)
    with pytest.raises(TooLarge):
        await fetch(await world.client())
    assert written < 64 << 20  # what fits into the buffers of both sides, and an end


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_bomb_is_counted_as_it_inflates(world: World, encoding: str) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    bomb = b"".join([packer.compress(b"\0" * (1 << 20)) for _ in range(100)] + [packer.flush()])
    assert len(bomb) < 200_000

    async def explode(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": encoding})

    await world.serve("w.example", explode)
    with pytest.raises(TooLarge):
        await fetch(await world.client())


async def test_a_packed_document_is_unpacked_and_one_packed_twice_only_once(world: World) -> None:
    async def packed(request: web.Request) -> web.Response:
        body = gzip.compress(b"words")
        return web.Response(body=body if request.path == "/once" else gzip.compress(body), headers={"Content-Encoding": "gzip"})

    await world.serve("w.example", packed)
    client = await world.client()
    assert (await fetch(client, "https://w.example/once")).body == b"words"
    assert gzip.decompress((await fetch(client, "https://w.example/twice")).body) == b"words"


async def test_a_body_that_does_not_unpack_or_ends_early_is_no_answer(world: World) -> None:
    async def broken(request: web.Request) -> web.Response:
        return web.Response(body=b"no gzip", headers={"Content-Encoding": "gzip"})

    async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 100\r\n\r\n{}")
        await writer.drain()

    await world.serve("w.example", broken)
    await world.speak("e.example", short)
    client = await world.client()
    for url in (MO, "https://e.example/"):
        with pytest.raises(Unreachable):
            await fetch(client, url)


# Time


@pytest.mark.usefixtures("impatient")
async def test_a_byte_at_a_time_ends_at_the_deadline(world: World) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 1000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x")
            await asyncio.sleep(0.01)

    await world.speak("w.example", drip)
    client = await world.client()
    with pytest.raises(Unreachable):
        await fetch(client)
    with pytest.raises(Unreachable):
        await client.post(parse_url(MO), body=b"{}", headers={}, deadline=0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("piece", [b"a", b"a:\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b""])
async def test_a_head_that_does_not_end_ends_at_the_deadline(world: World, piece: bytes) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"" if piece.startswith(b"HTTP") else HEAD)
        while not reader.at_eof():
            writer.write(piece)
            await asyncio.sleep(0.01)

    await world.speak("w.example", drip)
    with pytest.raises(Unreachable):
        await fetch(await world.client())


@pytest.mark.parametrize("piece", [b"a:\r\n", b"a", b"a: " + b"b" * 1000 + b"\r\n"])
async def test_a_head_without_measure_is_no_answer(world: World, piece: bytes) -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while not reader.at_eof():
            writer.write(piece * 1000)
            await writer.drain()
            await asyncio.sleep(0)

    await world.speak("w.example", pour)
    with pytest.raises(Unreachable):
        await fetch(await world.client())


@pytest.mark.usefixtures("impatient")
async def test_one_deadline_spans_all_redirects(world: World) -> None:
    async def dawdle(request: web.Request) -> web.Response:
        await asyncio.sleep(0.2)
        return web.Response(status=302, headers={"Location": "/next"})

    await world.serve("w.example", dawdle)
    with pytest.raises(Unreachable):
        await fetch(await world.client())
    assert len(world.seen) <= 2  # a deadline for each would have let four happen


async def test_a_server_that_is_not_there_or_not_itself_is_unreachable(world: World) -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()

    await world.speak("w.example", nothing)
    await world.serve("other.example", document)  # its certificate knows other names
    world.map["e.example"] = ("127.0.0.1", 1)
    client = await world.client()
    for url in (MO, "https://other.example/", "https://e.example/"):
        with pytest.raises(Unreachable):
            await fetch(client, url)
        with pytest.raises(Unreachable):
            await client.post(parse_url(url), body=b"{}", headers={})


async def test_a_name_without_an_address_is_unreachable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    client = await world.client()
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable):
        await fetch(client, "https://nowhere.example/")


async def test_no_error_repeats_the_address_that_was_asked(world: World) -> None:
    world.map["w.example"] = ("127.0.0.1", 1)
    with pytest.raises(Unreachable) as error:
        await fetch(await world.client(), "https://w.example/secret")
    assert "secret" not in str(error.value)
    assert (error.value.__cause__, error.value.__suppress_context__) == (None, True)  # the cause would repeat it in a log


# Deliveries


async def test_a_delivery_is_sent_as_it_was_signed(world: World) -> None:
    bodies = []

    async def inbox(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response(status=202)

    await world.serve("w.example", inbox)
    headers = {
        "Date": "Fri, 20 Nov 2026 12:00:00 GMT",
        "Digest": "SHA-256=x",
        "Signature": "s",
        "Content-Type": "application/activity+json",
    }
    answer = await (await world.client()).post(parse_url("https://w.example/inbox?a"), body=b'{"type": "Like"}', headers=headers)
    assert answer.status == 202
    [request] = world.seen
    assert (request.method, request.raw_path, bodies) == ("POST", "/inbox?a", [b'{"type": "Like"}'])
    assert {name: request.headers.getall(name) for name in headers} == {name: [value] for name, value in headers.items()}
    assert request.headers.getall("Host") == ["w.example"]
    assert request.headers.getall("User-Agent") == ["fediverse_circle (test)"]
    assert request.headers["Content-Length"] == "16"


async def test_a_long_reply_to_a_delivery_is_cut_off_and_counts(world: World) -> None:
    async def chatter(request: web.Request) -> web.Response:
        return web.Response(status=202, body=b"x" * 10_000_000)

    await world.serve("w.example", chatter)
    answer = await (await world.client()).post(parse_url(MO), body=b"{}", headers={})
    assert (answer.status, len(answer.body)) == (202, 65536)


async def test_many_deliveries_to_a_host_share_a_connection(world: World) -> None:
    ports = set()

    async def inbox(request: web.Request) -> web.Response:
        ports.add(request.transport.get_extra_info("peername"))
        return web.Response(status=202)

    await world.serve("w.example", inbox)
    client = await world.client()
    for _ in range(5):
        await client.post(parse_url(MO), body=b"{}", headers={})
    assert len(ports) == 1


async def test_a_delivery_over_a_connection_that_just_ended_is_sent_over_a_new_one(world: World) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.readexactly(1)  # the next request begins, and finds nobody

    await world.speak("w.example", once)
    client = await world.client()
    for _ in range(2):
        assert (await client.post(parse_url(MO), body=b"{}", headers={})).status == 202
    assert world.dialled == 2


# Budgets and transactions


async def test_each_redirect_is_paid_for_and_who_cannot_pay_does_not_ask(world: World) -> None:
    await world.serve("w.example", moved("/b", "/c"))
    client = await world.client()
    with pytest.raises(BudgetSpent):
        await fetch(client, requests=2)
    assert len(world.seen) == 2
    with pytest.raises(Unreachable):
        await fetch(client, requests=0)
    assert len(world.seen) == 2


async def test_a_budget_without_time_left_asks_nobody_and_shortens_the_deadline(world: World) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    await world.speak("w.example", never)
    client = await world.client()
    now = 0.0
    budget = Budget(requests=9, seconds=0.2, ticks=lambda: now)
    async with asyncio.timeout(client_module.DEADLINE_SECONDS / 3):  # not the usual deadline, but what the budget has left
        with pytest.raises(Unreachable):
            await client.get(parse_url(MO), accept="*/*", signer=None, budget=budget)
    now = 0.2
    with pytest.raises(BudgetSpent):
        await client.get(parse_url(MO), accept="*/*", signer=None, budget=budget)
    assert budget.requests_left == 8


async def test_no_stranger_is_asked_inside_a_transaction(world: World) -> None:
    await world.serve("w.example", document)
    client = await world.client()
    token = transaction_open.set(True)
    try:
        with pytest.raises(RuntimeError):
            await fetch(client)
        with pytest.raises(RuntimeError):
            await client.post(parse_url(MO), body=b"{}", headers={})
    finally:
        transaction_open.reset(token)
    assert world.seen == []
    assert (await fetch(client)).status == 200

"""Going out, but never inside: which addresses are dialled."""

import ipaddress
import socket

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from fediverse_circle.core.urls import BadUrl, parse_url
from fediverse_circle.net.budget import Budget
from fediverse_circle.net.client import Client
from fediverse_circle.net.guard import AddressRefused, Guard, NotDialled, is_public

from .conftest import World

PRIVATE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3", "169.254.0.1", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.10", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1"),
    *("2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254"),
    *("fe80::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "93.184.216.34", "192.0.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1"),
    *("::ffff:8.8.8.8", "64:ff9b::808:808"),
]
OF_THE_WORLD = Guard(frozenset({"v.example"}), ())


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_that_is_not_of_the_open_internet_is_not_dialled(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    for port in (22, 80, 443, 5432, 6379):
        with pytest.raises(NotDialled):
            OF_THE_WORLD.socket((family, socket.SOCK_STREAM, 6, "", (text, port, 0, 0) if ":" in text else (text, port)))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_dialled_on_the_port_of_https_alone(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    for port in (22, 80, 5432, 6379, 8443):
        with pytest.raises(NotDialled):
            OF_THE_WORLD.socket((family, socket.SOCK_STREAM, 6, "", (text, port)))
    OF_THE_WORLD.socket((family, socket.SOCK_STREAM, 6, "", (text, 443))).close()


def test_a_scoped_address_is_judged_without_its_scope() -> None:
    with pytest.raises(NotDialled):
        OF_THE_WORLD.socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%lo", 443, 0, 1)))


@pytest.mark.parametrize(
    "text",
    [f"https://{f'[{address}]' if ':' in address else address}/" for address in [*PRIVATE, *PUBLIC]]
    + [
        "https://127.0.0.1:8443/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://127.1/",
        "https://v.example/",
        "https://V.Example.:443/inbox",
        "https://w.example:22/",
        "https://w.example:80/",
        "https://w.example:5432/",
        "https://w.example:8443/",
        "http://w.example/",
        "http://w.example:443/",
        "https://v.example@w.example/",
        "unix:/run/postgresql/.s.PGSQL.5432",
        "file:///etc/passwd",
        "gopher://w.example/",
        "ftp://w.example/",
    ],
)
async def test_of_strangers_only_https_under_a_name_of_another_host_is_asked(world: World, text: str) -> None:
    client = await world.client(networks=())
    with pytest.raises((AddressRefused, BadUrl)):
        await client.get(parse_url(text), accept="*/*", signer=None, budget=Budget(requests=9, seconds=9))
    with pytest.raises((AddressRefused, BadUrl)):
        await client.post(parse_url(text), body=b"", headers={})


def test_a_name_of_the_world_on_the_usual_port_is_not_refused_before_it_is_dialled() -> None:
    OF_THE_WORLD.check(parse_url("https://w.example/users/mo"))
    OF_THE_WORLD.check(parse_url("https://w.example:443/"))


def test_a_laboratory_opens_its_own_networks_and_no_others() -> None:
    guard = Guard(frozenset({"127.0.0.1:8001"}), (ipaddress.ip_network("127.0.0.0/30"),))
    for text in ("http://127.0.0.1:8002/", "https://127.0.0.2/", "http://w.example:8000/"):
        guard.check(parse_url(text))
    for text in ("http://127.0.0.1:8001/", "http://127.0.0.5:8002/", "https://10.0.0.1/", "https://8.8.8.8/", "http://w.example:443/"):
        with pytest.raises(AddressRefused):
            guard.check(parse_url(text))
    guard.socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.3", 5000))).close()
    for host, port in (("127.0.0.5", 443), ("10.0.0.1", 443), ("8.8.8.8", 80)):
        with pytest.raises(NotDialled):
            guard.socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)))


class Liar(AbstractResolver):
    """A name server that answers in turn from a list, and then the last for ever."""

    def __init__(self, port: int, *answers: list[str]) -> None:
        self._port, self._answers = port, list(answers)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [ResolveResult(hostname=host, host=one, port=self._port, family=socket.AF_INET, proto=0, flags=0) for one in addresses]

    async def close(self) -> None:
        pass


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello", headers={"Connection": "close"})


async def test_a_name_that_answers_well_first_and_with_an_inner_address_next_leads_nowhere_the_second_time(world: World) -> None:
    await world.serve("w.example", hello)
    _, port = world.map["w.example"]
    guard = Guard(frozenset(), (ipaddress.ip_network("127.0.0.1/32"),))
    connector = aiohttp.TCPConnector(
        resolver=Liar(port, ["127.0.0.1"], ["127.0.0.2"]), use_dns_cache=False, socket_factory=guard.socket, ssl=False
    )
    async with aiohttp.ClientSession(connector=connector) as session:
        client, budget = Client(session, guard), Budget(requests=9, seconds=60)
        url = parse_url("https://w.example/")
        assert (await client.get(url, accept="*/*", signer=None, budget=budget)).body == b"hello"
        with pytest.raises(AddressRefused):
            await client.get(url, accept="*/*", signer=None, budget=budget)
    assert len(world.seen) == 1


async def test_every_address_of_a_name_is_judged_by_itself(world: World) -> None:
    await world.serve("w.example", hello)
    _, port = world.map["w.example"]
    guard = Guard(frozenset(), (ipaddress.ip_network("127.0.0.1/32"),))
    connector = aiohttp.TCPConnector(resolver=Liar(port, ["127.0.0.2", "10.0.0.1", "127.0.0.1"]), socket_factory=guard.socket, ssl=False)
    async with aiohttp.ClientSession(connector=connector) as session:
        answer = await Client(session, guard).get(
            parse_url("https://w.example/"), accept="*/*", signer=None, budget=Budget(requests=1, seconds=60)
        )
    assert answer.body == b"hello"
    assert world.seen[0].transport is None or world.seen[0].host == "w.example"


async def test_names_that_the_system_knows_to_be_inside_are_refused_when_dialled(world: World) -> None:
    client = await world.client(networks=())
    with pytest.raises(AddressRefused):
        await client.get(parse_url("https://localhost/"), accept="*/*", signer=None, budget=Budget(requests=1, seconds=60))


async def test_a_server_behind_a_name_of_the_world_at_an_inner_address_hears_nothing(world: World) -> None:
    await world.serve("w.example", hello)
    client = await world.client(networks=())
    url = parse_url("https://w.example/")
    with pytest.raises(AddressRefused):
        await client.get(url, accept="*/*", signer=None, budget=Budget(requests=1, seconds=60))
    with pytest.raises(AddressRefused):
        await client.post(url, body=b"{}", headers={})
    assert world.seen == []

"""Unmodified clients: Mastodon.py with a token, and what the strict ones refuse."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, TypeVar

import pytest
import requests
from mastodon import Mastodon, MastodonNotFoundError, MastodonUnauthorizedError

from tests.conformance.house import House, Resident
from tests.conformance.shapes import STRICT, strictness

T = TypeVar("T")


class Client:
    """Mastodon.py, in a thread as it blocks."""

    def __init__(self, house: House, person: Resident) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self._client = Mastodon(access_token=person.token, api_base_url=house.base, session=self.session, ratelimit_method="throw")

    async def __call__(self, deed: Callable[[Mastodon], T]) -> T:
        return await asyncio.to_thread(deed, self._client)


@pytest.fixture
async def client(house: House) -> AsyncIterator[Callable[[Resident], Client]]:
    made: list[Client] = []

    def make(person: Resident) -> Client:
        made.append(Client(house, person))
        return made[-1]

    yield make
    for client in made:
        client.session.close()


async def test_mastodon_py_says_edits_reads_and_takes_back(house: House, client: Callable[[Resident], Client]) -> None:
    ana, bo = await house.people(2)
    anas, bos = client(ana), client(bo)
    await anas(lambda app: app.account_follow(bo.id))
    assert [who["acct"] for who in await bos(lambda app: app.follow_requests())] == [ana.acct]
    await bos(lambda app: app.follow_request_authorize(ana.id))
    said = await bos(lambda app: app.status_post("Hello", spoiler_text="Words", idempotency_key="one", language="en", visibility="private"))
    assert isinstance(said.created_at, datetime)
    assert (
        await bos(lambda app: app.status_post("Hello", spoiler_text="Words", idempotency_key="one", language="en", visibility="private"))
    ).id == said.id
    (read,) = await anas(lambda app: app.timeline_home())
    answer = await anas(lambda app: app.status_reply(read, "Hi"))
    assert (answer.visibility, answer.in_reply_to_id) == ("private", said.id)
    assert [status.id for status in (await bos(lambda app: app.status_context(said))).descendants] == [answer.id]
    assert [told.type for told in await bos(lambda app: app.notifications())] == ["mention", "follow"]
    edited = await bos(lambda app: app.status_update(said.id, "Goodbye"))
    assert edited.content == "<p>Goodbye</p>"
    assert (await bos(lambda app: app.status_source(said.id))).text == "Goodbye"
    assert [version.content for version in await anas(lambda app: app.status_history(said.id))] == ["<p>Goodbye</p>"]
    gone = await bos(lambda app: app.status_delete(said.id))
    assert gone.text == "Goodbye"
    with pytest.raises(MastodonNotFoundError):
        await anas(lambda app: app.status(said.id))


async def test_mastodon_py_walks_pages(house: House, client: Callable[[Resident], Client]) -> None:
    (ana,) = await house.people(1)
    ids = [(await ana.say(str(number)))["id"] for number in range(5)]
    app = client(ana)
    first = await app(lambda app: app.timeline_home(limit=2))
    everything = await app(lambda app: app.fetch_remaining(first))
    assert [status.id for status in everything] == ids[::-1]
    second = await app(lambda app: app.fetch_next(first))
    assert [status.id for status in await app(lambda app: app.fetch_previous(second))] == [status.id for status in first]


async def test_mastodon_py_knows_oneself_others_and_the_server(house: House, client: Callable[[Resident], Client]) -> None:
    ana, bo = await house.people(2)
    app = client(ana)
    me = await app(
        lambda app: app.account_update_credentials(display_name="Ana", note="Hi", fields=[("Home", "https://example.org")], locked=False)
    )
    assert (me.display_name, me.source.note, me.fields[0].name, me.locked) == ("Ana", "Hi", "Home", False)
    assert (await app(lambda app: app.me())).id == ana.id
    assert (await app(lambda app: app.account_lookup(bo.acct))).id == bo.id
    assert [who.id for who in await app(lambda app: app.account_search(bo.acct))] == [bo.id]
    assert [who.id for who in (await app(lambda app: app.search_v2(f"{bo.acct}@here.example", resolve=True))).accounts] == [bo.id]
    assert [relation.following for relation in await app(lambda app: app.account_relationships([bo.id]))] == [False]
    assert (await app(lambda app: app.markers_set(["home"], [12]))).home.last_read_id == "12"
    assert (await app(lambda app: app.markers_get(["home"]))).home.version == 1
    assert (await app(lambda app: app.preferences()))["posting:default:visibility"] == "private"
    server = await app(lambda app: app.instance())
    assert server.configuration.statuses.max_characters == 5000
    for nothing in (
        "lists",
        "filters",
        "filters_v2",
        "bookmarks",
        "favourites",
        "blocks",
        "mutes",
        "conversations",
        "announcements",
        "custom_emojis",
        "followed_tags",
        "domain_blocks",
        "suggestions",
        "trending_tags",
    ):
        assert list(await app(lambda app, nothing=nothing: getattr(app, nothing)())) == []


async def test_mastodon_py_is_told_when_a_token_is_none(house: House) -> None:
    with requests.Session() as session:
        session.trust_env = False
        app = Mastodon(access_token="none", api_base_url=house.base, session=session)
        with pytest.raises(MastodonUnauthorizedError):
            await asyncio.to_thread(app.timeline_home)


async def test_the_table_of_strict_decoders_is_awake(house: House) -> None:
    """Each field that a strict client wants is missed by the tests if it is missing, or null, in any real answer."""
    ana, bo = await house.people(2)
    said = await bo.say(f"@{ana.acct} hello")
    real: list[Any] = [
        said,
        (await ana.get("/api/v1/accounts/verify_credentials")).json,
        (await ana.get("/api/v1/accounts/relationships", **{"id[]": bo.id})).json,
        (await ana.get("/api/v1/notifications")).json,
        (await ana.get(f"/api/v1/statuses/{said['id']}/context")).json,
        (await ana.get("/api/v2/search", q=bo.acct)).json,
        (await ana.get("/api/v1/markers", **{"timeline[]": "home"})).json,
        (await ana.get("/api/v2/instance")).json,
    ]
    missed = set()
    for answer in real:
        for holder, field in places(answer):
            for broken in (None, "missing"):
                worse = copy.deepcopy(answer)
                target = at(worse, holder)
                if broken is None:
                    target[field] = None
                else:
                    del target[field]
                if list(strictness(worse)):
                    missed.add(field)
    wanted = {field for fields in STRICT.values() for field in fields.split()}
    marks = {mark for marks in STRICT for mark in marks.split("+")}  # a thing without its mark is not known for what it is
    assert wanted - marks <= missed


def places(value: Any, holder: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], str]]:
    """Every field of an answer: the way to what holds it, and its name."""
    match value:
        case dict():
            return [(holder, key) for key in value] + [place for key, inner in value.items() for place in places(inner, (*holder, key))]
        case list():
            return [place for number, inner in enumerate(value) for place in places(inner, (*holder, number))]
        case _:
            return []


def at(value: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        value = value[step]
    return value

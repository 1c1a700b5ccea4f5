"""Attacks by what is sent: rows 67 to 76 of the list, as far as there is something that reads it.

Whatever comes, the answer is one that the surface knows, in a moment, and nothing happens that should not.
"""

import gzip
import zlib
from collections.abc import Mapping
from contextlib import suppress

import msgspec
import pytest

from fediverse_circle.core.errors import Trouble
from fediverse_circle.core.urls import parse_url
from fediverse_circle.federation import fetch, lookup
from fediverse_circle.federation.asking import Asking
from fediverse_circle.signing import sign_cavage
from fediverse_circle.store import posts
from tests.attacks.conftest import Cast
from tests.strangers import PUBLIC, E, Person, Stage
from tests.unit.text.test_sanitise import inspected

MARKUP = [
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></math>",
    "<style>*{background:url(https://e.example/x)}</style>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action=https://e.example><input name=p></form>",
    '<p style="position:fixed" class="evil" id="main" onclick="x()">x</p>',
    '<iframe src="https://e.example"></iframe><object data=x></object><embed src=x><base href="https://e.example">',
]


@pytest.mark.parametrize("markup", MARKUP)
async def test_067_markup_in_every_text(v: Stage, cast: Cast, markup: str) -> None:
    mallory = Person(E, "mallory")
    v.strangers[E].say(
        mallory.id,
        mallory.document(
            name=markup,
            summary=markup,
            attachment=[{"type": "PropertyValue", "name": markup, "value": markup}],
            url=f"https://{E}/@mallory",
        ),
    )
    await fetch.actor_anew(v.here, Asking(v.here), mallory.id)
    note = mallory.note("67", to=[PUBLIC, cast.nora.uri], content=markup, contentMap={"en": markup}, summary=markup, name=markup)
    note |= {
        "tag": [
            {"type": "Mention", "href": cast.nora.uri, "name": markup},
            {"type": "Hashtag", "name": markup, "href": "javascript:alert(1)"},
        ],
        "attachment": [{"type": "Document", "mediaType": "image/png", "url": f"https://{E}/x.png", "name": markup}],
    }
    await v.deliver(mallory.does("Create", note), mallory)
    shown = await v.ask("GET", "/api/v1/notifications", {"Authorization": f"Bearer {await v.token(cast.nora)}"})
    texts = msgspec.json.decode(shown.body)[0]
    for html in (texts["status"]["content"], texts["account"]["note"], *(field["value"] for field in texts["account"]["fields"])):
        inspected(html)
    assert dict(shown.headers)["X-Content-Type-Options"] == "nosniff"


TARGETS = [
    "https://127.0.0.2/users/x",
    "https://0.0.0.0/users/x",
    "https://[::]/users/x",
    "https://[::1]/users/x",
    "https://[::ffff:127.0.0.1]/users/x",
    "https://[64:ff9b::7f00:1]/users/x",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/users/x",
    "https://10.0.0.1/users/x",
    "https://2130706433/users/x",
    "https://0x7f.1/users/x",
    "https://v.example/users/alice",
    "http://w.example/users/x",
    "file:///etc/passwd",
    "gopher://w.example/x",
]


@pytest.mark.parametrize("target", TARGETS)
async def test_068_addresses_that_are_not_for_us_to_ask(v: Stage, cast: Cast, target: str) -> None:
    """As a key, an object, a parent, somebody named, something looked up."""
    async with v.unmoved():
        answer = await v.post(cast.mallory.does("Create", target, to=[cast.mia.uri]), cast.mallory)
        assert answer.status in (202, 400)
    note = cast.mallory.note("68", to=[cast.mia.uri, target], inReplyTo=target, tag=[{"type": "Mention", "href": target, "name": "@x"}])
    before = await v.footprint()
    await v.deliver(cast.mallory.does("Create", note), cast.mallory)
    after = await v.footprint()
    assert {key: value for key, value in after.items() if key.startswith("asked")} == {
        key: before[key] for key in before if key.startswith("asked")
    }
    with suppress(Trouble):
        assert await lookup.by_url(v.here, cast.nora.id, target) is None or target.startswith("https://v.example")


async def test_068_a_redirect_into_the_house(v: Stage, cast: Cast) -> None:
    v.strangers[E].moved["/users/mallory/moved"] = "https://127.0.0.2/secret"
    async with v.unmoved(but_asking=[E]):
        await v.post(cast.mallory.does("Create", cast.mallory.thing("moved"), to=[cast.mia.uri]), cast.mallory)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "identity"])
async def test_069_encoded_requests(v: Stage, cast: Cast, encoding: str) -> None:
    body = msgspec.json.encode(cast.mallory.does("Create", cast.mallory.note("69", to=[cast.mia.uri])))
    packed = gzip.compress(body) if "gzip" in encoding else zlib.compress(body)
    async with v.unmoved():
        signed = sign_cavage(cast.mallory.secret, cast.mallory.key_id, "POST", parse_url(f"https://{v.host}/inbox"), packed, v.clock())
        assert (await v.ask("POST", "/inbox", {**signed, "Content-Encoding": encoding}, packed)).status == 400


@pytest.mark.parametrize("size", [(1 << 20) + 1, 5 << 20])
async def test_070_more_than_a_megabyte(v: Stage, cast: Cast, size: int) -> None:
    body = b'{"id": "' + b"x" * size + b'"}'
    async with v.unmoved():
        assert (await v.post(body, cast.mallory)).status == 413


@pytest.mark.parametrize("much", ["to", "tag"])
async def test_070_ten_thousand_of_anything(v: Stage, cast: Cast, much: str) -> None:
    names = [f"https://{E}/users/{number}" for number in range(10_000)]
    things = {"to": [cast.mia.uri, *names], "tag": [{"type": "Mention", "href": name, "name": "@x"} for name in names]}
    before = len(v.strangers[E].asked)
    note = cast.mallory.note("70", **{"to": [cast.mia.uri], much: things[much]})
    assert (await v.post(cast.mallory.does("Create", note), cast.mallory)).status in (202, 400)
    await v.settle()
    assert len(v.strangers[E].asked) - before <= 10


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"object": ' * 1000 + b"1" + b"}" * 1000,
        b'{"a": ' * 40 + b"1" + b"}" * 40,
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"id": NaN}',
        b'{"id": "https://e.example/1", "id": "https://e.example/2", "type": "Create", "actor": "https://e.example/users/mallory"}',
    ],
)
async def test_071_nesting_and_things_that_are_not_json(v: Stage, cast: Cast, body: bytes) -> None:
    async with v.unmoved():
        assert (await v.post(body, cast.mallory)).status == 400


async def test_075_letters_that_turn_texts_around(v: Stage, cast: Cast) -> None:
    note = cast.mallory.note("75", to=[cast.nora.uri], content="<p>safe\u202etxt.exe\u202c \u2066x</p>", summary="\u202ewarning")
    await v.deliver(cast.mallory.does("Create", note), cast.mallory)
    post = await posts.visible_by_uri(v.db.pool, cast.nora.id, note["id"])
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(post.content + post.summary)


async def test_075_a_hundred_thousand_mentions(v: Stage, cast: Cast) -> None:
    token = await v.token(cast.nora)
    headers: Mapping[str, str] = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = await v.ask("POST", "/api/v1/statuses", headers, msgspec.json.encode({"status": "@mallory@e.example " * 50_000}))
    assert answer.status in (413, 422)


async def test_076_a_chain_of_parents_without_end(v: Stage, cast: Cast) -> None:
    mallory = cast.mallory
    for number in range(60):
        v.strangers[E].say(
            mallory.thing(f"chain/{number}"), mallory.note(f"chain/{number}", to=[PUBLIC], inReplyTo=mallory.thing(f"chain/{number + 1}"))
        )
    v.strangers[E].asked.clear()
    await v.deliver(
        mallory.does("Create", mallory.note("chain/first", to=[PUBLIC, cast.mia.uri], inReplyTo=mallory.thing("chain/0"))), mallory
    )
    assert len(v.strangers[E].asked) <= 20


async def test_076_ever_new_people(v: Stage, cast: Cast) -> None:
    crowd = [f"https://{E}/users/new{number}" for number in range(300)]
    tags = [{"type": "Mention", "href": name, "name": "@x"} for name in crowd]
    v.strangers[E].asked.clear()
    await v.deliver(cast.mallory.does("Create", cast.mallory.note("76", to=[cast.mia.uri, *crowd], tag=tags)), cast.mallory)
    assert len(v.strangers[E].asked) <= 20

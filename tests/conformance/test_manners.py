"""How apps speak, and how they are refused: encodings, spellings, errors, other origins."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from fediverse_circle.core.errors import Conflict, Forbidden, TooLarge, TooMany, Trouble, Unreachable
from fediverse_circle.mastodon import refusal
from fediverse_circle.site import SITE
from tests.conformance.house import House
from tests.people import NOW

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"status": "Tea"}', "application/json; charset=utf-8"),
        (b'{"status": "Tea"}', "text/plain"),
        (b' {"status": "Tea"}', "application/octet-stream"),
        (b"status=Tea", FORM),
        (b"status=Tea", "text/plain"),
        (b'--b\r\nContent-Disposition: form-data; name="status"\r\n\r\nTea\r\n--b--\r\n', "multipart/form-data; boundary=b"),
    ],
)
async def test_a_body_is_read_as_well_as_it_can_be(house: House, body: bytes, kind: str) -> None:
    (ana,) = await house.people(1)
    answer = await ana.ask("POST", "/api/v1/statuses", data=body, headers={"Content-Type": kind, "Accept": "text/html"})
    assert (answer.status, answer.json["content"]) == (200, "<p>Tea</p>")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"status": "\xff"}', "application/json"),
        (b"\xff\xfe", FORM),
        (b"status=a%00b", FORM),
        (b"status" + b"[a]" * 20_000 + b"=1", FORM),
        (b"status=x", "multipart/form-data"),
        (b"--b\r\nstatus", "multipart/form-data; boundary=b"),
        (b'{"status": "a\\u0000b"}', "application/json"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_bad_request(house: House, body: bytes, kind: str) -> None:
    (ana,) = await house.people(1)
    answer = await ana.ask("POST", "/api/v1/statuses", data=body, headers={"Content-Type": kind})
    assert answer.status in (400, 422)
    assert answer.json["error"]
    assert (await ana.get(f"/api/v1/accounts/{ana.id}/statuses")).json == []


@pytest.mark.parametrize("kind", [FORM, "application/json", "multipart/form-data; boundary=b"])
async def test_a_body_that_is_too_large_is_not_read(house: House, kind: str) -> None:
    (ana,) = await house.people(1)
    body = b'--b\r\nContent-Disposition: form-data; name="status"\r\n\r\n' + b"x" * (300 << 10) + b"\r\n--b--\r\n"

    async def bits() -> object:
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    for data in (body, bits()):
        assert (await ana.ask("POST", "/api/v1/statuses", data=data, headers={"Content-Type": kind})).status == 413
    many = "&".join(f"a{number}=1" for number in range(2000)).encode()
    assert (await ana.ask("POST", "/api/v1/statuses", data=many, headers={"Content-Type": FORM})).status == 413


async def test_a_slash_at_the_end_means_nothing(house: House) -> None:
    (ana,) = await house.people(1)
    assert (await house.nobody.get("/api/v1/instance/")).json == (await house.nobody.get("/api/v1/instance")).json
    said = (await ana.post("/api/v1/statuses/", status="x")).json
    assert (await ana.get(f"/api/v1/statuses/{said['id']}/")).json == said


async def test_a_delete_may_have_a_body(house: House) -> None:
    (ana,) = await house.people(1)
    said = await ana.say("x")
    assert (await ana.ask("DELETE", f"/api/v1/statuses/{said['id']}", json={"delete_media": True})).status == 200


@pytest.mark.parametrize("spelt", ["true", "True", "1", "on", "yes", "t", True, 1])
@pytest.mark.parametrize("opposite", ["false", "0", "off", "f", False, 0])
async def test_yes_and_no_are_understood_in_every_spelling(house: House, spelt: object, opposite: object) -> None:
    (ana,) = await house.people(1)
    for value, meant in ((opposite, False), (spelt, True)):
        assert (await ana.patch("/api/v1/accounts/update_credentials", locked=value)).json["locked"] is meant


@pytest.mark.parametrize(
    "spelt", [[("id[]", "{0}"), ("id[]", "{1}")], [("id[0]", "{0}"), ("id[1]", "{1}")], [("id[1]", "{1}"), ("id[0]", "{0}")]]
)
async def test_arrays_are_understood_in_every_spelling(house: House, spelt: list[tuple[str, str]]) -> None:
    ana, bo = await house.people(2)
    params = [(name, value.format(ana.id, bo.id)) for name, value in spelt]
    assert [who["id"] for who in (await ana.ask("GET", "/api/v1/accounts", params=params)).json] == [ana.id, bo.id]


# Refusals


async def test_refusals_are_in_the_words_that_apps_compare(house: House) -> None:
    (ana,) = await house.people(1)
    narrow = await house.app(ana, "read:accounts")
    itself = await house.app(None, "read", "write")
    said = [
        (await house.nobody.get("/api/v1/timelines/home"), 401, "The access token is invalid"),
        (await (await house.app(ana, "write")).get("/api/v1/timelines/home"), 403, "This action is outside the authorized scopes"),
        (await narrow.post("/api/v1/statuses", status="x"), 403, "This action is outside the authorized scopes"),
        (await itself.get("/api/v1/timelines/home"), 401, "This method requires an authenticated user"),
        (await ana.get("/api/v1/statuses/77"), 404, "Record not found"),
        (await ana.post("/api/v1/statuses"), 422, "Validation failed: Text can't be blank"),
    ]
    for answer, status, sentence in said:
        assert (answer.status, answer.json["error"]) == (status, sentence)
    assert said[0][0].headers["WWW-Authenticate"] == "Bearer"
    assert said[-1][0].json["details"] == {"status": [{"error": "ERR_BLANK", "description": "Text can't be blank"}]}


async def test_an_app_for_itself_reads_as_nobody_does(house: House) -> None:
    ana = await house.person(ceiling="public")
    itself = await house.app(None, "read")
    private, public = await ana.say("x"), await ana.say("y", visibility="public")
    assert (await itself.get(f"/api/v1/statuses/{private['id']}")).status == 404
    assert (await itself.get(f"/api/v1/statuses/{public['id']}")).status == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/timelines/home", "/api/v1/statuses/77", "/api/v1/no/such", "/api/v2/instance", "/oauth/token", "/health"]
)
async def test_pages_of_other_origins_may_read_every_answer_errors_too(house: House, path: str) -> None:
    async with house.session.get(house.base + path, headers={"Origin": "https://app.example"}) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert {"Link", "X-Request-Id", "X-RateLimit-Reset"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, x-odd",
    }
    async with house.session.options(house.base + path, headers=asked) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"] == "authorization, x-odd"
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_pages_for_people_are_not_read_by_other_origins(house: House) -> None:
    for path in ("/", "/oauth/authorize", "/auth/sign_in"):
        async with house.session.get(house.base + path) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("trouble", "status", "body", "headers"),
    [
        (
            TooMany(NOW + timedelta(seconds=90)),
            429,
            "Too many requests",
            {"Retry-After": "91", "X-RateLimit-Reset": "2026-11-20T12:01:30.000Z"},
        ),
        (TooMany(NOW - timedelta(seconds=90)), 429, "Too many requests", {"Retry-After": "1", "X-RateLimit-Remaining": "0"}),
        (Unreachable(), 503, Unreachable.sentence, {}),
        (Conflict("Somebody was first."), 409, "Somebody was first.", {}),
        (TooLarge(), 413, TooLarge.sentence, {}),
        (Forbidden("No."), 403, "No.", {}),
        (Trouble(), 500, Trouble.sentence, {}),
    ],
)
def test_troubles_have_their_status_and_a_sentence(house: House, trouble: Trouble, status: int, body: str, headers: dict[str, str]) -> None:
    app = web.Application()
    app[SITE] = replace(house.here, now=lambda: NOW)
    answer = refusal(make_mocked_request("GET", "/api/v1/x", app=app), trouble)
    assert isinstance(answer.body, bytes)
    assert (answer.status, msgspec.json.decode(answer.body)) == (status, {"error": body})
    assert headers.items() <= dict(answer.headers).items()

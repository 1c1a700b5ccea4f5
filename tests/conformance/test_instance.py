"""What the server says of itself, and what nobody has any of."""

import re

import pytest
from aiohttp import ClientSession

from tests.conformance.house import House
from tests.conformance.shapes import is_described

OF_EVERYBODY = [
    "custom_emojis",
    "directory",
    "instance/activity",
    "instance/domain_blocks",
    "instance/peers",
    "instance/rules",
    "trends",
    "trends/links",
    "trends/statuses",
    "trends/tags",
]
OF_MINE = [
    "announcements",
    "blocks",
    "bookmarks",
    "conversations",
    "domain_blocks",
    "endorsements",
    "favourites",
    "featured_tags",
    "featured_tags/suggestions",
    "filters",
    "followed_tags",
    "lists",
    "mutes",
    "scheduled_statuses",
    "suggestions",
    "timelines/link",
]


async def test_the_instance_answers_hold_what_apps_decode(house: House) -> None:
    second, first = (await house.nobody.get("/api/v2/instance")).json, (await house.nobody.get("/api/v1/instance")).json
    assert (second["domain"], first["uri"]) == ("here.example", "here.example")
    assert re.match(r"\d+\.\d+", second["version"])
    assert second["version"] == first["version"]
    assert second["api_versions"] == {"mastodon": 1}  # from 2 on apps ask for grouped notifications alone
    assert second["configuration"]["statuses"]["max_characters"] == first["configuration"]["statuses"]["max_characters"] == 5000
    assert second["configuration"]["statuses"]["max_media_attachments"] == 0
    assert second["registrations"]["enabled"] is first["registrations"] is False
    assert second["registrations"]["message"]
    assert "streaming" not in second["configuration"]["urls"]  # nobody is sent where nothing is
    assert first["urls"]["streaming_api"] == "wss://here.example"
    assert {"url"} <= second["thumbnail"].keys()
    assert {"email"} <= second["contact"].keys()
    feeds = second["configuration"]["timelines_access"]["live_feeds"]
    assert feeds == {"local": "disabled", "remote": "disabled"}


async def test_the_server_counts_nobody_and_names_no_peers(house: House) -> None:
    second, first = (await house.nobody.get("/api/v2/instance")).json, (await house.nobody.get("/api/v1/instance")).json
    assert second["usage"] == {"users": {"active_month": 0}}
    assert set(first["stats"].values()) == {0}
    assert (await house.nobody.get("/api/v1/instance/peers")).json == []


async def test_the_description_is_text_and_not_html(house: House) -> None:
    assert (await house.nobody.get("/api/v1/instance/extended_description")).json["content"] == "<p>For us &amp; friends.</p>"


@pytest.mark.parametrize("what", [f"v1/{what}" for what in OF_MINE] + ["v2/filters", "v2/suggestions"])
async def test_what_the_caller_has_none_of_is_an_empty_list(house: House, what: str) -> None:
    (ana,) = await house.people(1)
    assert is_described("GET", f"/api/{what}")
    answer = await ana.get(f"/api/{what}")
    assert (answer.status, answer.json) == (200, [])
    assert (await house.nobody.get(f"/api/{what}")).status == 401


@pytest.mark.parametrize("what", OF_EVERYBODY)
async def test_what_there_is_none_of_is_an_empty_list(house: House, what: str) -> None:
    assert (await house.nobody.get(f"/api/v1/{what}")).json == []


@pytest.mark.parametrize("what", ["endorsements", "featured_tags", "identity_proofs", "lists"])
async def test_what_somebody_has_none_of_is_an_empty_list(house: House, what: str) -> None:
    ana, bo = await house.people(2)
    assert (await ana.get(f"/api/v1/accounts/{bo.id}/{what}")).json == []
    assert (await ana.get(f"/api/v1/accounts/77/{what}")).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "v1/lists"),
        ("POST", "v2/filters"),
        ("POST", "v1/accounts/{}/block"),
        ("POST", "v1/accounts/{}/mute"),
        ("POST", "v1/accounts/{}/note"),
        ("POST", "v2/media"),
        ("GET", "v1/push/subscription"),
        ("GET", "v1/streaming"),
        ("GET", "v2/notifications"),
        ("GET", "v1/timelines/public"),
        ("GET", "v1/timelines/list/1"),
        ("POST", "v1/reports"),
    ],
)
async def test_what_cannot_be_done_yet_is_not_there(house: House, method: str, path: str) -> None:
    (ana,) = await house.people(1)
    assert (await ana.ask(method, f"/api/{path.format(ana.id)}")).status == 404


async def test_nobodys_year_is_counted_and_no_address_is_confirmed(house: House) -> None:
    (ana,) = await house.people(1)
    assert (await ana.get("/api/v1/annual_reports")).json == {"annual_reports": [], "accounts": [], "statuses": []}
    assert (await ana.get("/api/v1/annual_reports/2026/state")).json == {"state": "ineligible"}
    assert (await house.nobody.get("/api/v1/instance/translation_languages")).json == {}
    assert (await ana.post("/api/v1/emails/confirmations")).status == 403


async def test_new_posts_begin_for_followers_and_are_quoted_by_nobody(house: House) -> None:
    (ana,) = await house.people(1)
    preferences = (await ana.get("/api/v1/preferences")).json
    assert preferences["posting:default:visibility"] == "private"
    assert preferences["posting:default:quote_policy"] == "nobody"


async def test_the_pictures_that_everybody_has_are_there(house: House) -> None:
    (ana,) = await house.people(1)
    async with ClientSession() as session:
        for name in ("avatar", "avatar_static", "header", "header_static"):
            path = (await ana.get(f"/api/v1/accounts/{ana.id}")).json[name].removeprefix("https://here.example")
            async with session.get(house.base + path) as picture:
                assert (picture.status, picture.content_type, picture.headers["Access-Control-Allow-Origin"]) == (200, "image/png", "*")
                assert (await picture.read()).startswith(b"\x89PNG")


async def test_the_server_is_well(house: House) -> None:
    assert (await house.nobody.get("/health")).json == {"status": "OK"}

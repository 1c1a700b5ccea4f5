"""Pages: in order, whole, joined by the Link header."""

from collections.abc import Callable, Sequence
from urllib.parse import parse_qs, urlsplit

import pytest

from fediverse_circle.domain.audience import Followers, Public
from tests.conformance.house import App, House, Resident


async def walked(app: App, path: str | None, towards: str) -> list[list[str]]:
    """The ids of all pages from this one on."""
    pages = []
    while path is not None and len(pages) < 20:
        answer = await app.get(path)
        pages.append([thing["id"] for thing in answer.json])
        path = answer.cursor(towards)
    return pages


async def _posts(house: House, ana: Resident) -> list[str]:
    return [(await ana.say(f"{number}"))["id"] for number in range(7)]


async def _followers(house: House, ana: Resident) -> list[str]:
    people = await house.people(7)
    for person in people:
        await house.befriend(person.actor, ana.actor)
    return [person.id for person in people]


async def _following(house: House, ana: Resident) -> list[str]:
    people = await house.people(7)
    for person in people:
        await house.befriend(ana.actor, person.actor)
    return [person.id for person in people]


async def _requests(house: House, ana: Resident) -> list[str]:
    people = await house.people(7)
    for person in people:
        await person.post(f"/api/v1/accounts/{ana.id}/follow")
    return [person.id for person in people]


async def _notifications(house: House, ana: Resident) -> list[str]:
    (bo,) = await house.people(1)
    for number in range(7):
        await bo.say(f"@{ana.acct} {number}")
    return [str(number) for number in range(1, 8)]


LISTS: list[tuple[str, Callable[[House, Resident], object]]] = [
    ("/api/v1/timelines/home", _posts),
    ("/api/v1/accounts/{}/statuses", _posts),
    ("/api/v1/accounts/{}/followers", _followers),
    ("/api/v1/accounts/{}/following", _following),
    ("/api/v1/follow_requests", _requests),
    ("/api/v1/notifications", _notifications),
]


@pytest.mark.parametrize(("path", "fill"), LISTS, ids=[path for path, _ in LISTS])
async def test_a_list_is_walked_both_ways_without_a_gap_or_a_repeat(
    house: House, path: str, fill: Callable[[House, Resident], object]
) -> None:
    (ana,) = await house.people(1)
    filled = fill(house, ana)
    assert hasattr(filled, "__await__")
    oldest_first: Sequence[str] = await filled
    newest_first, path = list(reversed(oldest_first)), path.format(ana.id)
    pages = await walked(ana, f"{path}?limit=3", "next")
    assert pages == [newest_first[:3], newest_first[3:6], newest_first[6:]]
    last = await ana.get(f"{path}?limit=3&max_id={_cursor(await _last(ana, path))}")
    assert last.cursor("next") is None
    upwards = await walked(ana, last.cursor("prev"), "prev")
    assert upwards == [newest_first[3:6], newest_first[:3], []]


async def _last(ana: Resident, path: str) -> str:
    """The address of the page after two of three."""
    second = await ana.get((await ana.get(f"{path}?limit=3")).cursor("next") or "")
    return second.cursor("next") or ""


def _cursor(address: str) -> str:
    return parse_qs(urlsplit(address).query)["max_id"][0]


async def test_the_next_page_comes_first_other_parameters_stay_and_the_token_does_not(house: House) -> None:
    (ana,) = await house.people(1)
    for number in range(3):
        await ana.say(str(number))
    link = (await ana.get(f"/api/v1/accounts/{ana.id}/statuses/?limit=2&exclude_replies=true&access_token=secret&since_id=1")).headers[
        "Link"
    ]
    next_page, previous = link.split(", ")
    assert next_page.startswith(f"<https://here.example/api/v1/accounts/{ana.id}/statuses?")
    assert next_page.endswith('>; rel="next"')
    assert previous.endswith('>; rel="prev"')
    assert "secret" not in link
    assert "since_id" not in link
    assert {"limit=2", "exclude_replies=true"} <= set(next_page.partition("?")[2].partition(">")[0].split("&"))


async def test_since_gives_the_newest_above_and_min_those_just_above(house: House) -> None:
    (ana,) = await house.people(1)
    ids = [(await ana.say(str(number)))["id"] for number in range(6)]
    path = "/api/v1/timelines/home"
    assert [s["id"] for s in (await ana.get(path, since_id=ids[0], limit=2)).json] == [ids[5], ids[4]]
    assert [s["id"] for s in (await ana.get(path, min_id=ids[0], limit=2)).json] == [ids[2], ids[1]]
    assert [s["id"] for s in (await ana.get(path, min_id=ids[0], max_id=ids[3])).json] == [ids[2], ids[1]]


@pytest.mark.parametrize(("limit", "length"), [("100000000000000000000", 40), ("-3", 1), ("0", 1), ("", 20)])
async def test_a_limit_that_is_no_good_becomes_a_good_one(house: House, limit: str, length: int) -> None:
    (ana,), mo = await house.people(1), await house.foreigner()
    await house.befriend(ana.actor, mo)
    for _ in range(41):
        await house.arrive(mo, Followers(mo.id))
    assert len((await ana.get(f"/api/v1/timelines/home?limit={limit}")).json) == length


async def test_a_place_that_is_no_number_is_refused(house: House) -> None:
    (ana,) = await house.people(1)
    for cursor in ("max_id", "since_id", "min_id"):
        refused = await ana.get("/api/v1/timelines/home", **{cursor: "01H455VB4PEX5VSKNK084SN02Q"})
        assert (refused.status, list(refused.json["details"])) == (422, [cursor])


async def test_home_holds_what_friends_say_and_is_as_quick_for_twenty_posts_as_for_one(house: House) -> None:
    (ana,) = await house.people(1)
    friends = [await house.foreigner() for _ in range(5)]
    for friend in friends:
        await house.befriend(ana.actor, friend)
    first = await house.arrive(friends[0], Public(), mentioned=[ana.actor.id])
    await ana.get("/api/v1/timelines/home")  # the first use of a token is noted
    few = await house.questions(lambda: ana.get("/api/v1/timelines/home"))
    for number in range(19):
        await house.arrive(friends[number % 5], Followers(friends[number % 5].id), mentioned=[f.id for f in friends], parent=first)
    many = await house.questions(lambda: ana.get("/api/v1/timelines/home"))
    assert len((await ana.get("/api/v1/timelines/home")).json) == 20
    assert few == many
    assert len(many) == 4  # whose token, which posts, what surrounds them, who is in them


async def test_no_list_asks_more_questions_for_more(house: House) -> None:
    ana, bo = await house.people(2)
    await house.befriend(bo.actor, ana.actor)
    paths = ["/api/v1/notifications", f"/api/v1/accounts/{bo.id}/statuses", f"/api/v1/accounts/{ana.id}/followers"]
    said = await bo.say(f"@{ana.acct} 0")
    paths += [f"/api/v1/statuses/{said['id']}/context"]
    await ana.say("one", in_reply_to_id=said["id"])
    for path in paths:
        await ana.get(path)
    few = [await house.questions(lambda path=path: ana.get(path)) for path in paths]
    for number in range(10):
        await bo.say(f"@{ana.acct} {number}", in_reply_to_id=said["id"])
        await house.befriend((await house.person()).actor, ana.actor)
    many = [await house.questions(lambda path=path: ana.get(path)) for path in paths]
    assert few == many

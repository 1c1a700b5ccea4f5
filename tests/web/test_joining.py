"""Coming to live here."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fediverse_circle.domain.actors import Role
from fediverse_circle.store import logins
from fediverse_circle.store.db import Database, begin
from tests.sites import Clock
from tests.surfaces import Answer, Browser, Running, running

CHOICES = {
    "username": "ana",
    "name": "Ana",
    "email": "ana@mail.example",
    "password": "correct horse",
    "password_again": "correct horse",
}
LINK = "/join/" + "s" * 43


@pytest.fixture
async def open_house(db: Database, clock: Clock) -> AsyncIterator[Running]:
    async with running(db, clock, registration="open") as house:
        yield house


@pytest.fixture
async def closed_house(db: Database, clock: Clock) -> AsyncIterator[Running]:
    async with running(db, clock, registration="closed") as house:
        yield house


async def invite(house: Running, role: Role = "member") -> None:
    async with begin(house.here.db) as tx:
        now = house.here.now()
        await logins.invite(tx, now, LINK.removeprefix("/join/"), role, now + timedelta(days=1))


async def join(browser: Browser, path: str = LINK, **choices: str) -> Answer:
    page = await browser.get(path)
    assert page.status == 200
    return await browser.submit(page.form("username"), **{**CHOICES, **choices})


async def test_the_first_link_makes_the_account_that_runs_the_server_and_leads_to_an_app(house: Running) -> None:
    await invite(house, "admin")
    browser = house.browser()
    joined = await join(browser)
    assert joined.location == "/welcome"
    welcome = await browser.get(joined.location)
    assert "localhost:8080" in welcome.text
    login = await logins.by_email(house.here.db.pool, "ana@mail.example")
    assert login is not None
    assert login.role == "admin"
    assert (await house.browser().sign_in("ana@mail.example")).status == 303


async def test_a_link_works_once(house: Running) -> None:
    await invite(house)
    assert (await join(house.browser())).status == 303
    again = await house.browser().get(LINK)
    never = await house.browser().get("/join/" + "n" * 43)
    assert again.status == 404
    assert again.text == never.text


async def test_two_people_with_one_link_are_one_too_many(house: Running) -> None:
    await invite(house)
    first, second = house.browser(), house.browser()
    pages = [(await browser.get(LINK)).form("username") for browser in (first, second)]
    assert (await first.submit(pages[0], **CHOICES)).status == 303
    assert (await second.submit(pages[1], **{**CHOICES, "username": "bo", "email": "bo@mail.example"})).status == 404
    assert len(await logins.residents(house.here.db.pool)) == 1


async def test_a_link_grows_old(house: Running, clock: Clock) -> None:
    await invite(house)
    clock.move(timedelta(days=1, seconds=1))
    assert (await house.browser().get(LINK)).status == 404


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"username": "ana b"}, "letters a to z"),
        ({"username": "admin"}, "speak for the server"),
        ({"username": "bo"}, "is taken"),
        ({"email": "ana"}, "not an e-mail address"),
        ({"email": "bo@mail.example"}, "signs in with that"),
        ({"password": "short", "password_again": "short"}, "at least 8 characters"),
        ({"password_again": "another horse"}, "passwords differ"),
    ],
)
async def test_what_does_not_fit_is_said_beside_its_field_and_nothing_is_lost(house: Running, wrong: dict[str, str], sentence: str) -> None:
    await house.resident("bo")
    await invite(house)
    browser = house.browser()
    refused = await join(browser, **wrong)
    assert refused.status == 422
    assert sentence in refused.text
    assert 'aria-invalid="true"' in refused.text
    kept = refused.form("username").values
    assert kept["name"] == "Ana"
    assert kept["password"] == "", "never sent back"
    assert (await browser.submit(refused.form("username"), **CHOICES)).status == 303, "the link is still good"


async def test_without_an_invitation_nobody_comes_in(house: Running) -> None:
    assert (await house.browser().get("/join")).status == 404
    form = (await house.browser().get("/auth/sign_in")).form("email")
    assert (await house.browser().send("/join", {**CHOICES, **form.values})).status in (403, 404)
    assert not await logins.exists(house.here.db.pool)


async def test_where_the_server_is_open_anybody_may_come_but_not_a_crowd(open_house: Running) -> None:
    answers = []
    for number in range(11):
        answers.append((await join(open_house.browser(), "/join", username=f"ana{number}", email=f"ana{number}@mail.example")).status)
    assert answers == [303] * 10 + [429]


async def test_where_the_server_is_closed_only_the_first_link_opens(closed_house: Running) -> None:
    await invite(closed_house, "admin")
    assert (await join(closed_house.browser())).status == 303
    await invite(closed_house)
    assert (await closed_house.browser().get(LINK)).status == 404
    assert (await closed_house.browser().get("/join")).status == 404

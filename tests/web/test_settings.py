"""What somebody decides about their personas, apps and password."""

from datetime import timedelta

from tests.sites import Clock
from tests.surfaces import PASSWORD, Browser, Running, query, token_for


async def signed_in(house: Running, name: str) -> Browser:
    browser = house.browser()
    assert (await browser.sign_in(f"{name}@mail.example")).location == "/settings"
    return browser


async def test_settings_are_for_who_has_signed_in(house: Running) -> None:
    away = await house.browser().get("/settings")
    assert (away.status, away.location) == (303, "/auth/sign_in?next=%2Fsettings")


async def test_a_session_ends_after_a_month(house: Running, clock: Clock) -> None:
    await house.resident("ana")
    browser = await signed_in(house, "ana")
    clock.move(timedelta(days=29))
    assert (await browser.get("/settings")).status == 200
    clock.move(timedelta(days=1))
    assert (await browser.get("/settings")).status == 303


async def test_a_session_ends_when_somebody_signs_out(house: Running) -> None:
    await house.resident("ana")
    browser = await signed_in(house, "ana")
    old_jar = {cookie.key: cookie.value for cookie in browser.jar}
    page = await browser.get("/settings")
    left = await browser.submit(page.form("form_token", "/auth/sign_out"))
    assert left.location == "/"
    assert (await browser.get("/settings")).status == 303
    browser.jar.update_cookies(old_jar)
    assert (await browser.get("/settings")).status == 303, "the old cookie opens nothing either"


async def test_a_persona_may_speak_as_widely_as_its_owner_says(house: Running) -> None:
    _, ana = await house.resident("ana")
    browser = await signed_in(house, "ana")
    form = (await browser.get("/settings")).form("ceiling")
    assert form.values["ceiling"] == "private"
    assert form.values["locked"] == "yes"
    del form.values["locked"]
    changed = await browser.submit(form, ceiling="public")
    page = await browser.get(changed.location)
    assert "The persona was changed." in page.text
    assert page.form("ceiling").values["ceiling"] == "public"
    assert "locked" not in page.form("ceiling").values
    record = await house.here.db.pool.fetchrow("select locked from actor where id = $1", ana.id)
    assert record is not None
    assert not record["locked"]

    for nonsense in ("direct", "everybody", ""):
        assert (await browser.submit(form, ceiling=nonsense)).status == 422
    assert (await browser.get("/settings")).form("ceiling").values["ceiling"] == "public"


async def test_a_persona_is_added_and_has_a_page_of_its_own(house: Running) -> None:
    await house.resident("ana")
    browser = await signed_in(house, "ana")
    form = (await browser.get("/settings")).form("username")
    added = await browser.submit(form, username="quiet_one", name="Quiet")
    assert "@quiet_one@localhost:8080" in (await browser.get(added.location)).text
    own = await house.browser().get("/@quiet_one")
    assert own.status == 200
    assert "ana" not in own.text

    taken = await browser.submit(form, username="Quiet_One", name="")
    assert taken.status == 422
    assert "is taken" in taken.text


async def test_an_app_that_is_sent_away_has_no_access(house: Running) -> None:
    await house.resident("ana")
    token = await token_for(house, "ana")
    browser = await signed_in(house, "ana")
    page = await browser.get("/settings")
    assert "Trial" in page.text
    assert token not in page.text
    await browser.submit(page.form("form_token", "/settings/apps/"))
    assert (await house.call(token)).json == {"error": "The access token was revoked"}
    assert "Trial" not in (await browser.get("/settings")).text


async def test_a_password_is_changed_by_who_knows_the_old_one(house: Running) -> None:
    await house.resident("ana")
    token = await token_for(house, "ana")
    browser, elsewhere = await signed_in(house, "ana"), await signed_in(house, "ana")
    form = (await browser.get("/settings")).form("old_password")
    new = {"new_password": "staple battery", "password_again": "staple battery"}
    for wrong, sentence in (
        ({**new, "old_password": "guess guess"}, "not the password you have now"),
        ({**new, "old_password": PASSWORD, "password_again": "other battery"}, "passwords differ"),
        ({"old_password": PASSWORD, "new_password": "short", "password_again": "short"}, "at least 8"),
    ):
        refused = await browser.submit(form, **wrong)
        assert refused.status == 422
        assert sentence in refused.text
    assert (await elsewhere.get("/settings")).status == 200

    changed = await browser.submit(form, old_password=PASSWORD, **new)
    assert (await browser.get(changed.location)).status == 200, "who changed it stays"
    assert (await elsewhere.get("/settings")).status == 303, "who was signed in elsewhere does not"
    assert (await house.call(token)).status == 401, "and apps go if so wished"
    assert (await house.browser().sign_in("ana@mail.example")).status == 422
    assert (await house.browser().sign_in("ana@mail.example", "staple battery")).status == 303


async def test_apps_may_stay_when_the_password_changes(house: Running) -> None:
    await house.resident("ana")
    token = await token_for(house, "ana")
    browser = await signed_in(house, "ana")
    form = (await browser.get("/settings")).form("old_password")
    del form.values["sign_out_apps"]
    await browser.submit(form, old_password=PASSWORD, new_password="staple battery", password_again="staple battery")
    assert (await house.call(token)).status == 200


async def test_who_has_signed_in_goes_on_to_what_they_wanted(house: Running) -> None:
    await house.resident("ana")
    browser = house.browser()
    wanted = query(await house.app(), state="äöü & more")
    away = await browser.get(wanted)
    page = await browser.get(away.location)
    signed_in = await browser.submit(page.form("email"), email="ana@mail.example", password=PASSWORD)
    assert (await browser.get(signed_in.location)).form("answer").values["state"] == "äöü & more"

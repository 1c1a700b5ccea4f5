"""The whole way of an app: registered, let in by a person, given a token that speaks for one persona."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta

from aiohttp import encode_basic_auth

from fediverse_circle.actions import accounts
from fediverse_circle.domain.credentials import DisplayName, Username
from fediverse_circle.store.db import begin
from tests.sites import Clock
from tests.surfaces import REDIRECT, Answer, Running, code_for, query

VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


async def test_an_app_gets_a_token_that_speaks_for_the_persona_that_consented(house: Running) -> None:
    _, ana = await house.resident("ana")
    app = await house.app()
    browser = house.browser()
    asked = query(app, scope="read write", state="s&t=1")

    away = await browser.get(asked)
    assert away.status == 303
    page = await browser.get(away.location)
    signed_in = await browser.submit(page.form("email"), email="ana@mail.example", password="correct horse")
    consent = await browser.get(signed_in.location)
    assert "Trial" in consent.text
    answer = await browser.submit(consent.form("answer"), answer="yes")

    assert answer.location.startswith(f"{REDIRECT}?")
    assert answer.said["state"] == "s&t=1"
    token = await house.exchange(app, answer.said["code"])
    assert token.status == 200
    assert token.headers["Cache-Control"] == "private, no-store"
    assert token.json == {
        "access_token": token.json["access_token"],
        "token_type": "Bearer",
        "scope": "read write",
        "created_at": int(house.here.now().timestamp()),
    }
    me = await house.call(token.json["access_token"])
    assert me.json["sub"] == ana.uri
    assert me.json["preferred_username"] == "ana"


async def test_the_answer_keeps_what_the_redirect_uri_asked_for(house: Running) -> None:
    await house.resident("ana")
    app = await house.app(redirect_uris="https://app.example/callback?server=1")
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    consent = await browser.get(query(app, redirect_uri="https://app.example/callback?server=1"))
    answer = await browser.submit(consent.form("answer"), answer="yes")
    assert answer.said.keys() == {"server", "code"}


async def test_saying_no_sends_the_person_back_without_a_code(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    consent = await browser.get(query(app, state="x"))
    answer = await browser.submit(consent.form("answer"), answer="no")
    assert answer.location.startswith(f"{REDIRECT}?")
    assert answer.said["error"] == "access_denied"
    assert answer.said["state"] == "x"
    assert "code" not in answer.said


async def test_an_app_without_an_address_gets_its_code_by_way_of_the_person(house: Running) -> None:
    await house.resident("ana")
    oob = "urn:ietf:wg:oauth:2.0:oob"
    app = await house.app(redirect_uris=oob)
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    consent = await browser.get(query(app, redirect_uri=oob))
    shown = await browser.submit(consent.form("answer"), answer="yes")
    assert shown.status == 200
    code = shown.text.partition('id="code">')[2].partition("<")[0]
    assert (await house.exchange(app, code, redirect_uri=oob)).status == 200


async def test_whoever_has_several_personas_chooses_one_and_the_app_learns_of_no_other(house: Running) -> None:
    login, _ = await house.resident("ana")
    face = accounts.Face(Username("anna_b"), DisplayName("Anna"), await accounts.new_key_pairs())
    async with begin(house.here.db) as tx:
        other = await accounts.add_persona(tx, house.here.now(), house.here.settings, login.id, face)
    app = await house.app()
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    consent = await browser.get(query(app))
    form = consent.form("answer")
    assert "persona" not in form.values, "none is chosen beforehand"

    undecided = await browser.submit(form, answer="yes")
    assert undecided.status == 422
    answer = await browser.submit(form, answer="yes", persona=str(other.id))
    token = (await house.exchange(app, answer.said["code"])).json["access_token"]
    me = await house.call(token)
    assert me.json["preferred_username"] == "anna_b"
    assert "ana@" not in me.text


async def test_force_login_asks_again_who_is_there(house: Running) -> None:
    await house.resident("ana")
    await house.resident("bo")
    app = await house.app()
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    away = await browser.get(query(app, force_login="true", lang="de"))
    assert away.location.startswith("/auth/sign_in?")
    page = await browser.get(away.location)
    signed_in = await browser.submit(page.form("email"), email="bo@mail.example", password="correct horse")
    consent = await browser.get(signed_in.location)
    answer = await browser.submit(consent.form("answer"), answer="yes")
    token = (await house.exchange(app, answer.said["code"])).json["access_token"]
    assert (await house.call(token)).json["preferred_username"] == "bo"


async def test_an_exchange_that_was_begun_with_a_challenge_is_ended_with_its_verifier(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana", code_challenge=CHALLENGE, code_challenge_method="S256")
    assert (await house.exchange(app, code, code_verifier=VERIFIER)).status == 200


async def test_the_secret_may_come_as_basic_and_the_fields_as_json(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana")
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    basic = encode_basic_auth(app["client_id"], app["client_secret"])
    answer = await house.ask("POST", "/oauth/token", json=grant, headers={"Authorization": basic})
    assert answer.status == 200

    wrong = encode_basic_auth(app["client_id"], "wrong")
    answer = await house.ask("POST", "/oauth/token", json=grant, headers={"Authorization": wrong})
    assert answer.status == 401
    assert answer.json["error"] == "invalid_client"
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


async def test_an_app_can_have_a_token_for_itself(house: Running) -> None:
    app = await house.app()
    granted = await _client_credentials(house, app, scope="read")
    assert granted.status == 200
    verified = await house.call(granted.json["access_token"], "/api/v1/apps/verify_credentials")
    assert verified.json["name"] == "Trial"
    assert "client_secret" not in verified.json


async def test_a_code_grows_old(house: Running, clock: Clock) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana")
    clock.move(timedelta(minutes=10, seconds=1))
    assert (await house.exchange(app, code)).json["error"] == "invalid_grant"


async def test_scopes_are_a_part_of_what_the_app_was_registered_for(house: Running) -> None:
    await house.resident("ana")
    app = await house.app(scopes="read write:statuses")
    code = await code_for(house, app, "ana", scope="read:accounts write:statuses")
    assert (await house.exchange(app, code)).json["scope"] == "read:accounts write:statuses"

    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    for scope in ("write", "read follow", "read nonsense"):
        refused = await browser.get(query(app, scope=scope))
        assert refused.status == 422
        assert "Location" not in refused.headers
        assert (await _client_credentials(house, app, scope=scope)).json["error"] == "invalid_scope"


async def test_an_app_gives_its_token_back_and_nobody_elses(house: Running) -> None:
    await house.resident("ana")
    app, other = await house.app(), await house.app()
    token = (await house.exchange(app, await code_for(house, app, "ana"))).json["access_token"]

    async def revoke(by: dict[str, str], token: str) -> Answer:
        said = {"client_id": by["client_id"], "client_secret": by["client_secret"], "token": token}
        return await house.ask("POST", "/oauth/revoke", data=said)

    refused = await revoke(other, token)
    assert (refused.status, refused.json["error"]) == (403, "unauthorized_client")
    assert (await house.call(token)).status == 200
    for _ in range(2):
        assert ((await revoke(app, token)).json, (await revoke(app, "never was")).json) == ({}, {})
    revoked = await house.call(token)
    assert (revoked.status, revoked.json) == (401, {"error": "The access token was revoked"})


async def test_the_metadata_names_everything_an_app_needs(house: Running) -> None:
    metadata = (await house.ask("GET", "/.well-known/oauth-authorization-server")).json
    origin = str(house.here.settings.origin)
    assert metadata.keys() == {
        *("issuer", "service_documentation", "authorization_endpoint", "token_endpoint", "app_registration_endpoint"),
        *("revocation_endpoint", "userinfo_endpoint", "scopes_supported", "response_types_supported", "response_modes_supported"),
        *("grant_types_supported", "code_challenge_methods_supported", "token_endpoint_auth_methods_supported"),
    }
    assert metadata["authorization_endpoint"] == f"{origin}/oauth/authorize"
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["grant_types_supported"] == ["authorization_code", "client_credentials"]


async def _client_credentials(house: Running, app: dict[str, str], **said: str) -> Answer:
    grant = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]}
    return await house.ask("POST", "/oauth/token", data=grant | said)

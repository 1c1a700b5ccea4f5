"""Attacks on consent, codes and tokens: rows 77 to 79, 82, 89 and 90 of the list, as far as accounts and apps go."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from itertools import product

import argon2
import pytest

from fediverse_circle.core.errors import Unreachable
from fediverse_circle.store import oauth
from fediverse_circle.store.db import Database, begin
from tests.sites import Clock
from tests.surfaces import REDIRECT, Running, code_for, query, running, token_for

VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
UNREGISTERED = [
    "https://evil.example/callback",
    "https://app.example/call",
    "https://app.example/callback/more",
    "https://app.example/callback?more=1",
    "https://app.example/callback#more",
    "https://app.example/Callback",
    "https://APP.example/callback",
    "HTTPS://app.example/callback",
    "https://app.example:443/callback",
    "https://app.example//evil.example",
    "//evil.example/callback",
    "https://app.example@evil.example/callback",
    "https://user@app.example/callback",
    "https://app.example/callback\nhttps://evil.example",
    "https://app.example/callback https://evil.example",
    "http://127.0.0.1:9001/callback",
    "javascript:alert(1)",
    "urn:ietf:wg:oauth:2.0:oob",
    "",
]
NO_ADDRESSES = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "https://user@app.example/",
    "https://app.example/#fragment",
    "//app.example/callback",
    "/callback",
    "callback",
    "https://",
    "https://app.example\\@evil.example/",
    "app.example:",
    "https://app.example/\u202ecallback",
]
TOO_NARROW = [
    ("read:accounts", "read:statuses"),
    ("read:accounts", "read"),
    ("read", "write:statuses"),
    ("write:statuses", "write:media"),
    ("write", "read:statuses"),
    ("write", "profile"),
    ("follow", "read:statuses"),
    ("follow", "write:statuses"),
    ("profile", "read:accounts"),
    ("profile", "read:statuses"),
    ("push", "read:notifications"),
    ("write", "admin:write"),
    ("admin:read", "read:accounts"),
]
WIDE_ENOUGH = [
    ("read", "read:statuses"),
    ("read", "profile"),
    ("read:accounts", "profile"),
    ("write", "write:lists"),
    ("follow", "write:follows"),
    ("follow", "read:mutes"),
    ("push", "push"),
]
NO_TOKENS = ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic nonsense", "Bearer " + "x" * 5000, "nonsense"]
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/oauth/authorize",
    "/settings/../x",
    "javascript:x",
    "/settings\r\nX: y",
    "/@ana",
]
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def house(db: Database, clock: Clock) -> AsyncIterator[Running]:
    async with running(db, clock) as house:
        yield house


async def codes_and_tokens(house: Running) -> tuple[int, int]:
    return (
        await house.here.db.pool.fetchval("select count(*) from oauth_code"),
        await house.here.db.pool.fetchval("select count(*) from oauth_token"),
    )


async def test_077_an_answer_goes_only_to_an_address_registered_letter_by_letter(house: Running) -> None:
    await house.resident("ana")
    app = await house.app(redirect_uris=[REDIRECT, "http://127.0.0.1:9000/callback"])
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    form = (await browser.get(query(app))).form("answer").values

    for redirect_uri in UNREGISTERED:
        asked = await browser.get(query(app, redirect_uri=redirect_uri))
        answers = [await browser.send("/oauth/authorize", {**form, "answer": word, "redirect_uri": redirect_uri}) for word in ("yes", "no")]
        for answer in (asked, *answers):
            assert answer.status == 422, redirect_uri
            assert "Location" not in answer.headers
            assert "evil.example" not in answer.text
    assert await codes_and_tokens(house) == (0, 0)


async def test_077_an_address_that_is_none_is_not_registered(house: Running) -> None:
    for redirect_uri in NO_ADDRESSES:
        said = {"client_name": "x", "redirect_uris": redirect_uri}
        for how in ({"json": {**said, "redirect_uris": [redirect_uri]}}, {"json": said}, {"data": said}):
            assert (await house.ask("POST", "/api/v1/apps", **how)).status in (400, 422), redirect_uri
    assert await house.here.db.pool.fetchval("select count(*) from oauth_app") == 0


async def test_077_a_parameter_that_is_there_twice_is_refused(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    asked = await browser.get(query(app) + "&redirect_uri=https%3A%2F%2Fevil.example%2F")
    assert asked.status == 422


async def test_078_a_code_that_comes_again_revokes_the_token_it_became(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana")
    first = await house.exchange(app, code)
    assert (await house.call(first.json["access_token"])).status == 200

    second = await house.exchange(app, code)
    assert (second.status, second.json["error"]) == (400, "invalid_grant")
    revoked = await house.call(first.json["access_token"])
    assert (revoked.status, revoked.json["error"]) == (401, "The access token was revoked")


async def test_078_of_two_exchanges_at_the_same_time_at_most_one_gets_a_token(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana")
    answers = await asyncio.gather(*(house.exchange(app, code) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 400, 400, 400]
    assert await codes_and_tokens(house) == (1, 1)


async def test_078_a_code_is_exchanged_by_one_at_a_time(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana")
    number = await house.here.db.pool.fetchval("select id from oauth_app")
    held, release = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with begin(house.here.db) as tx:
            assert await oauth.code_for_exchange(tx, code, number) is not None
            held.set()
            await release.wait()

    async def come_second() -> None:
        async with begin(house.here.db) as tx:
            await tx.execute("set local lock_timeout = '50ms'")
            await oauth.code_for_exchange(tx, code, number)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold())
        await held.wait()
        with pytest.raises(Unreachable):
            await come_second()
        release.set()


async def test_078_a_code_is_for_the_app_that_asked_for_it(house: Running) -> None:
    await house.resident("ana")
    app, other = await house.app(), await house.app()
    code = await code_for(house, app, "ana")
    stolen = await house.exchange(other, code)
    assert (stolen.status, stolen.json["error"]) == (400, "invalid_grant")
    assert (await house.exchange(app, code)).status == 200


async def test_078_a_code_is_for_the_address_it_was_sent_to(house: Running) -> None:
    await house.resident("ana")
    app = await house.app(redirect_uris=[REDIRECT, "https://app.example/other"])
    code = await code_for(house, app, "ana")
    refused = await house.exchange(app, code, redirect_uri="https://app.example/other")
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("verifier", [{}, {"code_verifier": ""}, {"code_verifier": "w" * 43}, {"code_verifier": CHALLENGE}])
async def test_078_a_code_begun_with_a_challenge_is_worth_nothing_without_its_verifier(house: Running, verifier: dict[str, str]) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana", **PKCE)
    refused = await house.exchange(app, code, **verifier)
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")


async def test_078_a_verifier_for_a_code_without_challenge_shows_that_the_challenge_was_taken_out(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana")
    assert (await house.exchange(app, code, code_verifier=VERIFIER)).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "challenge",
    [
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": VERIFIER},
        {"code_challenge_method": "S256"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "s256"},
    ],
)
async def test_078_only_s256_proves_anything(house: Running, challenge: dict[str, str]) -> None:
    await house.resident("ana")
    app = await house.app()
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    refused = await browser.get(query(app, **challenge))
    assert refused.status == 422
    assert "Location" not in refused.headers


@pytest.mark.parametrize("secret", ["", "wrong", None])
async def test_078_without_its_secret_an_app_is_nobody(house: Running, secret: str | None) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana")
    token = (await house.exchange(app, code)).json["access_token"]
    credentials = {"client_id": app["client_id"]} | ({} if secret is None else {"client_secret": secret})
    for grant in ({"grant_type": "client_credentials"}, {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}):
        refused = await house.ask("POST", "/oauth/token", data=credentials | grant)
        assert (refused.status, refused.json["error"]) == (401, "invalid_client")
    refused = await house.ask("POST", "/oauth/revoke", data=credentials | {"token": token})
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")
    assert (await house.call(token)).status == 200


@pytest.mark.parametrize("grant", ["password", "refresh_token", "implicit", "", "AUTHORIZATION_CODE"])
async def test_078_no_other_grant_is_known(house: Running, grant: str) -> None:
    await house.resident("ana")
    app = await house.app()
    refused = await house.exchange(app, "x", grant_type=grant, username="ana@mail.example", password="correct horse")
    assert (refused.status, refused.json["error"]) == (400, "unsupported_grant_type")
    assert await codes_and_tokens(house) == (0, 0)


async def test_078_secrets_are_not_kept_as_they_are(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    code = await code_for(house, app, "ana")
    token = (await house.exchange(app, code)).json["access_token"]
    kept = [
        bytes(record["secret_digest"])
        for record in await house.here.db.pool.fetch(
            "select secret_digest from oauth_app union all select secret_digest from oauth_code union all select secret_digest from oauth_token"
        )
    ]
    assert sorted(kept) == sorted(sha256(secret.encode()).digest() for secret in (app["client_secret"], code, token))


async def test_079_a_token_reaches_no_further_than_its_scopes(house: Running) -> None:
    await house.resident("ana")
    for granted, needed in TOO_NARROW:
        token = await token_for(house, "ana", granted)
        for probe in ("probe", "optional_probe"):
            refused = await house.call(token, f"/api/{probe}/{needed}")
            assert (refused.status, refused.json) == (403, {"error": "This action is outside the authorized scopes"}), (granted, needed)


async def test_079_a_wide_scope_contains_the_narrow_ones(house: Running) -> None:
    await house.resident("ana")
    for granted, needed in WIDE_ENOUGH:
        assert (await house.call(await token_for(house, "ana", granted), f"/api/probe/{needed}")).status == 200, (granted, needed)


async def test_079_an_app_for_itself_reads_as_nobody(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    grant = {"grant_type": "client_credentials", "scope": "read write"}
    credentials = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    token = (await house.ask("POST", "/oauth/token", data=grant | credentials)).json["access_token"]
    refused = await house.call(token, "/api/probe/read:statuses")
    assert (refused.status, refused.json) == (401, {"error": "This method requires an authenticated user"})
    assert (await house.call(token, "/api/optional_probe/read:statuses")).json == {"actor": None}


async def test_079_what_is_no_token_opens_nothing(house: Running) -> None:
    for probe, header in product(("probe", "optional_probe"), NO_TOKENS):
        refused = await house.ask("GET", f"/api/{probe}/read", headers={"Authorization": header})
        assert (refused.status, refused.json) == (401, {"error": "The access token is invalid"})


async def test_082_consent_is_never_given_by_a_link(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    page = await browser.get(query(app, answer="yes", persona="1"))
    assert page.status == 200
    assert await codes_and_tokens(house) == (0, 0)


async def test_082_a_form_made_elsewhere_is_refused(house: Running) -> None:
    await house.resident("ana")
    await house.resident("mallory")
    app = await house.app()
    browser, elsewhere = house.browser(), house.browser()
    await browser.sign_in("ana@mail.example")
    await elsewhere.sign_in("mallory@mail.example")
    mine = (await browser.get(query(app))).form("answer").values | {"answer": "yes"}
    foreign = (await elsewhere.get(query(app))).form("answer").values["form_token"]
    for token in ("", "0" * 64, foreign, "é"):
        refused = await browser.send("/oauth/authorize", mine | {"form_token": token})
        assert refused.status == 403
        assert "Location" not in refused.headers
    assert await codes_and_tokens(house) == (0, 0)


async def test_082_nobody_is_signed_in_by_somebody_elses_form(house: Running) -> None:
    await house.resident("mallory")
    form = (await house.browser().get("/auth/sign_in")).form("email").values
    browser = house.browser()
    await browser.get("/auth/sign_in")
    refused = await browser.send("/auth/sign_in", {**form, "email": "mallory@mail.example", "password": "correct horse"})
    assert refused.status == 403
    assert refused.cookies == ()


async def test_082_a_form_from_before_somebody_signed_in_is_refused_afterwards(house: Running) -> None:
    await house.resident("ana")
    app = await house.app()
    browser = house.browser()
    before = (await browser.get("/auth/sign_in")).form("email").values["form_token"]
    await browser.sign_in("ana@mail.example")
    consent = (await browser.get(query(app))).form("answer").values | {"answer": "yes", "form_token": before}
    assert (await browser.send("/oauth/authorize", consent)).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/auth/sign_in",
        "/auth/sign_out",
        "/settings/personas",
        "/settings/personas/1",
        "/settings/apps/1/revoke",
        "/settings/password",
        "/oauth/authorize",
    ],
)
async def test_082_no_deed_is_done_without_a_form_of_ours(house: Running, path: str) -> None:
    await house.resident("ana")
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    everything = {"email": "ana@mail.example", "password": "correct horse", "username": "x", "ceiling": "public", "answer": "yes"}
    assert (await browser.send(path, everything)).status == 403
    assert (await browser.get("/settings")).status == 200, "still signed in"
    if path not in ("/auth/sign_in", "/oauth/authorize"):
        assert (await browser.get(path)).status == 404


async def test_082_no_page_is_shown_in_a_frame(house: Running) -> None:
    await house.resident("ana")
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    for path in (query(await house.app()), "/auth/sign_in", "/settings", "/welcome", "/", "/nowhere", "/@ana"):
        page = await browser.get(path)
        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "form-action" not in policy, "it would stop the way back to the app"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "Cross-Origin-Opener-Policy" not in page.headers, "a client that opened the page must still reach it"


async def test_082_cookies_stay_with_us(db: Database, clock: Clock) -> None:
    async with running(db, clock, domain="here.example") as house:
        page = await house.ask("GET", "/auth/sign_in")
        secret = page.cookies[0].partition(";")[0]
        assert secret.startswith("__Host-form=")
        assert {part.strip() for part in page.cookies[0].split(";")[1:]} >= {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"}
        await house.resident("ana")
        values = {"email": "ana@mail.example", "password": "correct horse", **page.form("email").values}
        values["email"], values["password"] = "ana@mail.example", "correct horse"
        signed_in = await house.ask("POST", "/auth/sign_in", data=values, headers={"Cookie": secret})
        assert signed_in.cookies[0].startswith("__Host-session=")
        assert {part.strip() for part in signed_in.cookies[0].split(";")[1:]} >= {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"}


async def test_082_signing_in_leads_nowhere_else(house: Running) -> None:
    await house.resident("ana")
    browser = house.browser()
    for then in ELSEWHERE:
        form = (await browser.get("/auth/sign_in")).form("email")
        signed_in = await browser.submit(form, email="ana@mail.example", password="correct horse", next=then)
        assert signed_in.location == "/settings", then


async def test_089_other_peoples_personas_and_apps_are_not_there(house: Running) -> None:
    _, ana = await house.resident("ana")
    await house.resident("mallory")
    await token_for(house, "ana")
    token = await house.here.db.pool.fetchval("select id from oauth_token")
    browser = house.browser()
    await browser.sign_in("mallory@mail.example")
    page = await browser.get("/settings")
    form_token = page.form("ceiling").values["form_token"]
    for number in (ana.id, 1, 9999999999999999999):
        widened = await browser.send(f"/settings/personas/{number}", {"form_token": form_token, "ceiling": "public"})
        assert widened.status == 404
    for number in (token, 1, 9999999999999999999):
        revoked = await browser.send(f"/settings/apps/{number}/revoke", {"form_token": form_token})
        assert revoked.status == 404
    assert await house.here.db.pool.fetchval("select ceiling from account where actor_id = $1", ana.id) == "private"
    assert await house.here.db.pool.fetchval("select revoked_at from oauth_token") is None

    consent = await browser.get(query(await house.app()))
    answer = await browser.submit(consent.form("answer"), answer="yes", persona=str(ana.id))
    assert answer.status == 422
    assert "Location" not in answer.headers


async def test_090_passwords_cannot_be_guessed_fast(house: Running, clock: Clock) -> None:
    await house.resident("ana")
    browser = house.browser()
    answers = [(await browser.sign_in("ana@mail.example", f"guess {number}")) for number in range(21)]
    assert [answer.status for answer in answers] == [422] * 20 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert (await browser.sign_in("ANA@mail.example")).status == 429, "not even with the right one, however it is written"

    clock.move(timedelta(hours=1, seconds=1))
    assert (await browser.sign_in("ana@mail.example")).status == 303


async def test_090_many_guesses_at_once_are_no_more_than_one_after_the_other(house: Running) -> None:
    await house.resident("ana")
    browser = house.browser()
    form = (await browser.get("/auth/sign_in")).form("email")
    guess = {**form.values, "email": "ana@mail.example", "password": "wrong guess"}
    answers = await asyncio.gather(*(browser.send("/auth/sign_in", guess) for _ in range(25)))
    assert sorted(answer.status for answer in answers) == [422] * 20 + [429] * 5


async def test_090_one_address_cannot_guess_at_everybody(house: Running, clock: Clock) -> None:
    browser = house.browser()
    answers = [(await browser.sign_in(f"person{number}@mail.example", "guess")) for number in range(31)]
    assert [answer.status for answer in answers] == [422] * 30 + [429]
    clock.move(timedelta(minutes=5, seconds=1))
    assert (await browser.sign_in("one@mail.example", "guess")).status == 422


async def test_090_who_signs_in_rightly_is_not_counted(house: Running) -> None:
    await house.resident("ana")
    for _ in range(3):
        assert (await house.browser().sign_in("ana@mail.example")).status == 303
    assert await house.here.db.pool.fetchval("select count(*) from attempt") == 0


async def test_090_nobody_learns_who_lives_here_by_signing_in(house: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.resident("ana")
    browser, work = house.browser(), []
    verify = argon2.PasswordHasher.verify

    def counted(hasher: argon2.PasswordHasher, kept: str, typed: str) -> bool:
        work.append(argon2.extract_parameters(kept))
        return verify(hasher, kept, typed)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    wrong, unknown = await browser.sign_in("ana@mail.example", "guess"), await browser.sign_in("eve@mail.example", "guess")
    assert len(work) == 2
    assert work[0] == work[1], "the same work, so the same time"
    assert wrong.text.replace("ana@", "eve@") == unknown.text
    assert wrong.status == unknown.status


async def test_090_tokens_cannot_be_guessed_fast(house: Running) -> None:
    app = await house.app()
    answers = [(await house.exchange(app, f"guess {number}")).status for number in range(61)]
    assert answers == [400] * 60 + [429]


async def test_090_nobody_fills_the_server_with_apps(house: Running, clock: Clock) -> None:
    asked = {"client_name": "x", "redirect_uris": REDIRECT}
    answers = [(await house.ask("POST", "/api/v1/apps", json=asked)).status for _ in range(101)]
    assert answers == [200] * 100 + [429]
    clock.move(timedelta(hours=1, seconds=1))
    assert (await house.ask("POST", "/api/v1/apps", json=asked)).status == 200

"""The surfaces for people and apps on a real socket, and a browser: cookies, forms as a person fills them in, no redirects followed unasked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import ClientResponse, CookieJar, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from fediverse_circle.actions import accounts
from fediverse_circle.app import ROLES, build
from fediverse_circle.config import settings_of
from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain.actors import Actor, Role
from fediverse_circle.domain.credentials import DisplayName, Email, Password, Username
from fediverse_circle.net.client import open_client
from fediverse_circle.oauth.caller import caller, optional_caller
from fediverse_circle.oauth.passwords import PASSWORDS, Passwords
from fediverse_circle.site import Site
from fediverse_circle.store.db import Database, begin
from fediverse_circle.store.logins import Login
from tests.sites import Clock

PASSWORD = "correct horse"
REDIRECT = "https://app.example/callback"


@dataclass
class Form:
    """A form of a page: where it goes, and what is in it before anybody types."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(said.get("action", "")))
        if tag == "select":
            self._select = said["name"]
        if tag == "option" and "selected" in said:
            self.forms[-1].values[self._select] = said["value"]
        if tag in ("input", "button", "select") and "name" in said:
            self.forms[-1].fields.add(said["name"])
            if tag == "input" and (said.get("type") not in ("checkbox", "radio") or "checked" in said):
                self.forms[-1].values[said["name"]] = said.get("value", "")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any
    cookies: tuple[str, ...]

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def said(self) -> dict[str, str]:
        """The parameters of the address one is sent to."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.location).query).items()}

    def form(self, with_field: str, action: str = "") -> Form:
        """The form of the page that has this field, and goes there."""
        reader = _Forms()
        reader.feed(self.text)
        return next(form for form in reader.forms if with_field in form.fields and form.action.startswith(action))


class Browser:
    """Somebody's browser: keeps cookies, sends forms."""

    def __init__(self, running: "Running") -> None:
        self._running, self.jar = running, CookieJar(unsafe=True)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self._running.ask("GET", path, jar=self.jar, headers=headers)

    async def send(self, path: str, values: Mapping[str, str]) -> Answer:
        """POST these values, whatever form they come from."""
        return await self._running.ask("POST", path, jar=self.jar, data=dict(values))

    async def submit(self, form: Form, **typed: str) -> Answer:
        return await self.send(form.action, {**form.values, **typed})

    async def sign_in(self, email: str, password: str = PASSWORD) -> Answer:
        page = await self.get("/auth/sign_in")
        return await self.submit(page.form("email"), email=email, password=password)


class Running:
    """A server that listens."""

    def __init__(self, here: Site, client: "TestClient[web.Request, web.Application]") -> None:
        self.here, self._client = here, client

    def browser(self) -> Browser:
        return Browser(self)

    async def ask(self, method: str, path: str, *, jar: CookieJar | None = None, **how: Any) -> Answer:
        cookies = {cookie.key: cookie.value for cookie in jar} if jar is not None else {}
        headers = {**how.pop("headers", {}), **({"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())} if cookies else {})}
        response = await self._client.request(method, path, headers=headers, allow_redirects=False, **how)
        if jar is not None:
            jar.update_cookies(response.cookies, response.url)
        return await _answer(response)

    async def resident(self, name: str, role: Role = "member") -> tuple[Login, Actor]:
        """Somebody who lives here, with a password and keys."""
        passwords: Passwords = self._client.app[PASSWORDS]
        face = accounts.Face(Username(name), DisplayName(name.title()), await accounts.new_key_pairs())
        password_hash = await passwords.hashed(Password(PASSWORD))
        async with begin(self.here.db) as tx:
            email = Email(f"{name}@mail.example")
            return await accounts.open_login(tx, self.here.now(), self.here.settings, email, password_hash, role, face)

    async def app(self, **said: Any) -> dict[str, Any]:
        """A registered app: client_id, client_secret."""
        asked = {"client_name": "Trial", "redirect_uris": REDIRECT, "scopes": "read write follow push", **said}
        answer = await self.ask("POST", "/api/v1/apps", json=asked)
        assert answer.status == 200, answer.text
        registered: dict[str, Any] = answer.json
        return registered

    async def exchange(self, app: Mapping[str, str], code: str, **said: str) -> Answer:
        """Ask for the token of a code."""
        credentials = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return await self.ask("POST", "/oauth/token", data={**credentials, **grant, **said})

    async def call(self, token: str, path: str = "/oauth/userinfo") -> Answer:
        return await self.ask("GET", path, headers={"Authorization": f"Bearer {token}"})


def query(app: Mapping[str, str], **said: str) -> str:
    """The address at which an app asks for consent."""
    asked = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": REDIRECT, **said}
    return f"/oauth/authorize?{urlencode({name: value for name, value in asked.items() if value})}"


async def code_for(house: Running, app: Mapping[str, str], name: str, **said: str) -> str:
    """The code by which a person lets an app in."""
    browser = house.browser()
    await browser.sign_in(f"{name}@mail.example")
    consent = await browser.get(query(app, **said))
    return (await browser.submit(consent.form("answer"), answer="yes")).said["code"]


async def token_for(house: Running, name: str, scope: str = "read write follow push") -> str:
    """A token that speaks for somebody's only persona."""
    app = await house.app(scopes=scope)
    token: str = (await house.exchange(app, await code_for(house, app, name, scope=scope))).json["access_token"]
    return token


async def _answer(response: ClientResponse) -> Answer:
    text = await response.text()
    json = await response.json() if response.content_type == "application/json" else None
    return Answer(response.status, response.headers, text, json, tuple(response.headers.getall("Set-Cookie", [])))


probes = web.RouteTableDef()


@probes.get("/api/probe/{scope}")
async def probe(request: web.Request) -> web.Response:
    """As any route of the client API asks who is asking."""
    me = await caller(request, request.match_info["scope"])
    return web.json_response({"actor": str(me.actor_id), "app": me.app_name})


@probes.get("/api/optional_probe/{scope}")
async def optional_probe(request: web.Request) -> web.Response:
    """As a route that answers nobody too."""
    me = await optional_caller(request, request.match_info["scope"])
    return web.json_response({"actor": str(me.actor_id) if me else None})


@asynccontextmanager
async def running(db: Database, clock: Clock, **settings: object) -> AsyncIterator[Running]:
    """A server on this machine that people and apps can reach, with a clock that the test owns."""
    client = open_client(user_agent="test", own_hosts=(), allowed_private_networks=(), host_map={}, extra_ca=None)
    async with client as way_out:
        here = Site(settings_of(settings), db, way_out, clock, ActorId(0))
        app = build(here, ROLES)
        app.add_routes(probes)
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as tester:
            yield Running(here, tester)

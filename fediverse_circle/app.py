"""Assembly: one application out of the surfaces, one way to say that something went wrong, workers beside it.

Handlers raise; the outermost middleware asks the surface to which the path belongs how to say it.  A path that does not exist, a method
that a path does not know, and a thing that is not for the asker are one answer.
"""

import asyncio
import os
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Literal

import structlog
from aiohttp import web

from fediverse_circle import __version__, federation, mastodon, oauth, site
from fediverse_circle import web as pages
from fediverse_circle.actions import accounts
from fediverse_circle.config import Listen, Network, Settings, Tcp, Unix
from fediverse_circle.core.clock import Clock
from fediverse_circle.core.errors import Invalid, NotFound, TooLarge, Trouble, Unreachable
from fediverse_circle.core.ids import ActorId
from fediverse_circle.federation import delivery, incoming, outgoing
from fediverse_circle.jobs import schedule, worker
from fediverse_circle.mastodon.cors import cross_origin
from fediverse_circle.net.client import open_client
from fediverse_circle.oauth.passwords import PASSWORDS, Passwords
from fediverse_circle.site import SITE, Site
from fediverse_circle.store.db import Database, begin, open_database

Role = Literal["web", "federation", "work"]
ROLES: frozenset[Role] = frozenset({"web", "federation", "work"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Refusal = Callable[[web.Request, Trouble], web.StreamResponse]

FOR_SERVERS = ("/.well-known/", "/nodeinfo", "/inbox", "/actor", "/users/", "/posts/", "/activities/", "/robots.txt")
REQUEST_BYTES = 2 << 20  # more than any surface reads; each has its own, smaller bound
DRAIN_SECONDS = 10.0
WORKER_REST_SECONDS = 1.0

_log = structlog.get_logger()


def build(here: Site, roles: Collection[Role]) -> web.Application:
    """The application that answers for these roles."""
    app = web.Application(middlewares=[cross_origin, _answered, _unslashed], client_max_size=REQUEST_BYTES)
    app[SITE] = here
    app[PASSWORDS] = Passwords()
    surfaces = {"web": (mastodon, oauth, pages), "federation": (federation,), "work": ()}
    for role in sorted(roles):
        for surface in surfaces[role]:
            for routes in surface.ROUTES:
                app.add_routes(routes)
    return app


def _refusal(path: str) -> Refusal:
    """How the surface of this path says no."""
    if path.startswith("/api/"):
        return mastodon.refusal
    if path.startswith("/oauth/") and path.rstrip("/") != "/oauth/authorize":
        return oauth.refusal
    if path.startswith(FOR_SERVERS):
        return federation.refusal
    return pages.refusal


@web.middleware
async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every request gets an answer in the words of its surface, and one log line without any."""
    began = time.perf_counter()
    refusal = _refusal(request.path)
    try:
        response = await handler(_from_behind_proxies(request))
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        response = refusal(request, NotFound())
    except web.HTTPRequestEntityTooLarge:
        response = refusal(request, TooLarge())
    except web.HTTPException:
        raise
    except Trouble as trouble:
        response = refusal(request, trouble)
    except (ConnectionResetError, asyncio.CancelledError):
        raise  # the asker has gone
    except Exception as error:
        name = secrets.token_hex(8)
        _log.error("failed", request=name, method=request.method, route=_route(request), exc_info=error)
        response = refusal(request, Broken(name))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    _log.debug("request", method=request.method, route=_route(request), status=response.status, ms=milliseconds)
    return response


def _from_behind_proxies(request: web.Request) -> web.Request:
    """The request with the address of who really asks: what the proxies we trust say of it, and nobody else."""
    trusted = site.of(request).settings.trusted_proxies
    if request.remote and not (trusted and _is_in(request.remote, trusted)):
        return request
    said = [part.strip() for line in request.headers.getall("X-Forwarded-For", ()) for part in line.split(",")]
    asker = next((address for address in reversed(said) if not _is_in(address, trusted)), None)
    return request if asker is None else request.clone(remote=asker)


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        return any(ip_address(address) in network for network in networks)
    except ValueError:
        return False


class Broken(Trouble):
    """A fault of this program; `name` finds it in the log."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Something went wrong on this server. If you tell its administrator, mention {name}.")


def _route(request: web.Request) -> str:
    """The path as the router knows it: with the names of its parameters instead of what they hold."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "?"


@web.middleware
async def _unslashed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Some clients write a slash behind every path: where there is nothing with it, they mean the path without."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if len(request.path) < 2 or not request.path.endswith("/"):
            raise
        meant = request.clone(rel_url=request.rel_url.with_path(request.path.rstrip("/") or "/").with_query(request.rel_url.query))
        match = await request.app.router.resolve(meant)
        match.add_app(request.app)
        match.freeze()
        meant._match_info = match
        return await match.handler(meant)


@asynccontextmanager
async def opened(settings: Settings, dsn: str, now: Clock) -> AsyncIterator[Site]:
    """What handlers and workers reach, for as long as the block lasts."""
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(open_database(dsn))
        client = await stack.enter_async_context(
            open_client(
                user_agent=f"fediverse_circle/{__version__} (+{settings.origin}/)",
                own_hosts={settings.origin.authority, settings.handle_domain},
                allowed_private_networks=settings.allowed_private_networks,
                host_map={},
                extra_ca=settings.extra_ca_bundle,
            )
        )
        yield Site(settings, db, client, now, await _instance_actor(db, now, settings))


async def _instance_actor(db: Database, now: Clock, settings: Settings) -> ActorId:
    """The server's own actor; of several processes that start for the first time together, one makes it."""
    for _ in range(2):
        with suppress(NotFound):
            async with begin(db) as tx:
                return (await accounts.instance_actor(tx, now(), settings)).id
    raise NotFound("The server's own actor cannot be made: its name is taken.")


@asynccontextmanager
async def serving(here: Site, roles: Collection[Role], *, shared: bool = False) -> AsyncIterator[None]:
    """Answer requests and do the work of these roles for as long as the block lasts; what is under way at the end is finished.

    `shared`: other processes of this server may take connections at the same address.
    """
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        if "work" in roles:
            await stack.enter_async_context(_working(here, stop))
        if {"web", "federation"} & set(roles):
            await stack.enter_async_context(_listening(here, build(here, roles), shared=shared))
        try:
            yield
        finally:
            stop.set()


@asynccontextmanager
async def _listening(here: Site, app: web.Application, *, shared: bool) -> AsyncIterator[None]:
    tls = _tls(here.settings)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=DRAIN_SECONDS, keepalive_timeout=75)
    await runner.setup()
    try:
        for address in here.settings.listen:
            try:
                await _entrance(runner, address, tls, shared=shared).start()
            except OSError as error:
                why = os.strerror(error.errno).lower() if error.errno else type(error).__name__
                raise Invalid("listen", f"listen: no connections can be taken at {address}: {why}.") from None
        yield
    finally:
        await runner.cleanup()


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=lambda: "")  # nobody is here to type one
    except (ssl.SSLError, OSError, ValueError):
        pair = f"{settings.tls_certificate} and {settings.tls_key}"
        raise Invalid("tls_certificate", f"tls_certificate, tls_key: {pair} are not a certificate and its own key, unlocked.") from None
    return context


def _entrance(runner: web.AppRunner, address: Listen, tls: ssl.SSLContext | None, *, shared: bool) -> web.BaseSite:
    match address:
        case Unix(path):
            return web.UnixSite(runner, str(path))
        case Tcp(host, port):
            return web.TCPSite(runner, host or None, port, ssl_context=tls, reuse_port=shared)


@asynccontextmanager
async def _working(here: Site, stop: asyncio.Event) -> AsyncIterator[None]:
    """The workers: what came in is understood, what happened is told, what is told is delivered, what is old is swept."""
    handlers = {"Understand": incoming.understand} | dict.fromkeys(outgoing.KINDS, outgoing.tell)
    works = (
        lambda: worker.work(here, handlers, stop),
        lambda: delivery.deliver(here, stop),
        lambda: schedule.keep_house(here, stop),
    )
    tasks = [asyncio.create_task(_kept_alive(work, stop)) for work in works]
    try:
        yield
    finally:
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept_alive(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do it until told to stop; what fails unexpectedly (a database gone for a while) is begun again after a rest."""
    while not stop.is_set():
        try:
            await work()
        except Unreachable as error:
            _log.warning("waiting for the database", exc_info=error)
        except Exception as error:
            _log.error("a worker failed and is started again", exc_info=error)
        else:
            return
        try:
            async with asyncio.timeout(WORKER_REST_SECONDS):
                await stop.wait()
        except TimeoutError:
            continue

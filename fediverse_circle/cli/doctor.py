"""`doctor`: is everything as it must be, and what to do where it is not."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec
from cryptography import x509

from fediverse_circle import __version__, postgres
from fediverse_circle.cli.running import run, settings_from, with_settings
from fediverse_circle.config import Settings
from fediverse_circle.core.clock import utc_now
from fediverse_circle.core.errors import Trouble
from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain import uris
from fediverse_circle.net.budget import Budget
from fediverse_circle.net.client import Answer, open_client
from fediverse_circle.store import schema
from fediverse_circle.store.db import open_database

EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))  # it is ourselves whom we ask
CLOCK_TOLERANCE = timedelta(seconds=30)
CERTIFICATE_MARGIN = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `remedy` is what to do, None where all is well."""

    what: str
    how: str
    remedy: str | None = None


@click.command(short_help="Is everything as it must be, and what to do if not?")
@with_settings
def doctor(config: Path | None, data_directory: str | None) -> None:
    """Look at database, tables, clock, domain, certificate, and at the server as a stranger sees it.

    Each line says what is so; where something is wrong, the line below says what to do.  Exit code 1 if anything is.
    """
    settings = settings_from(config, data_directory)

    async def examined() -> bool:
        well = True
        async for finding in _findings(settings):
            mark = click.style("ok  ", fg="green") if finding.remedy is None else click.style("bad ", fg="red", bold=True)
            click.echo(f"{mark}{finding.what}: {finding.how}")
            if finding.remedy is not None:
                click.echo(f"    → {finding.remedy}")
                well = False
        return well

    if not run(examined()):
        sys.exit(1)


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield Finding("Program", f"fediverse_circle {__version__}, data in {settings.data_directory}")
    async for finding in _database(settings):
        yield finding
    if not settings.federates:
        yield Finding("Domain", "none is set: the server is for trying out, listens on this machine alone and federates with nobody")
    else:
        async for finding in _seen_by_strangers(settings):
            yield finding


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with postgres.running(settings, lambda _: None) as access:
            async with open_database(access.everyday, connections=1) as db:
                version = await db.pool.fetchval("show server_version")
                drift = abs(await db.pool.fetchval("select clock_timestamp()") - utc_now())
            yield Finding("Database", f"PostgreSQL {version} answers, and keeps what it acknowledges")
            if drift > CLOCK_TOLERANCE:
                yield Finding("Clock", f"this machine and the database disagree by {drift.seconds} s", "Let both follow an NTP server.")
            try:
                await schema.check(access.everyday)
                yield Finding("Tables", f"version {schema.read_schema().version}, as this program needs them")
            except Trouble as trouble:
                yield Finding("Tables", trouble.sentence, "Run: fediverse-circle migrate")
    except Trouble as trouble:
        yield Finding("Database", trouble.sentence, "Set database_url to a PostgreSQL 15 or newer, or let the server run its own.")


async def _seen_by_strangers(settings: Settings) -> AsyncIterator[Finding]:
    host, port = settings.origin.host, settings.origin.port
    try:
        await asyncio.get_running_loop().getaddrinfo(host, port)
        yield Finding("Domain", f"{host} has an address")
    except socket.gaierror:
        if not host.endswith(".localhost"):
            yield Finding("Domain", f"{host} has no address", "Point its DNS record (A or AAAA) to this machine.")
            return
    async for finding in _certificate(settings):
        yield finding
    async with open_client(
        user_agent=f"fediverse_circle doctor {__version__}",
        own_hosts=(),
        allowed_private_networks=EVERYWHERE,
        host_map={},
        extra_ca=settings.extra_ca_bundle,
    ) as client:
        handle = f"{settings.handle_domain}@{settings.handle_domain}"
        url = f"https://{settings.handle_domain}/.well-known/webfinger?resource={quote(f'acct:{handle}')}"
        try:
            answer = await client.get(parse_url(url), accept="application/jrd+json", signer=None, budget=Budget(requests=5, seconds=20))
        except Trouble as trouble:
            yield Finding(
                "WebFinger", trouble.sentence, f"Others must reach https://{settings.handle_domain}/: is the proxy up, port 443 open?"
            )
            return
    yield _webfinger(settings, answer)
    yield _clock(answer)


async def _certificate(settings: Settings) -> AsyncIterator[Finding]:
    if settings.tls_certificate is None:
        return
    certificate = x509.load_pem_x509_certificate(settings.tls_certificate.read_bytes())
    left = certificate.not_valid_after_utc - utc_now()
    how = f"valid until {certificate.not_valid_after_utc:%Y-%m-%d}"
    yield Finding("Certificate", how, "Renew it." if left < CERTIFICATE_MARGIN else None)


def _webfinger(settings: Settings, answer: Answer) -> Finding:
    if answer.status != 200:
        how = f"https://{settings.handle_domain}/.well-known/webfinger answers {answer.status}"
        return Finding("WebFinger", how, "Let that address reach this server, or redirect there with the query kept.")
    if uris.instance_actor(str(settings.origin)) not in _self_links(answer.body):
        return Finding("WebFinger", "it names another server than this one", "Check domain and web_domain: they must be what others see.")
    return Finding("WebFinger", "strangers find this server by its domain")


def _self_links(body: bytes) -> list[Any]:
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return []
    links = document.get("links", []) if isinstance(document, dict) else []
    return [link.get("href") for link in links if isinstance(link, dict) and link.get("rel") == "self"]


def _clock(answer: Answer) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return Finding("Clock", "the answer bore no date", "Let the proxy pass the Date header on.")
    drift = abs(datetime.now(UTC) - theirs.replace(tzinfo=UTC))
    how = "this machine and its front agree" if drift <= CLOCK_TOLERANCE else f"this machine and its front disagree by {drift.seconds} s"
    return Finding(
        "Clock", how, None if drift <= CLOCK_TOLERANCE else "Let both follow an NTP server: others refuse signatures that are off."
    )

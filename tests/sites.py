"""A running server without its surfaces: what workers are given, with a clock that the test owns."""

import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from fediverse_circle.config import settings_of
from fediverse_circle.core.ids import ActorId
from fediverse_circle.net.client import open_client
from fediverse_circle.site import Site
from fediverse_circle.store.db import Database
from tests.people import NOW

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
NOBODY = ActorId(0)


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@asynccontextmanager
async def site(
    db: Database, clock: Clock, *, host_map: Mapping[str, tuple[str, int]] | None = None, trust: Path | None = None
) -> AsyncIterator[Site]:
    """A server named here.example, whose requests to the world stay on this machine."""
    async with open_client(
        user_agent="fediverse_circle (test)",
        own_hosts=("here.example",),
        allowed_private_networks=LOOPBACK,
        host_map=host_map or {},
        extra_ca=trust,
    ) as client:
        yield Site(settings_of({"domain": "here.example"}), db, client, clock, NOBODY)

"""Markers: how far somebody has read, shared between their apps."""

from datetime import UTC, datetime
from typing import get_args

import msgspec
from aiohttp import web

from fediverse_circle import site
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.dates import date
from fediverse_circle.mastodon.forms import Form, parse, place
from fediverse_circle.oauth.caller import caller
from fediverse_circle.store import markers
from fediverse_circle.store.db import begin
from fediverse_circle.store.markers import Timeline

routes = web.RouteTableDef()
TIMELINES: tuple[Timeline, ...] = get_args(Timeline)


class Marker(msgspec.Struct, frozen=True):
    """A place in a timeline."""

    last_read_id: str
    version: int
    updated_at: str


NOWHERE = Marker("0", 0, date(datetime.fromtimestamp(0, UTC)))  # an app of the nine crashes where a timeline it asked for is left out


class Asked(Form, frozen=True):
    """Which timelines."""

    timeline: tuple[str, ...] = ()


class Place(Form, frozen=True):
    """How far."""

    last_read_id: str | None = None


class Read(Form, frozen=True):
    """How far in which timeline."""

    home: Place = Place()
    notifications: Place = Place()


@routes.get("/api/v1/markers")
async def read(request: web.Request) -> web.Response:
    """The marks in the timelines asked for."""
    here, me = site.of(request), await caller(request, "read:statuses")
    asked = [timeline for timeline in TIMELINES if timeline in (await parse(request, Asked)).timeline]
    found = await markers.of(here.db.pool, me.actor_id, asked)
    return answer(dict.fromkeys(asked, NOWHERE) | {marker.timeline: _marker(marker) for marker in found})


@routes.post("/api/v1/markers")
async def put(request: web.Request) -> web.Response:
    """The marks are here now."""
    here, me = site.of(request), await caller(request, "write:statuses")
    said = await parse(request, Read)
    places: dict[Timeline, int | None] = {
        "home": place("home.last_read_id", said.home.last_read_id),
        "notifications": place("notifications.last_read_id", said.notifications.last_read_id),
    }
    async with begin(here.db) as tx:
        marks = [await markers.put(tx, here.now(), me.actor_id, timeline, last) for timeline, last in places.items() if last is not None]
    return answer({marker.timeline: _marker(marker) for marker in marks})


def _marker(marker: markers.Marker) -> Marker:
    return Marker(str(marker.last_read_id), marker.version, date(marker.updated_at))

"""One's own profile, to be written."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.actions import profiles
from fediverse_circle.actions.profiles import Changes, Line
from fediverse_circle.core.errors import Invalid
from fediverse_circle.mastodon import entities
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.forms import File, Form, parse
from fediverse_circle.oauth.caller import caller
from fediverse_circle.store import actors
from fediverse_circle.store.db import begin
from fediverse_circle.text.language import language_tag

routes = web.RouteTableDef()


class Field(Form, frozen=True):
    """A line of a profile."""

    name: str = ""
    value: str = ""


class Source(Form, frozen=True):
    """How new posts begin.  Not how wide: that is opened on the settings page, never by an app."""

    language: str | None = None


class Profile(Form, frozen=True):
    """What is to change."""

    display_name: str | None = None
    note: str | None = None
    fields_attributes: tuple[Field, ...] | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    source: Source = Source()
    avatar: File | str | None = None
    header: File | str | None = None


@routes.patch("/api/v1/accounts/update_credentials")
async def update(request: web.Request) -> web.Response:
    """Change what is named; the answer says how it is now."""
    here, me = site.of(request), await caller(request, "write:accounts")
    asked = await parse(request, Profile)
    for name, picture in (("avatar", asked.avatar), ("header", asked.header)):
        if picture is not None:
            raise Invalid(name, "This server does not take pictures yet.")
    lines = None if asked.fields_attributes is None else [Line(field.name, field.value) for field in asked.fields_attributes]
    changes = Changes(
        name=asked.display_name,
        note=asked.note,
        lines=lines,
        locked=asked.locked,
        automatic=asked.bot,
        discoverable=asked.discoverable,
        language=language_tag(asked.source.language or ""),
    )
    async with begin(here.db) as tx:
        await profiles.revise(tx, await actors.by_id(tx, me.actor_id), changes)
    return answer(await entities.credentials(here.db.pool, str(here.settings.origin), me.actor_id))

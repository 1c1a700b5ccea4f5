"""Accounts: anyone, as a viewer may see them.  Nothing is counted for others but what everybody may read."""

from collections.abc import Collection, Sequence

import msgspec

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain import actors as domain
from fediverse_circle.domain.audience import Visibility
from fediverse_circle.mastodon.dates import day
from fediverse_circle.store import actors, follows, logins
from fediverse_circle.store.actors import Shown
from fediverse_circle.store.db import Reader
from fediverse_circle.text.plain import plain

AVATAR, HEADER = "/avatars/original/missing.png", "/headers/original/missing.png"  # names by which clients know: there is none


class Field(msgspec.Struct, frozen=True):
    """A line of a profile; `value` is HTML."""

    name: str
    value: str
    verified_at: None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Anyone."""

    id: str
    username: str
    acct: str
    display_name: str
    url: str
    uri: str
    note: str
    fields: Sequence[Field]
    created_at: str
    locked: bool
    bot: bool
    group: bool
    discoverable: bool
    indexable: bool = False
    noindex: bool = True
    hide_collections: bool = True
    avatar: str
    avatar_static: str
    avatar_description: str = ""
    header: str
    header_static: str
    header_description: str = ""
    followers_count: int
    following_count: int
    statuses_count: int
    last_status_at: None = None
    emojis: tuple[()] = ()
    roles: tuple[()] = ()


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One's own profile as typed, and how new posts begin."""

    privacy: Visibility = "private"
    sensitive: bool = False
    language: str | None
    note: str
    fields: Sequence[Field]
    follow_requests_count: int
    hide_collections: bool = True
    discoverable: bool
    indexable: bool = False
    attribution_domains: tuple[()] = ()
    quote_policy: str = "nobody"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do through this surface beside what everybody may: nothing."""

    id: str = "-99"  # Mastodon's role of everybody
    name: str = ""
    permissions: str = "0"
    color: str = ""
    highlighted: bool = False


class CredentialAccount(Account, frozen=True, kw_only=True):
    """Oneself."""

    source: Source
    role: Role = Role()


def account(origin: str, shown: Shown) -> Account:
    """An actor as a client sees it.  Pictures are the default ones until they can come through us: a link to a stranger's would tell who looks."""
    actor = shown.actor
    avatar, header = origin + AVATAR, origin + HEADER
    return Account(
        id=str(actor.id),
        username=actor.username,
        acct=acct(actor),
        display_name=actor.name,
        url=actor.url or actor.uri,
        uri=actor.uri,
        note=actor.note,
        fields=[Field(field.name, field.value) for field in actor.fields],
        created_at=day(actor.published_at),
        locked=actor.locked,
        bot=actor.kind in ("Service", "Application"),
        group=actor.kind == "Group",
        discoverable=actor.discoverable,
        avatar=avatar,
        avatar_static=avatar,
        header=header,
        header_static=header,
        followers_count=shown.followers,
        following_count=shown.following,
        statuses_count=shown.public_posts,
    )


def acct(actor: domain.Actor) -> str:
    """The handle as clients write it: without a host for those who live here."""
    return actor.username if actor.local else f"{actor.username}@{actor.host}"


async def accounts(db: Reader, origin: str, viewer: ActorId | None, ids: Collection[ActorId]) -> list[Account]:
    """Those of these actors that are there, in this order.  One question."""
    found = await actors.shown(db, viewer, ids)
    return [account(origin, found[id]) for id in ids if id in found]


async def credentials(db: Reader, origin: str, me: ActorId) -> CredentialAccount:
    """Oneself, with the profile as typed."""
    shown = (await actors.shown(db, me, [me])).get(me)
    if shown is None:
        raise NotFound
    settings, counts, actor = await logins.account(db, me), await follows.counts(db, me), shown.actor
    source = Source(
        language=settings.language,
        note=plain(actor.note),
        fields=[Field(field.name, plain(field.value)) for field in actor.fields],
        follow_requests_count=counts.requests,
        discoverable=actor.discoverable,
    )
    return CredentialAccount(**msgspec.structs.asdict(account(origin, shown)), source=source)

"""Tells other servers what was committed here: an event becomes activities and a delivery for each inbox, in the transaction that ends its job.

Who is told: the readers of the post who live elsewhere, through one inbox a server where it offers a shared one, else each through their own.

- *Published*: a Create.  Servers with somebody named in something private get copies of their own.
- *Edited*: what waits gets the new words, and does not go to those who may read it no longer; where the post has gone or may have, an Update
  follows.  Of something private only present readers hear the new words.
- *Taken back*: what waits is dropped, and a Delete goes to every inbox that the post may have reached, whoever reads there now.
- *Follows* go to the one they concern.  With a follower who is removed, what waits for them goes too.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Final, get_args

import msgspec

from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import BadUrl, parse_url, same_origin
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.events import (
    Event,
    FollowAccepted,
    FollowRejected,
    FollowRequested,
    FollowUndone,
    PostEdited,
    PostPublished,
    PostRetracted,
)
from fediverse_circle.federation.builders.accept import build_accept
from fediverse_circle.federation.builders.create import build_create, create_uri
from fediverse_circle.federation.builders.delete import build_delete, delete_uri
from fediverse_circle.federation.builders.follow import build_follow, embedded_follow
from fediverse_circle.federation.builders.reject import build_reject
from fediverse_circle.federation.builders.undo import build_undo
from fediverse_circle.federation.builders.update import build_update
from fediverse_circle.federation.telling import Telling, telling
from fediverse_circle.site import Site
from fediverse_circle.store import actors, deliveries, jobs, posts
from fediverse_circle.store.db import Tx, begin
from fediverse_circle.store.deliveries import Copy, Inbox, Waiting
from fediverse_circle.store.jobs import Job
from fediverse_circle.vocab import Activity, encode

WORDS_KEPT: Final = timedelta(days=7)  # so long something waits for a server that cannot be reached
RETRACTIONS_KEPT: Final = timedelta(days=30)  # what ends something waits longer than what begins it

_EVENTS: Final[Mapping[str, type[Event]]] = {event.__name__: event for event in get_args(Event)}
KINDS: Final = frozenset(_EVENTS)
"""The kinds of jobs that `tell` does."""


async def tell(here: Site, job: Job) -> None:
    """Tell the servers concerned what happened.  NotFound if it is not so any more."""
    event = msgspec.json.decode(job.payload, type=_EVENTS[job.kind])
    async with begin(here.db) as tx:
        match event:
            case PostPublished():
                await _published(tx, here, event)
            case PostEdited():
                await _edited(tx, here, event)
            case PostRetracted():
                await _retracted(tx, here, event)
            case FollowRequested(by, target, uri):
                await _follow_told(tx, here, by, target, lambda me, them: build_follow(uri, me, them), WORDS_KEPT)
            case FollowAccepted(by, follower, uri):
                await _follow_told(
                    tx, here, by, follower, lambda me, them: build_accept(_new(me), me, embedded_follow(uri, them, me)), WORDS_KEPT
                )
            case FollowRejected(by, follower, uri):
                await deliveries.cancel_unreadable(tx, by, follower)
                await _follow_told(
                    tx, here, by, follower, lambda me, them: build_reject(_new(me), me, embedded_follow(uri, them, me)), RETRACTIONS_KEPT
                )
            case FollowUndone(by, target, uri):
                await _follow_told(
                    tx, here, by, target, lambda me, them: build_undo(_new(me), me, embedded_follow(uri, me, them), them), RETRACTIONS_KEPT
                )
        await jobs.done(tx, job.id)


async def _published(tx: Tx, here: Site, event: PostPublished) -> None:
    told = await telling(tx, await posts.visible(tx, event.by, event.post))
    copies = _copies(told, await _readers(tx, told), lambda host: build_create(told.note(host)))
    await deliveries.add(tx, event.by, create_uri(told.post.uri), copies, here.now() + WORDS_KEPT, words_of=event.post)


async def _edited(tx: Tx, here: Site, event: PostEdited) -> None:
    told = await telling(tx, await posts.visible(tx, event.by, event.post))
    waiting = await deliveries.waiting(tx, event.post)
    places = await _readers(tx, told)
    if told.addressing.is_public:
        places += [(inbox.host, inbox) for inbox in await deliveries.sent_to(tx, event.post)]
    copies = _copies(told, places, lambda host: build_update(told.note(host)))
    said_to = {inbox.url: copy.said_to for copy in copies for inbox in copy.inboxes}
    await deliveries.drop(tx, [each.id for each in waiting if each.inbox not in said_to])
    await deliveries.replace(tx, _said_anew(told, waiting))
    served = {each.inbox for each in waiting if not each.attempted and (each.inbox, each.said_to) in said_to.items()}
    late = [Copy(copy.said_to, copy.body, [inbox for inbox in copy.inboxes if inbox.url not in served]) for copy in copies]
    await deliveries.add(tx, event.by, build_update(told.note(None)).id, late, here.now() + WORDS_KEPT, words_of=event.post)


async def _retracted(tx: Tx, here: Site, event: PostRetracted) -> None:
    await deliveries.cancel(tx, event.post)
    told = await telling(tx, await posts.buried_by_uri(tx, event.by, event.uri))
    places = [(inbox.host, inbox) for inbox in await deliveries.sent_to(tx, event.post)]
    copies = _copies(told, places, lambda host: build_delete(event.uri, told.author, told.addressees(host)))
    await deliveries.add(tx, event.by, delete_uri(event.uri), copies, here.now() + RETRACTIONS_KEPT, words_of=None)


async def _follow_told(tx: Tx, here: Site, by: ActorId, other: ActorId, build: Callable[[Actor, Actor], Activity], kept: timedelta) -> None:
    """To the one whom it concerns alone, in their own inbox."""
    me, them = await actors.by_id(tx, by), await actors.by_id(tx, other)
    activity, inbox = build(me, them), _inbox(them.inbox)
    if inbox is not None:
        await deliveries.add(tx, by, activity.id, [Copy(None, encode(activity), [inbox])], here.now() + kept, words_of=None)


async def _readers(tx: Tx, told: Telling) -> list[tuple[str, Inbox]]:
    """Where the readers who live elsewhere read, each with their server.  A server for which there is nothing in the audience is left out."""
    found: dict[str, bool] = {}
    places: list[tuple[str, Inbox]] = []
    for reader in await deliveries.recipients(tx, told.post.id):
        host = parse_url(reader.uri).origin.authority
        if host not in found:
            found[host] = not told.addressees(host).nobody
        shared = reader.shared_inbox is not None and same_origin(reader.shared_inbox, reader.uri)
        inbox = _inbox(reader.shared_inbox if shared and reader.shared_inbox is not None else reader.inbox)
        if found[host] and inbox is not None:
            places.append((host, inbox))
    return places


def _copies(told: Telling, places: Iterable[tuple[str, Inbox]], build: Callable[[str | None], Activity]) -> list[Copy]:
    """One copy for all servers that are told the same, and one of its own for each that has somebody named in something private."""
    own: dict[str, str | None] = {}
    by_host: dict[str | None, dict[str, Inbox]] = {}
    for host, inbox in places:
        if host not in own:
            addressees = told.addressees(host)
            own[host] = host if addressees.named and not addressees.public else None
        by_host.setdefault(own[host], {})[inbox.url] = inbox
    return [Copy(host, encode(build(host)), list(inboxes.values())) for host, inboxes in by_host.items()]


def _said_anew(told: Telling, waiting: Iterable[Waiting]) -> list[tuple[int, bytes]]:
    """What waits of a post, in its present words."""
    first = create_uri(told.post.uri)
    found = {each.activity_id: (each.said_to, build_create if each.uri == first else build_update) for each in waiting}
    return [(number, encode(build(told.note(host)))) for number, (host, build) in found.items()]


def _inbox(url: str) -> Inbox | None:
    """An inbox with its host; None if it is none, and nothing can be brought there."""
    try:
        return Inbox(url, parse_url(url).origin.authority)
    except BadUrl:
        return None


def _new(actor: Actor) -> str:
    return uris.new_activity(str(parse_url(actor.uri).origin))

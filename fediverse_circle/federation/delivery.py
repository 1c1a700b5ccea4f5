"""Brings what waits in the queue to the inboxes of other servers.

A worker leases hosts, a batch of each, and marks the batch as begun before its first byte.  What one actor says reaches a host in the order
it was said: a batch goes out activity by activity, and one activity goes to several inboxes side by side.  The next signatures are made in a
thread while a request is under way.  What was taken is forgotten soon after; killed in between, a worker repeats it, and receivers know a
repeat when they see one.

A host that fails rests as a whole, longer each time, until it takes something or is heard of; one that says when to come again is believed.
An activity over which a living host fails again and again is given up, so that it does not hold up the rest for ever.
"""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import final
from uuid import uuid4

import structlog

from fediverse_circle.core.errors import Invalid, NotFound, Unreachable
from fediverse_circle.core.urls import Url, parse_url
from fediverse_circle.federation.answers import Failed, Gone, Outcome, Refused, Resting, Taken, outcome, wants_another_signature
from fediverse_circle.federation.signer import Signer, Signers
from fediverse_circle.jobs.attention import attentive, seconds_until
from fediverse_circle.jobs.patience import delay
from fediverse_circle.net.client import Answer
from fediverse_circle.signing import Scheme
from fediverse_circle.site import Site
from fediverse_circle.store import deliveries
from fediverse_circle.store.bell import Ear
from fediverse_circle.store.db import Tx, begin
from fediverse_circle.store.deliveries import Activity, Delivery, Destination, Inbox, Rest, Signs

HOSTS = 64  # side by side
BATCH = 256  # deliveries of one host at a time
SIDE_BY_SIDE = 4  # of one activity, to inboxes of a host that has taken something
REFUSALS = 10  # then it is the activity's fault: about seven hours of patience
LEASE = timedelta(seconds=60)
SENDING_SECONDS = 5.0  # then the rest of a batch can be taken back again
POST_SECONDS = 25.0  # both knocks; with the time for sending less than a lease
_SETTLE_SECONDS, _PROGRESS_SECONDS = 0.05, 0.5  # what ended is noted that soon, what goes on that often
_BREATH_SECONDS = 0.005  # what ends and what comes within that time is looked at together
_REST_SECONDS = 1.0  # after the database could not be reached
_SIGNED_AHEAD = 8

_SCHEMES: Mapping[Signs, Scheme] = {"cavage": Scheme.CAVAGE, "rfc9421": Scheme.RFC9421}
_OTHER: Mapping[Signs, Signs] = {"cavage": "rfc9421", "rfc9421": "cavage"}

_log = structlog.get_logger()


async def deliver(here: Site, stop: asyncio.Event) -> None:
    """Deliver until told to stop; then finish the requests under way and give the hosts back."""
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="sign") as threads:
        async with attentive(here.db.bell, stop) as ear:
            await _Office(here, threads, ear, stop).keep_open()


@dataclass(slots=True, eq=False)
class _Batch:
    """What is brought to one host now, and how it goes.  `over`: not the next one before it has rested."""

    destination: Destination
    deliveries: Sequence[Delivery]
    activities: Mapping[int, Activity]
    signs: Signs
    begun: set[int] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    gone: list[Inbox] = field(default_factory=list)
    reached: bool = False
    over: bool = False
    until: datetime | None = None

    @property
    def width(self) -> int:
        """How many requests side by side: one, until we know that somebody is there."""
        return SIDE_BY_SIDE if self.reached else 1

    def in_order(self) -> list[Delivery]:
        """By activity as they were said, and of one activity all together."""
        first: dict[int, int] = {}
        for each in self.deliveries:
            first.setdefault(each.activity_id, each.id)
        return sorted(self.deliveries, key=lambda each: (first[each.activity_id], each.id))

    def not_begun(self) -> list[int]:
        """What this batch has marked and not touched: as if it had never been taken."""
        return [each.id for each in self.deliveries if each.id not in self.begun and not each.attempted]

    def rest(self, now: datetime) -> Rest:
        """How the host is left."""
        if not self.over:
            return Rest(self.destination.host, None, 0, self.signs, answers=True)
        if self.until is not None:
            return Rest(self.destination.host, self.until, 0, self.signs, answers=True)
        failed = 1 if self.reached else self.destination.failed + 1
        until = now + delay(failed, random.random())  # noqa: S311 (jitter)
        return Rest(self.destination.host, until, failed, self.signs, answers=bool(self.refused))


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A delivery, ready to go."""

    delivery: Delivery
    url: Url
    signer: Signer
    body: bytes = field(repr=False)

    def signed(self, signs: Signs) -> Mapping[str, str]:
        return self.signer.posting(self.url, self.body, _SCHEMES[signs])


@final
class _Office:
    """Leases hosts, sends their batches out, notes what came of them."""

    def __init__(self, here: Site, threads: ThreadPoolExecutor, ear: Ear, stop: asyncio.Event) -> None:
        self._here, self._threads, self._ear, self._stop = here, threads, ear, stop
        self._owner = uuid4()
        self._signers = Signers(here)
        self._batches: dict[asyncio.Task[None], _Batch] = {}
        self._loop = asyncio.get_running_loop()
        self._settled_at = self._loop.time()

    async def keep_open(self) -> None:
        try:
            while self._batches or not self._stop.is_set():
                try:
                    seconds = await self._turn()
                except Unreachable as error:
                    _log.warning("deliveries wait for the database", exc_info=error)
                    seconds = _REST_SECONDS
                if self._batches:
                    await asyncio.sleep(_BREATH_SECONDS)
                await self._ear.wait(seconds)
        finally:
            await self._close()

    async def _close(self) -> None:
        """If something goes on (we were cancelled): end it, and note how far it came."""
        if not self._batches:
            return
        for task in self._batches:
            task.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)
        with suppress(Unreachable):
            async with begin(self._here.db) as tx:
                await self._settle(tx)

    async def _turn(self) -> float:
        """Note what came of batches, lease what is due, send it out; how long to listen for the bell then."""
        due, now = None, self._here.now()
        hands = 0 if self._stop.is_set() else HOSTS - len(self._batches) + self._ended()
        if hands:
            due = await deliveries.next_due(self._here.db.pool)
        wanted = due is not None and due <= now
        if wanted or self._worth_settling():
            async with begin(self._here.db) as tx:
                ended, noted = await self._settle(tx)
                leased = await self._lease(tx, now, hands) if hands and (wanted or ended) else []
            self._forget(ended, noted)
            for batch in leased:
                self._send_out(batch)
        if self._ended():
            return _SETTLE_SECONDS
        return min(seconds_until(due, now), _PROGRESS_SECONDS) if self._batches else seconds_until(due, now)

    def _ended(self) -> int:
        return sum(task.done() for task in self._batches)

    def _worth_settling(self) -> bool:
        """What ended is noted at once if nothing goes on, else with what ends about the same time."""
        ended, since = self._ended(), self._loop.time() - self._settled_at
        if ended:
            return ended == len(self._batches) or since >= _SETTLE_SECONDS
        return since >= _PROGRESS_SECONDS and any(batch.done for batch in self._batches.values())

    async def _lease(self, tx: Tx, now: datetime, hands: int) -> list[_Batch]:
        """Hosts that are due, each with the first of what waits for it; all marked as begun with this transaction."""
        destinations = await deliveries.lease(tx, now, now + LEASE, self._owner, hands)
        if not destinations:
            return []
        taken: dict[str, list[Delivery]] = {destination.host: [] for destination in destinations}
        for delivery in await deliveries.take(tx, taken, BATCH):
            taken[delivery.host].append(delivery)
        wanted = {delivery.activity_id for waiting in taken.values() for delivery in waiting}
        activities = await deliveries.activities(tx, wanted)
        return [_Batch(each, taken[each.host], activities, each.signs) for each in destinations]

    async def _settle(self, tx: Tx) -> tuple[list[asyncio.Task[None]], dict[_Batch, int]]:
        """Write down how batches have gone so far, and give back the hosts of those that ended."""
        noted = {batch: len(batch.done) for batch in self._batches.values()}
        ended = [task for task in self._batches if task.done()]
        if done := [number for batch, count in noted.items() for number in batch.done[:count]]:
            await deliveries.drop(tx, done)
        if ended:
            batches = [self._batches[task] for task in ended]
            if gone := [inbox for batch in batches for inbox in batch.gone]:
                await deliveries.bury(tx, gone)
            if refused := [number for batch in batches for number in batch.refused]:
                await deliveries.refused(tx, refused)
            if untouched := [number for batch in batches for number in batch.not_begun()]:
                await deliveries.not_begun(tx, untouched)
            now = self._here.now()
            await deliveries.release(tx, now, self._owner, [batch.rest(now) for batch in batches])
        return ended, noted

    def _forget(self, ended: Iterable[asyncio.Task[None]], noted: Mapping[_Batch, int]) -> None:
        self._settled_at = self._loop.time()
        for batch, count in noted.items():
            del batch.done[:count]
        for task in ended:
            del self._batches[task]

    def _send_out(self, batch: _Batch) -> None:
        task = asyncio.create_task(self._bring(batch), name="deliver")
        self._batches[task] = batch
        task.add_done_callback(lambda _: self._ear.ring())

    async def _bring(self, batch: _Batch) -> None:
        """Send a batch, in order, until it is done, or the host has to rest, or it takes too long, or we are told to stop."""
        ends = self._loop.time() + SENDING_SECONDS
        under_way: set[asyncio.Task[None]] = set()
        activity: int | None = None
        try:
            async with asyncio.TaskGroup() as group, aclosing(self._signed(batch)) as parcels:
                async for parcel, headers in parcels:
                    if parcel.delivery.activity_id != activity and under_way:
                        await asyncio.wait(under_way)
                    while len(under_way) >= batch.width:
                        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    if batch.over or self._stop.is_set() or self._loop.time() > ends:
                        break
                    activity = parcel.delivery.activity_id
                    batch.begun.add(parcel.delivery.id)
                    task = group.create_task(self._hand_over(batch, parcel, headers))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
        except Exception as error:
            batch.over = True
            _log.error("a batch of deliveries failed", host=batch.destination.host, exc_info=error)

    async def _signed(self, batch: _Batch) -> AsyncGenerator[tuple[_Parcel, Mapping[str, str]]]:
        """Each parcel with its headers; the next few are signed while these are under way."""
        waiting = iter(batch.in_order())
        ahead = self._sign(await self._packed(batch, islice(waiting, _SIGNED_AHEAD)), batch.signs)
        try:
            while signed := await ahead:
                ahead = self._sign(await self._packed(batch, islice(waiting, _SIGNED_AHEAD)), batch.signs)
                for each in signed:
                    yield each
        finally:
            ahead.cancel()

    def _sign(self, parcels: Sequence[_Parcel], signs: Signs) -> asyncio.Future[list[tuple[_Parcel, Mapping[str, str]]]]:
        if not parcels:
            nothing: asyncio.Future[list[tuple[_Parcel, Mapping[str, str]]]] = self._loop.create_future()
            nothing.set_result([])
            return nothing
        return self._loop.run_in_executor(self._threads, lambda: [(parcel, parcel.signed(signs)) for parcel in parcels])

    async def _packed(self, batch: _Batch, waiting: Iterable[Delivery]) -> list[_Parcel]:
        """The next of what waits, without what is too old or has nowhere to go or nobody to sign for it."""
        parcels: list[_Parcel] = []
        for delivery in waiting:
            activity = batch.activities[delivery.activity_id]
            try:
                if delivery.give_up_at <= self._here.now():
                    raise NotFound
                parcels.append(_Parcel(delivery, parse_url(delivery.inbox), await self._signers.of(activity.signer_id), activity.body))
            except (NotFound, Invalid) as error:
                self._give_up(batch, delivery, type(error).__name__)
        return parcels

    async def _hand_over(self, batch: _Batch, parcel: _Parcel, headers: Mapping[str, str]) -> None:
        delivery = parcel.delivery
        answer = await self._knock(batch, parcel, headers)
        match answer:
            case Taken():
                batch.reached = True
                batch.done.append(delivery.id)
            case Refused():
                batch.reached = True
                self._give_up(batch, delivery, "refused")
            case Gone():
                batch.reached = True
                batch.gone.append(Inbox(delivery.inbox, delivery.host))
            case Failed() if delivery.refused + 1 >= REFUSALS:
                self._give_up(batch, delivery, "failed too often")
            case Failed():
                batch.over = True
                batch.refused.append(delivery.id)
            case Resting(until):
                batch.over = True
                batch.until = until or batch.until

    def _give_up(self, batch: _Batch, delivery: Delivery, why: str) -> None:
        _log.warning("a delivery is given up", host=delivery.host, delivery=delivery.id, why=why)
        batch.begun.add(delivery.id)
        batch.done.append(delivery.id)

    async def _knock(self, batch: _Batch, parcel: _Parcel, headers: Mapping[str, str]) -> Outcome:
        """One request; if its signature does not please, one more in the other scheme, and if that does, the host is remembered."""
        try:
            async with asyncio.timeout(POST_SECONDS):
                answer = await self._post(parcel, headers)
                if wants_another_signature(answer.status):
                    other = _OTHER["rfc9421" if "Signature-Input" in headers else "cavage"]
                    ((_, headers),) = await self._sign([parcel], other)
                    answer = await self._post(parcel, headers)
                    if outcome(answer.status, answer.headers, self._here.now()) == Taken():
                        batch.signs = other
        except (Unreachable, TimeoutError):
            return Resting(None)
        except Invalid:
            return Refused()  # an address that we do not ask
        return outcome(answer.status, answer.headers, self._here.now())

    async def _post(self, parcel: _Parcel, headers: Mapping[str, str]) -> Answer:
        return await self._here.client.post(parcel.url, body=parcel.body, headers=headers)

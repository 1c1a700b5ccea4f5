"""Asking strangers for documents: in whose name, how much, and what is taken as an answer.

What a handler may ask of is `Ask`: `Asking` goes out; `Silence` does not, and says so by `MustAsk`.  So the same handler is tried first where nobody
is asked, in the request that brought the activity, and only if somebody must be asked later, as a job.
"""

from dataclasses import dataclass
from typing import final

from fediverse_circle.core.errors import Invalid, NotFound, Unreachable
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import Url
from fediverse_circle.federation.signer import signer
from fediverse_circle.net.budget import Budget
from fediverse_circle.net.client import Answer
from fediverse_circle.net.media_types import ACCEPT_ACTIVITY, is_activity
from fediverse_circle.signing import Scheme
from fediverse_circle.site import Site

REQUESTS, SECONDS = 24, 60.0
_DOUBTED = frozenset({400, 401})
_GONE = frozenset({403, 404, 410})


class MustAsk(Exception):
    """Somebody elsewhere would have to be asked, and nobody may be now."""


@final
@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """An ActivityPub document, and the URL without fragment that it was found at in the end."""

    url: str
    body: bytes


@final
class Silence:
    """Asks nobody."""

    async def answer(self, url: Url, *, by: ActorId | None, accept: str) -> Answer:
        raise MustAsk


@final
class Asking:
    """Asks strangers, in the name of one of our actors, within one budget for all that one cause needs."""

    def __init__(self, here: Site, *, requests: int = REQUESTS, seconds: float = SECONDS) -> None:
        self._here = here
        self._budget = Budget(requests=requests, seconds=seconds)

    async def answer(self, url: Url, *, by: ActorId | None, accept: str) -> Answer:
        """What a stranger answers to a GET, signed by one of our actors (None: unsigned).  Who doubts the signature is shown the other scheme."""
        if by is None:
            return await self._here.client.get(url, accept=accept, signer=None, budget=self._budget)
        vouching = await signer(self._here, by)
        answer = await self._here.client.get(url, accept=accept, signer=vouching.reading(Scheme.CAVAGE), budget=self._budget)
        if answer.status not in _DOUBTED:
            return answer
        return await self._here.client.get(url, accept=accept, signer=vouching.reading(Scheme.RFC9421), budget=self._budget)


Ask = Asking | Silence


async def document(ask: Ask, url: Url, by: ActorId) -> Document:
    """The ActivityPub document at a URL; NotFound if there is none for this asker, Invalid if it is something else."""
    answer = await ask.answer(url, by=by, accept=ACCEPT_ACTIVITY)
    if answer.status in _GONE or answer.status in _DOUBTED:
        raise NotFound
    if answer.status != 200:
        raise Unreachable
    if not is_activity(answer.content_type):
        raise Invalid("url", "That is no ActivityPub document.")
    return Document(answer.url.document, answer.body)

"""From what an app sends to a draft: what it may hold, and whom its text names.

Strangers are asked here, before a transaction is opened; who will read the post is decided afterwards (`actions.addressing`).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from fediverse_circle.actions.addressing import Draft
from fediverse_circle.core.errors import Invalid, NotFound
from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import WIDTH, Visibility
from fediverse_circle.federation import lookup
from fediverse_circle.mastodon.forms import Form, number
from fediverse_circle.mastodon.people import handle
from fediverse_circle.site import Site
from fediverse_circle.store import actors
from fediverse_circle.text.language import language_tag
from fediverse_circle.text.length import length
from fediverse_circle.text.mentions import mentions_in
from fediverse_circle.text.plain import calm

LONGEST = 5000  # as Mastodon counts
MOST_LOOKED_UP = 10
LOOKUP_SECONDS = 10.0


class Poll(Form, frozen=True):
    """A poll: recognised in order to be refused."""

    options: tuple[str, ...] = ()


class Words(Form, frozen=True):
    """What a post is to say."""

    status: str = ""
    spoiler_text: str = ""
    sensitive: bool = False
    language: str | None = None
    media_ids: tuple[str, ...] = ()
    poll: Poll = Poll()


class Letter(Words, frozen=True):
    """A new post: what it says, in answer to what, and how narrow its author wants it."""

    visibility: str | None = None
    in_reply_to_id: str | None = None
    circle_id: str | None = None
    scheduled_at: str | None = None
    quoted_status_id: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a form, checked."""

    text: str
    summary: str
    sensitive: bool
    language: str | None


def said(words: Words) -> Said:
    """What the form says, if it can be said here; nothing that was asked for is left out in silence."""
    if words.media_ids:
        raise Invalid("media_ids", "This server does not take pictures and other media yet.")
    if words.poll.options:
        raise Invalid("poll", "This server does not have polls yet.")
    text, summary = words.status, calm(words.spoiler_text).strip()
    if not text.strip():
        text, summary = summary, ""
    if not text:
        raise Invalid("status", "Text can't be blank", "ERR_BLANK")
    if length(text, summary) > LONGEST:
        raise Invalid("status", f"Text is longer than {LONGEST} characters.", "ERR_TOO_LONG")
    return Said(text, summary, words.sensitive, language_tag(words.language or ""))


def asked(letter: Letter) -> Visibility:
    """How wide the author wants it at most; a word that is missing or not one of the four permits nothing."""
    if letter.scheduled_at:
        raise Invalid("scheduled_at", "This server does not send posts later yet.")
    if letter.quoted_status_id:
        raise Invalid("quoted_status_id", "Posts cannot be quoted here.")
    if letter.circle_id or (letter.visibility or "").startswith("list:"):
        raise NotFound  # no circle of the caller's
    return next((word for word in WIDTH if word == letter.visibility), "private")


def draft(said: Said, visibility: Visibility | None, answers: str | None, language: str | None, mentioned: Mapping[str, Actor]) -> Draft:
    """All of it together; `language` is that of the account, if the post does not name its own."""
    return Draft(
        text=said.text,
        summary=said.summary,
        sensitive=said.sensitive,
        language=said.language or language,
        asked=visibility,
        in_reply_to=PostId(number(answers)) if answers else None,
        mentioned=mentioned,
    )


async def mentioned(here: Site, me: ActorId, text: str) -> dict[str, Actor]:
    """Whom the handles in a text name, as far as they can be found; a few of those nobody here has met are looked up."""
    wanted = {named: pair for named in mentions_in(text) if (pair := handle(here, named)) is not None}
    known = await actors.by_handles(here.db.pool, set(wanted.values())) if wanted else {}
    strange = [pair for pair in dict.fromkeys(wanted.values()) if pair not in known and pair[1] != here.settings.handle_domain]
    met = await asyncio.gather(*(_met(here, me, *pair) for pair in strange[:MOST_LOOKED_UP]))
    known |= {pair: actor for pair, actor in zip(strange, met, strict=False) if actor is not None}
    return {named: known[pair] for named, pair in wanted.items() if pair in known and known[pair].id != here.instance_actor}


async def _met(here: Site, me: ActorId, username: str, host: str) -> Actor | None:
    """Somebody of elsewhere, asked for by the author of the text; None if they cannot be found just now."""
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await lookup.by_handle(here, me, username, host)
    except TimeoutError:
        return None

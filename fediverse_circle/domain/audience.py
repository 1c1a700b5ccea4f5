"""Who a post is for.

The audience of a post is its addressing, resolved: `to` and `cc` on the wire, rows of `post_audience` and the reader's test are one list of the
alternatives below.  A post is for whoever any one of them admits.  Mastodon's "visibility" is a projection of that list, never stored.

What is decided here is what the list of a new post *is*; who may read by it is decided in schema/functions/audience.sql.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Literal, final

from fediverse_circle.core.ids import ActorId, CircleId, RollId

Visibility = Literal["public", "unlisted", "private", "direct"]
WIDTH: Mapping[Visibility, int] = {"direct": 0, "private": 1, "unlisted": 2, "public": 3}
PUBLIC_NAMES = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})


@final
@dataclass(frozen=True, slots=True)
class Public:
    """Everybody."""


@final
@dataclass(frozen=True, slots=True)
class Followers:
    """Those who follow `of` and did so when it was said."""

    of: ActorId


@final
@dataclass(frozen=True, slots=True)
class InCircle:
    """The stays of a roll; unless `only_then`, also those to whom the circle opened its past."""

    circle: CircleId
    roll: RollId
    only_then: bool


@final
@dataclass(frozen=True, slots=True)
class Person:
    """One actor."""

    actor: ActorId


Audience = Public | Followers | InCircle | Person


@final
@dataclass(frozen=True, slots=True)
class Addressing:
    """A resolved audience.  `listed` is Mastodon's difference between public and unlisted, and means nothing without `Public`."""

    rows: frozenset[Audience]
    listed: bool

    @property
    def is_public(self) -> bool:
        """Whether strangers may read it."""
        return Public() in self.rows

    @property
    def visibility(self) -> Visibility:
        """The word that clients know for it."""
        return projected({type(row) for row in self.rows}, listed=self.listed)


def projected(kinds: Set[type[Audience]], *, listed: bool) -> Visibility:
    """The word that clients know for an audience of these kinds."""
    if Public in kinds:
        return "public" if listed else "unlisted"
    return "private" if kinds & {Followers, InCircle} else "direct"


NOBODY = Addressing(frozenset(), listed=False)  # its author alone


def inherited(parent: Addressing, parent_author: ActorId, author: ActorId) -> Addressing | None:
    """The audience of an answer to a private post: exactly those who could read what it answers, its author included.

    None if the parent is public: then the author of the answer chooses.
    """
    if parent.is_public:
        return None
    return Addressing(parent.rows - {Person(author)} | ({Person(parent_author)} if parent_author != author else set()), listed=False)


def chosen(asked: Visibility | None, ceiling: Visibility, author: ActorId, mentioned: Iterable[ActorId]) -> Addressing:
    """The audience of a post that begins a conversation, or answers a public one: what was asked, never wider than the account's ceiling.

    Whoever is mentioned may read it: that is what naming somebody at the head of a conversation means.
    """
    word: Visibility = min(asked or ceiling, ceiling, key=WIDTH.__getitem__)
    people: set[Audience] = {Person(actor) for actor in mentioned if actor != author}
    match word:
        case "public" | "unlisted":
            return Addressing(frozenset({Public(), *people}), listed=word == "public")
        case "private":
            return Addressing(frozenset({Followers(author), *people}), listed=False)
        case "direct":
            return Addressing(frozenset(people), listed=False)


@final
@dataclass(frozen=True, slots=True)
class Known:
    """What the addressees of a foreign post are to us: actors by id, and followers collections by id with their owners."""

    actors: Mapping[str, ActorId]
    followers: Mapping[str, ActorId]


def resolved(
    to: Collection[str], cc: Collection[str], author: ActorId, parent: Addressing | None, inbox_of: ActorId | None, known: Known
) -> Addressing | None:
    """What the addressing of a foreign post means here; None: nothing we recognise, drop it (INTEROP 5.3).

    `parent` is the audience of the answered post, if the author of this one may read that; `inbox_of` the owner of the personal inbox it came to.
    Somebody else's followers count only in an answer within that somebody's conversation.
    """
    addressees = {*to, *cc}
    rows: set[Audience] = {Person(known.actors[uri]) for uri in addressees if uri in known.actors and known.actors[uri] != author}
    for uri in addressees & known.followers.keys():
        audience = Followers(known.followers[uri])
        if audience.of == author or (parent is not None and audience in parent.rows):
            rows.add(audience)
    public = bool(PUBLIC_NAMES & addressees)
    if public:
        rows.add(Public())
    if not rows and inbox_of is not None:
        rows.add(Person(inbox_of))
    return Addressing(frozenset(rows), listed=bool(PUBLIC_NAMES & {*to})) if rows else None

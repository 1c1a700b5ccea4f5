"""Who a document names, and to which server: what each audience of ours becomes elsewhere.

A server is told of its own people only.  What is private goes out in one copy for each server that has somebody named in it; what is public names
whom it names, to everybody.

- *Public*: `to` Public, `cc` the author's followers and the named.  Everywhere public.
- *Unlisted*: `to` the author's followers, `cc` Public and the named.  Everywhere unlisted.
- *The author's followers*: `to` them, `cc` the named of that server.  Elsewhere followers-only, the named mentioned.
- *Another's followers* (an answer within that person's conversation): `to` those followers, `cc` the named of that server, among them that person if
  they live there.  A server like ours shows it to the followers of that person; Mastodon and GoToSocial know no other's collection and show it to the
  named as a direct message, to others not at all.
- *People*: `to` the named of that server.  Elsewhere a direct message.
- *A circle*: not told here; circles have their own way.

*The named* are the people addressed one by one and those mentioned in the words; each stands in `to` or `cc` and in a `Mention` tag, for Mastodon
turns a post with somebody addressed and not tagged into one of another kind, and GoToSocial shows such a post to nobody.

Never sent: `bto`, `bcc`, `audience`, `directMessage`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Addressing, Followers, InCircle, Person, Public
from fediverse_circle.vocab import PUBLIC


@dataclass(frozen=True, slots=True)
class Addressees:
    """What one server reads of an audience.  `named` are tagged; `public`: it is everybody's."""

    to: tuple[str, ...]
    cc: tuple[str, ...]
    named: tuple[Actor, ...]
    public: bool

    @property
    def nobody(self) -> bool:
        """Whether there is nothing in it for this server."""
        return not self.to and not self.cc


def host_of(actor: Actor) -> str:
    """The server of an actor: what else lives at the origin of its id."""
    return parse_url(actor.uri).origin.authority


def addressees(
    author: Actor, addressing: Addressing, mentioned: Collection[ActorId], people: Mapping[ActorId, Actor], host: str | None
) -> Addressees:
    """What the server of this name is told; None: what every server may be told.

    `people` are those whom the audience and the words name, as far as they are there.
    """
    individuals = {row.actor for row in addressing.rows if isinstance(row, Person)} | set(mentioned)
    known = sorted((people[each] for each in individuals - {author.id} if each in people), key=lambda actor: actor.uri)
    named = tuple(actor for actor in known if addressing.is_public or (host is not None and host_of(actor) == host))
    names = tuple(actor.uri for actor in named)
    if addressing.is_public:
        everybody, followers = (PUBLIC,), (author.followers,) if author.followers is not None else ()
        if addressing.listed:
            return Addressees(everybody, followers + names, named, public=True)
        return Addressees(followers, everybody + names, named, public=True)
    collections = _collections(addressing, {**people, author.id: author})
    if collections:
        return Addressees(collections, names, named, public=False)
    return Addressees(names, (), named, public=False)


def _collections(addressing: Addressing, people: Mapping[ActorId, Actor]) -> tuple[str, ...]:
    """The followers collections in a private audience."""
    found: list[str] = []
    for audience in addressing.rows:
        match audience:
            case Followers(of):
                collection = people[of].followers if of in people else None
                if collection is not None:
                    found.append(collection)
            case Public() | Person() | InCircle():
                continue
    return tuple(sorted(found))

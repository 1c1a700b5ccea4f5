"""How a server and its people are found: WebFinger, host-meta, NodeInfo."""

from dataclasses import dataclass
from typing import Final, Literal, final
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from fediverse_circle.vocab.wire import Document, each, filled, link, several, text

ACTIVITY_JSON: Final = "application/activity+json"
LD_JSON: Final = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
_SCHEMA: Final = "http://nodeinfo.diaspora.software/ns/schema"
_APPLICATION: Final = "https://www.w3.org/ns/activitystreams#Application"
_SERVICE: Final = "https://www.w3.org/ns/activitystreams#Service"
_MOST: Final = 100
_LONGEST: Final = 2048


@final
@dataclass(frozen=True, slots=True)
class JrdLink:
    """Where something related is; `template` for what is asked with a parameter."""

    rel: str
    type: str | None = None
    href: str | None = None
    template: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Jrd:
    """What WebFinger answers."""

    subject: str | None
    aliases: tuple[str, ...] = ()
    links: tuple[JrdLink, ...] = ()

    @property
    def actor(self) -> str | None:
        """The id of the actor that the subject is."""
        own = (one.href for one in self.links if one.rel == "self" and one.type in (ACTIVITY_JSON, LD_JSON))
        return next((found for href in own if (found := link(href)) is not None), None)


def jrd_from(wire: Document) -> Jrd:
    """The answer in this object."""
    aliases = (text(alias, _LONGEST) for alias in several(wire.get("aliases"))[:_MOST])
    return Jrd(
        text(wire.get("subject"), _LONGEST),
        tuple(alias for alias in aliases if alias is not None),
        each(_link, wire.get("links"), _MOST),
    )


def jrd_to(jrd: Jrd) -> Document:
    """The answer as a document."""
    links = [filled({"rel": one.rel, "type": one.type, "href": one.href, "template": one.template}) for one in jrd.links]
    return filled({"subject": jrd.subject, "aliases": list(jrd.aliases), "links": links})


def webfinger(name: str, domain: str, actor: str, page: str | None) -> Jrd:
    """What WebFinger answers about an account here; `page` is its profile, if it has one for people."""
    profile = JrdLink("http://webfinger.net/rel/profile-page", "text/html", page)
    aliases = (actor,) if page is None else (actor, page)
    return Jrd(f"acct:{name}@{domain}", aliases, (*(() if page is None else (profile,)), JrdLink("self", ACTIVITY_JSON, actor)))


def server_webfinger(subject: str, actor: str) -> Jrd:
    """What WebFinger answers about the server itself, by whichever of its names it was asked: `acct:domain@domain`, or its URL (FEP-d556)."""
    return Jrd(subject, (actor,), (JrdLink("self", ACTIVITY_JSON, actor), JrdLink(_SERVICE, ACTIVITY_JSON, actor)))


def _link(wire: Document) -> JrdLink | None:
    rel = text(wire.get("rel"), _LONGEST)
    kind, href, template = (text(wire.get(name), _LONGEST) for name in ("type", "href", "template"))
    return JrdLink(rel, kind, href, template) if rel is not None else None


@final
@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What a server tells about itself.  Counts are of what everybody may see; None where nothing is told."""

    version: str
    open_registrations: bool
    users: int | None = None
    active_month: int | None = None
    active_half_year: int | None = None
    posts: int | None = None
    software: str = "fediverse-circle"
    repository: str | None = None


def nodeinfo(info: NodeInfo, schema: Literal["2.0", "2.1"]) -> Document:
    """The NodeInfo document of this schema."""
    software = {"name": info.software, "version": info.version}
    if schema == "2.1" and info.repository is not None:
        software["repository"] = info.repository
    users = filled({"total": info.users, "activeMonth": info.active_month, "activeHalfyear": info.active_half_year})
    return {
        "version": schema,
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": info.open_registrations,
        "usage": filled({"users": users, "localPosts": info.posts}),
        "metadata": {"upstream": {"name": "mastodon"}},  # whose API clients will find: those that do not know our name ask no further
    }


def nodeinfo_links(origin: str, actor: str) -> Document:
    """Where the NodeInfo documents are, and the server's own actor (FEP-2677)."""
    documents = [{"rel": f"{_SCHEMA}/{schema}", "href": f"{origin}/nodeinfo/{schema}"} for schema in ("2.1", "2.0")]
    return {"links": [*documents, {"rel": _APPLICATION, "href": actor}]}


def host_meta(origin: str) -> str:
    """The XRD that leads to WebFinger, for those who look there first."""
    template = quoteattr(f"{quote(origin, safe=':/[]')}/.well-known/webfinger?resource={{uri}}")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" template={template}/>\n'
        "</XRD>\n"
    )

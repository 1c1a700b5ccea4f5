"""What people say: Note, Article, Question and whatever else has an author and words.  One shape, read from all and written as ours."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, final

from fediverse_circle.vocab.wire import (
    LONGEST_LIST,
    Document,
    Malformed,
    count,
    each,
    filled,
    id_in,
    id_of,
    kind,
    language,
    link,
    moment,
    recipients,
    reference,
    several,
    text,
    written,
)

NOTES: Final = frozenset({"Note", "Article", "Page", "Question", "Event", "Image", "Video", "Audio"})
LONGEST_NAME: Final = 2048
LONGEST_SUMMARY: Final = 20_000
LONGEST_DESCRIPTION: Final = 10_000
_LONGEST_CONTENT: Final = 1 << 20
_MOST_ATTACHMENTS: Final = 32
_MOST_OPTIONS: Final = 500
_SHORTCODE: Final = re.compile(r":?(\w{1,64}):?")
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Mention:
    """Somebody who is named in the words."""

    href: str
    name: str | None = None


@final
@dataclass(frozen=True, slots=True, repr=False)
class Hashtag:
    """A word that is filed under; without its #."""

    name: str
    href: str | None = None


@final
@dataclass(frozen=True, slots=True, repr=False)
class Emoji:
    """A picture that stands for `:shortcode:`."""

    shortcode: str
    url: str
    id: str | None = None
    updated: datetime | None = None


Tag = Mention | Hashtag | Emoji


@final
@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A picture, a film, a sound.  `focus` is where to look: x and y from -1 to 1."""

    url: str
    kind: str = "Document"
    media_type: str | None = None
    description: str | None = None
    blurhash: str | None = None
    width: int | None = None
    height: int | None = None
    focus: tuple[float, float] | None = None


@final
@dataclass(frozen=True, slots=True, repr=False)
class Option:
    """A possible answer, and how many chose it."""

    name: str
    votes: int | None = None


@final
@dataclass(frozen=True, slots=True, repr=False)
class Poll:
    """A question with given answers.  `several`: one may choose more than one."""

    options: tuple[Option, ...]
    several: bool
    ends: datetime | None = None
    closed: datetime | None = None
    voters: int | None = None


@final
@dataclass(frozen=True, slots=True, repr=False)
class Approval:
    """Whose interaction is welcome at once, and whose after a look."""

    automatic: tuple[str, ...]
    manual: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True, repr=False)
class Policy:
    """What the author says about answers.  None: not a word about it."""

    like: Approval | None = None
    reply: Approval | None = None
    announce: Approval | None = None
    quote: Approval | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Note:
    """Something said.  `attributed_to` is None unless exactly one author is named, by id; `content` is HTML of a stranger."""

    id: str
    attributed_to: str | None
    content: str
    type: str = "Note"
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    in_reply_to: str | None = None
    summary: str | None = None
    name: str | None = None
    sensitive: bool = False
    language: str | None = None
    url: str | None = None
    tags: tuple[Tag, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    poll: Poll | None = None
    context: str | None = None
    policy: Policy | None = None
    quote: str | None = None
    quote_authorization: str | None = None


def note_from(wire: Document) -> Note:
    """The note in this object."""
    content, tongue = _content(wire)
    tags = several(wire.get("tag"))
    if len(tags) > LONGEST_LIST:
        raise Malformed("tag", f"There are more than {LONGEST_LIST} tags.")
    return Note(
        id=id_of(wire.get("id"), "id"),
        attributed_to=id_in(wire.get("attributedTo")),
        content=content,
        type=kind(wire),
        to=recipients(wire, "to"),
        cc=recipients(wire, "cc"),
        published=moment(wire.get("published")),
        updated=moment(wire.get("updated")),
        in_reply_to=reference(wire.get("inReplyTo")),
        summary=text(wire.get("summary"), LONGEST_SUMMARY),
        name=text(wire.get("name"), LONGEST_NAME),
        sensitive=wire.get("sensitive") is True,
        language=tongue,
        url=_page(wire.get("url")),
        tags=each(_tag, tags, LONGEST_LIST),
        attachments=each(_attachment, wire.get("attachment"), _MOST_ATTACHMENTS),
        poll=_poll(wire),
        context=id_in(wire.get("context")),
        policy=_policy(wire.get("interactionPolicy")),
        quote=_first_link(wire, "quote", "quoteUri", "quoteUrl", "_misskey_quote"),
        quote_authorization=reference(wire.get("quoteAuthorization")),
    )


def note_to(note: Note) -> Document:
    """The note as an object, without context."""
    return filled(
        {
            "id": note.id,
            "type": note.type,
            "attributedTo": note.attributed_to,
            "content": note.content,
            "contentMap": {note.language: note.content} if note.language is not None else None,
            "to": list(note.to),
            "cc": list(note.cc),
            "published": _when(note.published),
            "updated": _when(note.updated),
            "inReplyTo": note.in_reply_to,
            "summary": note.summary,
            "name": note.name,
            "sensitive": note.sensitive,
            "url": note.url,
            "tag": [tag_to(tag) for tag in note.tags],
            "attachment": [_attachment_to(attachment) for attachment in note.attachments],
            "context": note.context,
            "interactionPolicy": _policy_to(note.policy) if note.policy is not None else None,
            "quote": note.quote,
            "quoteAuthorization": note.quote_authorization,
            **(_poll_to(note.poll) if note.poll is not None else {}),
        }
    )


def emoji_from(wire: Document) -> Emoji | None:
    """The emoji that this tag is, if it is one."""
    icon = wire.get("icon")
    url = _page(icon.get("url")) if isinstance(icon, dict) else None
    name = wire.get("name")
    shortcode = _SHORTCODE.fullmatch(name) if isinstance(name, str) and kind(wire) == "Emoji" else None
    return (
        Emoji(shortcode[1], url, id_in(wire.get("id")), moment(wire.get("updated"))) if shortcode is not None and url is not None else None
    )


def tag_to(tag: Tag) -> Document:
    """The tag as an object."""
    match tag:
        case Mention(href, name):
            return filled({"type": "Mention", "href": href, "name": name})
        case Hashtag(name, href):
            return filled({"type": "Hashtag", "name": f"#{name}", "href": href})
        case Emoji(shortcode, url, name, updated):
            icon = {"type": "Image", "url": url}
            return filled({"type": "Emoji", "id": name, "name": f":{shortcode}:", "updated": _when(updated), "icon": icon})


def _content(wire: Document) -> tuple[str, str | None]:
    """The words and their language, which is known from the map alone."""
    content, tongues = text(wire.get("content"), _LONGEST_CONTENT), wire.get("contentMap")
    if isinstance(tongues, dict):
        for tag, words in tongues.items():
            if isinstance(words, str) and (content is None or words.replace("\0", "") == content):
                return content or words.replace("\0", ""), language(tag)
    return content or "", None


def _page(value: object) -> str | None:
    """The address for people, of one or several: the page, else the first."""
    if isinstance(value, str):
        return link(value)
    links = [item.get("href") if isinstance(item, dict) else item for item in several(value)[:LONGEST_LIST]]
    pages = [item.get("href") for item in several(value)[:LONGEST_LIST] if isinstance(item, dict) and item.get("mediaType") == "text/html"]
    return next((found for item in (*pages, *links) if (found := link(item)) is not None), None)


def _first_link(wire: Document, *names: str) -> str | None:
    return next((found for name in names if (found := reference(wire.get(name))) is not None), None)


def _tag(wire: Document) -> Tag | None:
    match kind(wire):
        case "Mention":
            href = id_in(wire.get("href"))
            return Mention(href, text(wire.get("name"), LONGEST_NAME)) if href is not None else None
        case "Hashtag":
            name = text(wire.get("name"), LONGEST_NAME)
            word = name.removeprefix("#") if name is not None else ""
            return Hashtag(word, link(wire.get("href"))) if word else None
        case _:
            return emoji_from(wire)


def _attachment(wire: Document) -> Attachment | None:
    url = _page(wire.get("url") or wire.get("href"))
    if url is None:
        return None
    media_type = wire.get("mediaType")
    return Attachment(
        url,
        kind(wire) or "Document",
        media_type if isinstance(media_type, str) and _MEDIA_TYPE.fullmatch(media_type) else None,
        text(wire.get("name") or wire.get("summary"), LONGEST_DESCRIPTION),
        text(wire.get("blurhash"), 200),
        count(wire.get("width")),
        count(wire.get("height")),
        _focus(wire.get("focalPoint")),
    )


def _attachment_to(attachment: Attachment) -> Document:
    return filled(
        {
            "type": attachment.kind,
            "url": attachment.url,
            "mediaType": attachment.media_type,
            "name": attachment.description,
            "blurhash": attachment.blurhash,
            "width": attachment.width,
            "height": attachment.height,
            "focalPoint": list(attachment.focus) if attachment.focus is not None else None,
        }
    )


def _focus(value: object) -> tuple[float, float] | None:
    match value:
        case [int() | float() as x, int() | float() as y] if -1 <= x <= 1 and -1 <= y <= 1:
            return float(x), float(y)
    return None


def _poll(wire: Document) -> Poll | None:
    for field in ("oneOf", "anyOf"):
        if options := each(_option, wire.get(field), _MOST_OPTIONS):
            closed = wire.get("closed")
            ends = moment(wire.get("endTime")) or moment(closed)
            return Poll(options, field == "anyOf", ends, moment(closed), count(wire.get("votersCount")))
    return None


def _option(wire: Document) -> Option | None:
    name, replies = text(wire.get("name"), LONGEST_NAME), wire.get("replies")
    votes = count(replies.get("totalItems")) if isinstance(replies, dict) else None
    return Option(name, votes) if name is not None else None


def _poll_to(poll: Poll) -> Document:
    options = [
        filled(
            {
                "type": "Note",
                "name": option.name,
                "replies": {"type": "Collection", "totalItems": option.votes} if option.votes is not None else None,
            }
        )
        for option in poll.options
    ]
    said = {
        "anyOf" if poll.several else "oneOf": options,
        "endTime": _when(poll.ends),
        "closed": _when(poll.closed),
        "votersCount": poll.voters,
    }
    return filled(said)


def _policy(value: object) -> Policy | None:
    if not isinstance(value, dict):
        return None
    return Policy(*(_approval(value.get(name)) for name in ("canLike", "canReply", "canAnnounce", "canQuote")))


def _approval(value: object) -> Approval | None:
    """Whom a sub-policy names; by the older words where the newer ones are missing."""
    if not isinstance(value, dict):
        return None
    automatic = "automaticApproval" if "automaticApproval" in value else "always"
    manual = "manualApproval" if "manualApproval" in value else "approvalRequired"
    return Approval(recipients(value, automatic), recipients(value, manual))


def _policy_to(policy: Policy) -> Document:
    said = {"canLike": policy.like, "canReply": policy.reply, "canAnnounce": policy.announce, "canQuote": policy.quote}
    return {name: _approval_to(approval) for name, approval in said.items() if approval is not None}


def _approval_to(approval: Approval) -> Document:
    said: dict[str, Any] = {"automaticApproval": list(approval.automatic)}
    return said | ({"manualApproval": list(approval.manual)} if approval.manual else {})


def _when(at: datetime | None) -> str | None:
    return written(at) if at is not None else None

"""Words beside an entry, and the activity that carries both (CIRCLES.md, sections 5, 10 and 12).

The envelope is signed and read strictly; words are an ActivityStreams object like any other, and their terms are read tolerantly: what is not
understood is not there.  Where a rule drops words, `refuse_words` says which.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, final

from fediverse_circle.vocab.circle.forms import Fields, Hash, Key, Refused, as_object, hashed, is_salt, key, link, moment
from fediverse_circle.vocab.circle.types import Create, Describe, Envelope, Update

Intent = Literal["thinkingAloud", "justListen", "questionsWelcome", "adviceWelcome"]
REACTIONS: Final = frozenset({"Like", "EmojiReact"})
_SIGNATURES: Final = frozenset({"proof", "signature"})
_ADDRESSING: Final = frozenset({"to", "cc", "bto", "bcc", "audience"})


@final
@dataclass(frozen=True, slots=True)
class Media:
    """R57: an attachment, and the digest its bytes must have."""

    url: str
    digest: Hash


@final
@dataclass(frozen=True, slots=True, repr=False)
class Terms:
    """What words say beside their text: what circles have rules about.  `answers`: the thing answered, or reacted to."""

    kind: str
    answers: str | None
    context: str | None
    intent: Intent | None
    answer_first: bool
    said_differently: bool
    only_then: bool
    ends: datetime | None
    moved_from: Hash | None
    mentions: tuple[str, ...]
    media: tuple[Media, ...]

    @property
    def is_reaction(self) -> bool:
        """Whether it is a reaction and no answer."""
        return self.kind in REACTIONS


@final
@dataclass(frozen=True, slots=True)
class Gap:
    """R77: a claim that these entries of a feed are not for one's people.  `last`: the hash of the one at `until`."""

    key: Key
    since: int
    until: int
    last: Hash


@final
@dataclass(frozen=True, slots=True, repr=False)
class Push:
    """An activity as it was posted: the entry and, beside it and unsigned, its words and salt, gaps and the sender's digest."""

    entry: Mapping[str, object]
    words: object
    salt: object
    gaps: tuple[Gap, ...]
    state: Hash | None


def read_push(value: object) -> Push:
    """The entry and the words that an activity carries.  R15, R18."""
    activity = as_object(value, "R8")
    if _SIGNATURES & activity.keys():
        raise Refused("R15")
    entry = as_object(activity.get("entry"), "R8")
    if entry.get("type") != activity.get("type"):
        raise Refused("R18")
    state = activity.get("state")
    return Push(
        entry=entry,
        words=activity.get("object") if "commitment" in entry else None,
        salt=activity.get("salt"),
        gaps=read_gaps(activity.get("gaps", [])),
        state=hashed(state) if isinstance(state, str) else None,
    )


def read_item(value: object) -> Push:
    """The entry and the words in an item of a sync, or in the answer to a reading by hash (R76, R79)."""
    item = Fields(value, "R8")
    push = Push(
        entry=as_object(item.take("entry"), "R8"),
        words=item.take("object") if item.has("object") else None,
        salt=item.take("salt") if item.has("salt") else None,
        gaps=(),
        state=None,
    )
    item.end()
    return push


def read_gaps(value: object) -> tuple[Gap, ...]:
    """The gaps beside an entry (R77)."""
    if not isinstance(value, list):
        raise Refused("R77")
    return tuple(_gap(one) for one in value)


def _gap(value: object) -> Gap:
    fields = Fields(value, "R77")
    since = fields.whole("from", 1)
    gap = Gap(key(fields.text("key")), since, fields.whole("to", since), hashed(fields.text("hash")))
    fields.end()
    return gap


def refuse_words(envelope: Envelope, words: object, salt: object) -> Mapping[str, object]:
    """The words, if nothing but their commitment is left to be checked; Refused by R15, R16, R18 or R19 if they are to be dropped."""
    if not isinstance(words, dict):
        raise Refused("R18")
    thing: Mapping[str, object] = words
    if any(_SIGNATURES & one.keys() for one in _objects(thing)):
        raise Refused("R15")
    if not is_salt(salt):
        raise Refused("R16")
    if thing.get("id") != _named(envelope) or not isinstance(thing.get("type"), str):
        raise Refused("R18")
    author = "actor" if thing.get("type") in REACTIONS else "attributedTo"
    if not isinstance(envelope.deed, Describe) and thing.get(author) != envelope.actor:
        raise Refused("R18")
    if _ADDRESSING & thing.keys():
        raise Refused("R19")
    return thing


def read_terms(thing: Mapping[str, object]) -> Terms:
    """The terms of words that `refuse_words` let through."""
    kind, prompt, moved = str(thing.get("type")), thing.get("prompt"), thing.get("movedFrom")
    return Terms(
        kind=kind,
        answers=_text(thing.get("object" if kind in REACTIONS else "inReplyTo")),
        context=_text(thing.get("context")),
        intent=_intent(thing.get("intent")),
        answer_first=isinstance(prompt, dict) and prompt.get("answerFirst") is True,
        said_differently=thing.get("saidDifferently") is True,
        only_then=thing.get("onlyThen") is True,
        ends=_moment(thing.get("endTime")),
        moved_from=_hash(moved),
        mentions=tuple(_mentions(thing.get("tag"))),
        media=tuple(_media(thing.get("attachment"))),
    )


def _named(envelope: Envelope) -> str | None:
    match envelope.deed:
        case Create(thing, _) | Update(thing, _):
            return thing
        case Describe() if envelope.circle is not None:
            return link(envelope.circle)
        case _:
            return None


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _objects(one)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one)


def _listed(value: object) -> list[Mapping[str, object]]:
    """ActivityStreams writes a list of one as the one."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _mentions(value: object) -> Iterator[str]:
    for one in _listed(value):
        href = one.get("href")
        if one.get("type") == "Mention" and isinstance(href, str):
            yield href


def _media(value: object) -> Iterator[Media]:
    for one in _listed(value):
        url, digest = one.get("url"), _hash(one.get("digestMultibase"))
        if isinstance(url, str) and digest is not None:
            yield Media(url, digest)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _intent(value: object) -> Intent | None:
    match value:
        case "thinkingAloud" | "justListen" | "questionsWelcome" | "adviceWelcome":
            return value
        case _:
            return None


def _moment(value: object) -> datetime | None:
    try:
        return moment(value) if isinstance(value, str) else None
    except Refused:
        return None


def _hash(value: object) -> Hash | None:
    try:
        return hashed(value) if isinstance(value, str) else None
    except Refused:
        return None

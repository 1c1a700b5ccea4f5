"""Things to say, invented: what our own server could send."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fediverse_circle.vocab import (
    PUBLIC,
    ActorDocument,
    Approval,
    Attachment,
    Collection,
    EmbeddedActivity,
    Emoji,
    Hashtag,
    Mention,
    Multikey,
    Note,
    Option,
    PemKey,
    Policy,
    Poll,
    Property,
    Ref,
    Tombstone,
    accept,
    create,
    delete,
    follow,
    reject,
    undo,
    update,
)

VECTORS = Path(__file__).parents[2] / "vectors"
CAPTURES = {
    path.stem: json.loads(path.read_text()) for path in sorted((VECTORS / "captures" / "gotosocial").glob("*.json")) if path.stem != "keys"
}
POSTED = {name: said["raw_body"].encode() for name, said in CAPTURES.items() if said["raw_body"]}
ANSWERED = {
    name: said["answer"]["body"]
    for name, said in CAPTURES.items()
    if said["method"] == "GET" and isinstance(said.get("answer", {}).get("body"), dict)
}

MO, MIA = "https://w.example/users/mo", "https://v.example/users/mia"


def note(**changes: Any) -> dict[str, Any]:
    """A note as it may arrive."""
    return {"id": "https://w.example/notes/1", "type": "Note", "attributedTo": MO, "content": "<p>hi</p>", "to": PUBLIC, **changes}


def sent(what: str = "Create", **changes: Any) -> bytes:
    """An activity of Mo's as it may arrive; a value of ... is left out."""
    said = {"id": "https://w.example/activities/1", "type": what, "actor": MO, "object": note(), "to": [PUBLIC], **changes}
    return json.dumps({name: value for name, value in said.items() if value is not ...}).encode()


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-", min_size=1, max_size=12)
URL = st.builds(
    "https://{}/{}{}".format,
    st.sampled_from(["v.example", "w.example:8443", "xn--bcher-kva.example", "127.0.0.1"]),
    TOKEN,
    st.sampled_from(["", "#main-key", "?page=1"]),
)
MAYBE_URL = st.none() | URL
IDS = st.lists(URL | st.just(PUBLIC), max_size=4, unique=True).map(tuple)
WHEN = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
MAYBE_WHEN = st.none() | WHEN
COUNT = st.none() | st.integers(0, (1 << 31) - 1)
EMOJI = st.builds(Emoji, st.text("abcXYZ019_", min_size=1, max_size=20), URL, MAYBE_URL, MAYBE_WHEN)
TAGS = st.lists(
    st.builds(Mention, URL, st.none() | WORDS) | st.builds(Hashtag, WORDS.filter(lambda word: not word.startswith("#")), MAYBE_URL) | EMOJI,
    max_size=3,
).map(tuple)
PART = st.floats(-1, 1, allow_nan=False)
ATTACHMENTS = st.lists(
    st.builds(
        Attachment,
        URL,
        st.sampled_from(["Image", "Video", "Document"]),
        st.sampled_from([None, "image/png", "application/vnd.x+json"]),
        st.none() | WORDS,
        st.none() | WORDS,
        COUNT,
        COUNT,
        st.none() | st.tuples(PART, PART),
    ),
    max_size=3,
).map(tuple)
POLLS = st.builds(
    Poll, st.lists(st.builds(Option, WORDS, COUNT), min_size=1, max_size=4).map(tuple), st.booleans(), WHEN, MAYBE_WHEN, COUNT
)
APPROVAL = st.none() | st.builds(Approval, IDS, IDS)
LANGUAGE = st.sampled_from([None, "en", "de-AT", "zh-Hant"])
NOTES = st.builds(
    Note,
    id=URL,
    attributed_to=URL,
    content=WORDS,
    type=st.sampled_from(["Note", "Question", "Article"]),
    to=IDS,
    cc=IDS,
    published=MAYBE_WHEN,
    updated=MAYBE_WHEN,
    in_reply_to=MAYBE_URL,
    summary=st.none() | WORDS,
    name=st.none() | WORDS,
    sensitive=st.booleans(),
    language=LANGUAGE,
    url=MAYBE_URL,
    tags=TAGS,
    attachments=ATTACHMENTS,
    poll=st.none() | POLLS,
    context=MAYBE_URL,
    policy=st.none() | st.builds(Policy, APPROVAL, APPROVAL, APPROVAL, APPROVAL),
    quote=MAYBE_URL,
    quote_authorization=MAYBE_URL,
)
KEYS = st.tuples(st.lists(st.builds(PemKey, URL, URL, WORDS), max_size=1), st.lists(st.builds(Multikey, URL, URL, WORDS), max_size=3)).map(
    lambda pair: (*pair[0], *pair[1])
)
ACTORS = st.builds(
    ActorDocument,
    id=URL,
    type=st.sampled_from(["Person", "Application", "Group"]),
    username=st.none() | TOKEN,
    name=st.none() | WORDS,
    summary=st.none() | WORDS,
    inbox=MAYBE_URL,
    shared_inbox=MAYBE_URL,
    outbox=MAYBE_URL,
    followers=MAYBE_URL,
    following=MAYBE_URL,
    featured=MAYBE_URL,
    url=MAYBE_URL,
    icon=MAYBE_URL,
    image=MAYBE_URL,
    locked=st.booleans(),
    discoverable=st.booleans(),
    indexable=st.booleans(),
    published=MAYBE_WHEN,
    webfinger=st.none() | WORDS,
    also_known_as=st.lists(URL, max_size=3).map(tuple),
    moved_to=MAYBE_URL,
    keys=KEYS,
    properties=st.lists(st.builds(Property, WORDS, WORDS), max_size=3).map(tuple),
    emojis=st.lists(EMOJI, max_size=2).map(tuple),
)
DONE = st.builds(EmbeddedActivity, st.sampled_from(["Follow", "Like", "Announce", "Block"]), URL, URL, URL)
ACTIVITIES = st.one_of(
    st.builds(create, URL, NOTES),
    st.builds(update, URL, NOTES | ACTORS, IDS, IDS),
    st.builds(delete, URL, URL, st.builds(Tombstone, URL) | st.builds(Ref, URL), IDS, IDS),
    st.builds(follow, URL, URL, URL),
    st.builds(accept, URL, URL, DONE),
    st.builds(reject, URL, URL, DONE),
    st.builds(undo, URL, URL, DONE, IDS),
)
ITEMS = st.none() | st.lists(st.builds(Ref, URL) | ACTIVITIES | NOTES, max_size=3).map(tuple)
PAGES = st.builds(
    Collection,
    id=MAYBE_URL,
    type=st.sampled_from(["OrderedCollectionPage", "CollectionPage"]),
    total=COUNT,
    next=MAYBE_URL,
    previous=MAYBE_URL,
    part_of=MAYBE_URL,
    items=ITEMS,
)
COLLECTIONS = st.builds(
    Collection, id=URL, type=st.sampled_from(["OrderedCollection", "Collection"]), total=COUNT, first=MAYBE_URL | PAGES, items=ITEMS
)

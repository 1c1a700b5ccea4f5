"""FEDERATION.md tells the truth: its examples are what the builders make, its table of activities is what the handlers are."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor, Field
from fediverse_circle.domain.audience import Addressing, Followers, Person
from fediverse_circle.domain.post import Post
from fediverse_circle.federation import handlers
from fediverse_circle.federation.builders.accept import build_accept
from fediverse_circle.federation.builders.actor import build_actor
from fediverse_circle.federation.builders.addressees import addressees
from fediverse_circle.federation.builders.create import build_create
from fediverse_circle.federation.builders.delete import build_delete
from fediverse_circle.federation.builders.follow import build_follow, embedded_follow
from fediverse_circle.federation.builders.note import build_note
from fediverse_circle.federation.builders.reject import build_reject
from fediverse_circle.federation.builders.undo import build_undo
from fediverse_circle.federation.builders.update import build_update
from fediverse_circle.store.keys import ActorKey
from fediverse_circle.vocab import encode
from tests.people import NOW

PAGE = Path(__file__).resolve().parents[2] / "FEDERATION.md"
EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n(?:```json\n(.*?)\n```\n)?", re.DOTALL)


def person(number: int, name: str, origin: str) -> Actor:
    uri = uris.actor(origin, name)
    return Actor(
        ActorId(number), uri, "Person", name, origin.removeprefix("https://"), name.title(), "<p>Tea, books, rain.</p>", uris.profile_page(origin, name),
        None, None, (Field("Reads", "slowly"),), uris.inbox(uri), uris.shared_inbox(origin), uris.followers(uri), local=True, locked=True,
        discoverable=False, published_at=NOW.replace(hour=0), fetched_at=None, suspended_at=None, deleted_at=None,
    )  # fmt: skip


def examples() -> Mapping[str, bytes]:
    ana, mo = person(1, "ana", "https://here.example"), person(2, "mo", "https://there.example")
    post = Post(
        PostId(500), "https://here.example/posts/Nm5f0Xw2pQ7sKc1yTzB3aA", None, ana.id, None, None, "Note",
        '<p>The kettle is on, <span class="h-card"><a class="u-url mention" href="https://there.example/@mo" rel="nofollow noopener">@<span>mo</span></a></span></p>',
        "The kettle is on, @mo@there.example", "", False, "en", False, NOW, None, None, None,
    )  # fmt: skip
    told = addressees(
        ana, Addressing(frozenset({Followers(ana.id), Person(mo.id)}), listed=False), [mo.id], {ana.id: ana, mo.id: mo}, "there.example"
    )
    note = build_note(post, ana, told)
    edited = Post(**{name: getattr(post, name) for name in Post.__slots__} | {"edited_at": NOW + timedelta(minutes=5)})
    request, answer = "https://here.example/activities/bV4nR8kLq0ZxYt2HcWmS6g", "https://here.example/activities/Jd9aPu3EoVfK5iGzRwX7lQ"
    theirs = embedded_follow("https://there.example/activities/1", mo, ana)
    keys = [
        ActorKey(uris.rsa_key(ana.uri), ana.id, "rsa", "-----BEGIN PUBLIC KEY-----\nMIIB…\n-----END PUBLIC KEY-----\n", NOW),
        ActorKey(uris.ed25519_key(ana.uri), ana.id, "ed25519", "z6Mk…", NOW),
    ]
    return {
        "actor": encode(build_actor(ana, keys)),
        "follow": encode(build_follow(request, ana, mo)),
        "accept": encode(build_accept(answer, ana, theirs)),
        "reject": encode(build_reject(answer, ana, theirs)),
        "undo": encode(build_undo(answer, ana, embedded_follow(request, ana, mo), mo)),
        "create": encode(build_create(note)),
        "update": encode(build_update(build_note(edited, ana, told))),
        "delete": encode(build_delete(post.uri, ana, told)),
    }


def shown(document: bytes) -> str:
    return json.dumps(json.loads(document), indent=2, ensure_ascii=False)


def test_every_example_is_what_the_program_makes() -> None:
    made = {name: shown(document) for name, document in examples().items()}
    written = dict(EXAMPLE.findall(PAGE.read_text()))
    assert written == made


def test_every_activity_that_is_handled_is_named() -> None:
    text = PAGE.read_text()
    modules = {path.stem for path in Path(handlers.__file__).parent.glob("*.py")} - {"__init__", "requests"}
    assert {name for name in modules if f"`{name.title()}`" not in text} == set()
    assert len(modules) >= 7


if __name__ == "__main__":  # renews the examples on the page
    made = examples()
    PAGE.write_text(EXAMPLE.sub(lambda found: f"<!-- example: {found[1]} -->\n```json\n{shown(made[found[1]])}\n```\n", PAGE.read_text()))

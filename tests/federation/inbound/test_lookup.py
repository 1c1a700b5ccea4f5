"""Looking up whom and what a person here asks for: in their name, for them alone, and not again and again."""

import pytest

from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Followers, Public
from fediverse_circle.domain.post import Post
from fediverse_circle.federation import lookup
from fediverse_circle.store import posts
from tests.strangers import PUBLIC, E, Person, Stage, W

FINGER = "/.well-known/webfinger?resource=acct:{}@{}"


async def by_handle(v: Stage, asker: Actor, handle: str) -> str | None:
    name, _, host = handle.partition("@")
    found = await lookup.by_handle(v.here, asker.id, name, host)
    return found.uri if found is not None else None


async def by_url(v: Stage, asker: Actor, url: str) -> str | None:
    found = await lookup.by_url(v.here, asker.id, url)
    return found.uri if found is not None else None


async def test_a_handle_of_ours_never_leaves_the_house(v: Stage, ana: Actor, bo: Actor) -> None:
    assert await by_handle(v, ana, "bo@v.example") == await by_handle(v, ana, "BO@V.EXAMPLE") == bo.uri
    assert await by_handle(v, ana, "nobody@v.example") is None
    assert v.strangers[W].asked == v.strangers[E].asked == []


async def test_a_handle_elsewhere_is_asked_for_once(v: Stage, ana: Actor) -> None:
    new = Person(W, "new")
    v.strangers[W].welcome(new)
    assert [await by_handle(v, ana, "new@w.example") for _ in range(2)] == [new.id, new.id]
    assert [place for _, place in v.strangers[W].asked] == [FINGER.format("new", W), "/users/new", FINGER.format("new", W)]


async def test_a_handle_that_nobody_bears_is_asked_for_once_in_a_while(v: Stage, ana: Actor, bo: Actor) -> None:
    assert [await by_handle(v, who, "new@w.example") for who in (ana, bo)] == [None, None]
    assert [place for _, place in v.strangers[W].asked] == [FINGER.format("new", W), "/.well-known/host-meta"]
    new = Person(W, "new")
    v.strangers[W].welcome(new)
    v.clock.pass_by(minutes=6)
    assert await by_handle(v, ana, "new@w.example") == new.id


async def test_a_domain_that_is_not_the_servers_is_followed_there(v: Stage, ana: Actor) -> None:
    new = Person(W, "new")
    v.strangers[W].say(new.id, new.document(webfinger="new@e.example"))
    v.strangers[E].name("new", new.id, host=E)
    assert await by_handle(v, ana, "new@e.example") == new.id
    found = await lookup.by_handle(v.here, ana.id, "new", E)
    assert found is not None
    assert (found.username, found.host) == ("new", E)


async def test_host_meta_is_asked_where_webfinger_is_not(v: Stage, ana: Actor) -> None:
    new = Person(W, "new")
    v.strangers[W].welcome(new)
    v.strangers[W].say(new.id, new.document(webfinger="new@e.example"))
    meta = b'<XRD><Link rel="lrdd" template="https://w.example/finger?r={uri}"/></XRD>'
    v.strangers[E].say("/.well-known/host-meta", meta, kind="application/xrd+xml")
    descriptor = {
        "subject": "acct:new@e.example",
        "links": [{"rel": "self", "type": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"', "href": new.id}],
    }
    v.strangers[W].say("/finger?r=acct:new@e.example", descriptor, kind="application/jrd+json")
    assert await by_handle(v, ana, "new@e.example") == new.id


@pytest.mark.parametrize(
    "handle", ["new@", "new@w.example@e.example", "n/w@w.example", "new@127.1", "new@w.example/x", "new@user@w.example", "@w.example"]
)
async def test_what_is_no_handle_is_asked_of_nobody(v: Stage, ana: Actor, handle: str) -> None:
    assert await by_handle(v, ana, handle) is None
    assert v.strangers[W].asked == []


async def test_names_of_other_scripts_are_compared_in_one_form(v: Stage, ana: Actor) -> None:
    assert await by_handle(v, ana, "new@bücher.example") is None
    assert v.here.manners.in_vain.recall("acct:new@xn--bcher-kva.example", v.clock()) is not None


async def test_an_actor_is_found_by_id_and_by_page(v: Stage, ana: Actor) -> None:
    new = Person(W, "new")
    v.strangers[W].welcome(new)
    v.strangers[W].say("https://w.example/@new", new.document())
    assert await by_url(v, ana, "https://w.example/@new") == await by_url(v, ana, new.id) == new.id
    assert v.strangers[W].signers[0] == f"{ana.uri}#main-key"


async def test_a_post_is_asked_for_in_the_askers_name(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    await v.befriend(ana, mo)
    v.clock.pass_by(seconds=1)
    note = mo.note("1", published=v.clock().isoformat())
    v.strangers[W].say(note["id"], note, only_for=frozenset({f"{ana.uri}#main-key"}))
    assert await by_url(v, bo, note["id"]) is None
    assert await by_url(v, ana, note["id"]) == note["id"]
    assert await by_url(v, bo, note["id"]) is None
    assert v.strangers[W].signers == [f"{bo.uri}#main-key", f"{ana.uri}#main-key"]
    assert (await v.read(bo), await v.home(ana)) == ([], [])


async def test_a_post_at_a_page_is_asked_for_at_its_id(v: Stage, ana: Actor, mo: Person) -> None:
    note = mo.note("1", to=[PUBLIC])
    v.strangers[W].say("https://w.example/@mo/1", note)
    assert await by_url(v, ana, "https://w.example/@mo/1") is None
    v.clock.pass_by(minutes=6)
    v.strangers[W].say(note["id"], note)
    assert await by_url(v, ana, "https://w.example/@mo/1") == note["id"]


async def test_what_is_shown_to_somebody_it_is_not_for_is_not_kept(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    await v.befriend(bo, mo)
    note = mo.note("1", published=v.clock().isoformat())
    v.strangers[W].say(note["id"], note)
    before = await v.footprint()
    assert await by_url(v, ana, note["id"]) is None
    after = await v.footprint()
    assert {name for name in before if before[name] != after[name]} == {f"asked {W}"}


async def test_the_author_is_asked_for_where_they_live(v: Stage, ana: Actor) -> None:
    new = Person(W, "new")
    v.strangers[W].welcome(new)
    note = new.note("1", to=[PUBLIC])
    v.strangers[W].say(note["id"], note)
    assert await by_url(v, ana, note["id"]) == note["id"]
    found = await lookup.by_url(v.here, ana.id, note["id"])
    assert isinstance(found, Post)
    assert found.author_id == await v.known(new)


@pytest.mark.parametrize(
    "change",
    [
        {"attributedTo": "https://e.example/users/mallory"},
        {"attributedTo": ["https://w.example/users/mo", "https://e.example/users/mallory"]},
        {"id": "https://w.example/users/mo/2"},
        {"id": "https://e.example/users/mo/1"},
        {"to": ["https://w.example/circles/1"]},
        {"type": "Question"},
    ],
)
async def test_a_note_that_is_not_what_it_should_be_is_not_taken(v: Stage, ana: Actor, mo: Person, change: dict[str, object]) -> None:
    v.strangers[W].say(mo.thing("1"), mo.note("1", to=[PUBLIC]) | change)
    assert await by_url(v, ana, mo.thing("1")) is None
    assert await v.db.pool.fetchval("select count(*) from only post") == 0


async def test_what_is_ours_is_found_without_asking(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    public, private = await v.says(bo, Public()), await v.says(bo, Followers(bo.id))
    assert await by_url(v, ana, bo.uri) == await by_url(v, ana, "https://v.example/@bo") == bo.uri
    assert await by_url(v, ana, public.uri) == await by_url(v, ana, f"https://v.example/@bo/{public.id}") == public.uri
    assert await by_url(v, ana, private.uri) is None
    assert await by_url(v, ana, f"https://v.example/@bo/{private.id}") is None
    assert await by_url(v, bo, private.uri) == private.uri
    for nothing in ("https://v.example/", "https://v.example/@nobody", "not a url", "https://v.example/@bo/99999999999999999999"):
        assert await by_url(v, ana, nothing) is None
    assert v.strangers[W].asked == []


async def test_what_is_known_and_not_for_the_asker_is_asked_for_like_what_is_unknown(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    await v.befriend(bo, mo)
    v.clock.pass_by(seconds=1)
    note = mo.note("1", published=v.clock().isoformat())
    await v.deliver(mo.does("Create", note), mo)
    assert await posts.known(v.db.pool, note["id"]) is not None
    assert [await by_url(v, ana, mo.thing(path)) for path in ("1", "never")] == [None, None]
    assert [place for _, place in v.strangers[W].asked] == ["/users/mo/1", "/users/mo/never"]

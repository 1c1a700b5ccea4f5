"""Finding the key behind a signature: where it is asked for, what is believed, how often somebody can make us ask."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain.actors import Actor
from fediverse_circle.signing import pem, sign_cavage, sign_rfc9421
from fediverse_circle.store import actors, keys
from fediverse_circle.store.db import begin
from tests.strangers import ACTIVITY, Person, Stage, W, ed25519_of, rsa_of


@dataclass(frozen=True)
class Pathed(Person):
    """Somebody whose key has an address of its own, as with GoToSocial."""

    @property
    def key_id(self) -> str:
        return f"{self.id}/main-key"

    def stub(self) -> dict[str, object]:
        """What is at the address of the key: readable by everybody, and no more of the actor than that."""
        whole = self.document()
        return {name: whole[name] for name in ("@context", "id", "type", "preferredUsername", "publicKey")}


async def knock(v: Stage, by: Person) -> int:
    """A signed activity that means nothing; the status."""
    return (await v.post(by.does("View", by.thing("x"), f"view/{v.clock().timestamp()}"), by)).status


async def test_the_key_of_an_unknown_actor_is_asked_for_once(v: Stage) -> None:
    mo = Person(W, "mo")
    v.strangers[W].welcome(mo)
    assert [await knock(v, mo) for _ in range(2)] == [202, 202]
    assert v.strangers[W].asked == [("GET", "/users/mo"), ("GET", "/.well-known/webfinger?resource=acct:mo@w.example")]
    assert v.strangers[W].signers == [f"https://{v.host}/actor#main-key", None]
    known = await v.actor(mo)
    assert known is not None
    assert (known.username, known.host, known.name, known.note) == ("mo", W, "Mo", "<p>I am mo.</p>")
    assert {key.uri for key in await keys.of_actor(v.db.pool, known.id)} == {mo.key_id, f"{mo.id}#ed25519-key"}


async def test_a_key_with_an_address_of_its_own_leads_to_its_owner(v: Stage) -> None:
    mo = Pathed(W, "mo")
    v.strangers[W].welcome(mo)
    v.strangers[W].say(mo.key_id, mo.stub())
    assert await knock(v, mo) == 202
    assert [place for _, place in v.strangers[W].asked][:2] == ["/users/mo/main-key", "/users/mo"]


async def test_a_bare_key_leads_to_its_owner(v: Stage) -> None:
    mo = Pathed(W, "mo")
    v.strangers[W].welcome(mo)
    v.strangers[W].say(mo.key_id, mo.document()["publicKey"] | {"type": "Key"})
    assert await knock(v, mo) == 202


async def test_a_key_that_its_owner_does_not_list_is_nobodys(v: Stage) -> None:
    mo = Pathed(W, "mo")
    v.strangers[W].welcome(Person(W, "mo"))  # lists another key
    v.strangers[W].say(mo.key_id, mo.stub())
    assert await knock(v, mo) == 401


async def test_a_key_that_leads_elsewhere_is_nobodys(v: Stage) -> None:
    mo = Person(W, "mo")
    v.strangers[W].welcome(mo)
    v.strangers[W].moved["/users/mo"] = f"https://{W}/users/moved"
    v.strangers[W].say(f"https://{W}/users/moved", mo.document())
    assert await knock(v, mo) == 401


@pytest.mark.parametrize("kind", ["application/json", "text/html", "application/ld+json"])
async def test_only_activitypub_is_taken_for_a_key(v: Stage, kind: str) -> None:
    mo = Person(W, "mo")
    v.strangers[W].say(mo.id, mo.document(), kind=kind)
    assert await knock(v, mo) == 401


async def test_a_server_that_cannot_be_reached_is_asked_for_later(v: Stage) -> None:
    mo = Person(W, "mo")
    v.strangers[W].welcome(mo)
    v.strangers[W].down = True
    answer = await v.post(mo.does("View", mo.thing("x")), mo)
    assert (answer.status, dict(answer.headers)["Retry-After"]) == (503, "60")
    asked = len(v.strangers[W].asked)
    v.strangers[W].down = False
    assert await knock(v, mo) == 503
    assert len(v.strangers[W].asked) == asked
    v.clock.pass_by(minutes=6)
    assert await knock(v, mo) == 202


async def test_a_key_that_is_nowhere_is_looked_for_once_in_a_while(v: Stage) -> None:
    mo = Person(W, "mo")
    assert [await knock(v, mo) for _ in range(3)] == [401, 401, 401]
    assert len(v.strangers[W].asked) == 1
    v.strangers[W].welcome(mo)
    v.clock.pass_by(minutes=6)
    assert await knock(v, mo) == 202


async def test_a_changed_key_is_found_at_its_owner_but_not_often(v: Stage, mo: Person) -> None:
    changed = rsa_of("mo's next key")

    async def knock_with_the_next_key() -> int:
        body = b'{"id":"https://w.example/users/mo/view/1","type":"View","actor":"https://w.example/users/mo"}'
        signed = sign_cavage(changed, mo.key_id, "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
        return (await v.ask("POST", "/inbox", signed, body)).status

    assert await knock_with_the_next_key() == 401
    asked = len(v.strangers[W].asked)
    v.strangers[W].say(mo.id, mo.document(publicKey={"id": mo.key_id, "owner": mo.id, "publicKeyPem": pem(changed.public())}))
    assert await knock_with_the_next_key() == 401
    assert len(v.strangers[W].asked) == asked
    v.clock.pass_by(minutes=6)
    assert await knock_with_the_next_key() == 202
    assert await knock(v, mo) == 401  # the key before counts no more


async def test_many_who_come_with_one_new_key_make_us_ask_once(v: Stage) -> None:
    mo = Person(W, "mo")
    v.strangers[W].welcome(mo)
    for _ in range(3):
        await knock(v, mo)
    async with v.here.manners.turn(W):
        pass  # nobody is left waiting
    assert [place for _, place in v.strangers[W].asked].count("/users/mo") == 1


async def test_a_signed_request_wakes_a_host_that_rested(v: Stage, mo: Person) -> None:
    await v.db.pool.fetch(
        "insert into destination (host, next_attempt_at, fail_count, first_failed_at) values ($1, $2, 3, $3) returning host",
        W,
        v.clock() + timedelta(hours=5),
        v.clock(),
    )
    assert await knock(v, mo) == 202
    [rested] = await v.db.pool.fetch("select fail_count, next_attempt_at <= $1 as due from destination", v.clock())
    assert (rested["fail_count"], rested["due"]) == (0, True)


async def test_the_handle_is_what_the_domain_says(v: Stage) -> None:
    """Split domains: the name's host and the server's are two, and each says so."""
    mo = Person(W, "mo")
    w = v.strangers[W]
    w.say(mo.id, mo.document(webfinger="mo@e.example"))
    v.strangers["e.example"].name("mo", mo.id, host="e.example")
    assert await knock(v, mo) == 202
    known = await v.actor(mo)
    assert known is not None
    assert (known.username, known.host) == ("mo", "e.example")


async def test_a_domain_that_points_elsewhere_is_followed_once(v: Stage) -> None:
    mo = Person(W, "mo")
    v.strangers[W].say(mo.id, mo.document())
    v.strangers[W].name("mo", mo.id, subject="acct:mo@e.example")
    v.strangers["e.example"].name("mo", mo.id, host="e.example")
    assert await knock(v, mo) == 202
    known = await v.actor(mo)
    assert known is not None
    assert known.host == "e.example"


async def test_a_name_at_a_host_that_does_not_agree_is_not_borne(v: Stage) -> None:
    mo = Person(W, "mo")
    v.strangers[W].say(mo.id, mo.document(webfinger="mo@e.example"))
    v.strangers["e.example"].name("mo", "https://e.example/users/another", host="e.example")
    assert await knock(v, mo) == 202
    known = await v.actor(mo)
    assert known is not None
    assert known.host == W


async def test_what_an_actor_names_must_be_its_own(v: Stage, mo: Person) -> None:
    other = Person(W, "other")
    v.strangers[W].welcome(other)
    v.strangers[W].say(other.id, other.document(followers=mo.followers))
    assert await knock(v, other) == 401
    assert await v.actor(other) is None
    third = Person(W, "third")
    v.strangers[W].welcome(third)
    v.strangers[W].say(
        third.id, third.document(followers="https://e.example/users/x/followers", endpoints={"sharedInbox": "https://e.example/inbox"})
    )
    assert await knock(v, third) == 202
    known = await v.actor(third)
    assert known is not None
    assert (known.followers, known.shared_inbox) == (None, None)
    fourth = Person(W, "fourth")
    v.strangers[W].say(fourth.id, fourth.document(inbox="https://e.example/inbox"))
    assert await knock(v, fourth) == 401


async def test_who_is_gone_cannot_sign(v: Stage, mo: Person, ana: Actor) -> None:
    async with begin(v.db) as tx:
        await actors.bury(tx, v.clock(), await v.known(mo))
    assert await knock(v, mo) == 401
    assert v.strangers[W].asked == []


async def test_ed25519_signs_too(v: Stage, mo: Person) -> None:
    body = b'{"id":"https://w.example/users/mo/view/1","type":"View","actor":"https://w.example/users/mo"}'
    signed = sign_rfc9421(ed25519_of(mo.id), f"{mo.id}#ed25519-key", "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
    assert (await v.ask("POST", "/inbox", signed, body)).status == 202


async def test_what_is_signed_is_read_from_the_request_as_it_came(v: Stage, mo: Person) -> None:
    body = b'{"id":"https://w.example/users/mo/view/1","type":"View","actor":"https://w.example/users/mo"}'
    signed = sign_cavage(mo.secret, mo.key_id, "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
    assert (await v.ask("POST", "/inbox", {**signed, "Content-Type": ACTIVITY}, body)).status == 202
    assert (await v.ask("POST", "/inbox", signed, body + b" ")).status == 401

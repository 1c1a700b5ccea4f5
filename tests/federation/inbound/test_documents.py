"""What other servers read of us: handles, actors, posts, lists; each as far as the one who asks may."""

import pytest

from fediverse_circle.actions import following, posting
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Followers, Public
from fediverse_circle.domain.audience import Person as To
from fediverse_circle.signing import pem
from fediverse_circle.store import actors, deliveries
from fediverse_circle.store.db import begin
from tests.strangers import PUBLIC, Person, Stage, W, rsa_of

JSON = "application/activity+json; charset=utf-8"
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept, Signature, Signature-Input, Authorization, Cookie"}


# Names


@pytest.mark.parametrize(
    "resource", ["acct:ana@v.example", "acct:ANA@V.example", "acct:@ana@v.example", "https://v.example/users/ana", "https://v.example/@ana"]
)
async def test_a_handle_leads_to_its_actor(v: Stage, ana: Actor, resource: str) -> None:
    answer = await v.get(f"/.well-known/webfinger?resource={resource}")
    assert answer.status == 200
    assert dict(answer.headers)["Content-Type"] == "application/jrd+json"
    assert answer.json["subject"] == "acct:ana@v.example"
    assert {"rel": "self", "type": "application/activity+json", "href": ana.uri} in answer.json["links"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?resource=ana", 400),
        ("?resource=mailto:ana@v.example", 400),
        ("?resource=acct:ana@v.example&resource=acct:bo@v.example", 400),
        ("?resource=acct:nobody@v.example", 404),
        ("?resource=acct:ana@w.example", 404),
        ("?resource=acct:ana", 404),
        ("?resource=https://w.example/users/ana", 404),
        ("?resource=https://v.example/posts/x", 404),
    ],
)
async def test_what_is_no_handle_of_ours_leads_nowhere(v: Stage, ana: Actor, query: str, status: int) -> None:
    assert (await v.get(f"/.well-known/webfinger{query}")).status == status


async def test_who_was_suspended_is_not_there_and_who_left_is_gone(v: Stage, ana: Actor, bo: Actor) -> None:
    await v.db.pool.fetch("update actor set suspended_at = now() where id = $1 returning id", ana.id)
    async with begin(v.db) as tx:
        await actors.bury(tx, v.clock(), bo.id)
    for name, status in (("ana", 404), ("bo", 410)):
        assert (await v.get(f"/.well-known/webfinger?resource=acct:{name}@v.example")).status == status
        assert (await v.get(f"/users/{name}")).status == status


@pytest.mark.parametrize("resource", ["acct:v.example@v.example", "https://v.example/", "https://v.example", "https://v.example/actor"])
async def test_the_server_has_a_handle_too(v: Stage, resource: str) -> None:
    answer = await v.get(f"/.well-known/webfinger?resource={resource}")
    assert answer.json["subject"] == ("acct:v.example@v.example" if resource.startswith("acct:") else "https://v.example/")
    assert {"https://www.w3.org/ns/activitystreams#Service", "self"} == {link["rel"] for link in answer.json["links"]}


async def test_host_meta_leads_to_webfinger(v: Stage) -> None:
    answer = await v.get("/.well-known/host-meta")
    assert answer.status == 200
    assert b'rel="lrdd"' in answer.body
    assert b"https://v.example/.well-known/webfinger?resource={uri}" in answer.body


async def test_nodeinfo_names_the_software_and_counts_nobody(v: Stage, ana: Actor) -> None:
    links = (await v.get("/.well-known/nodeinfo")).json["links"]
    documents = [link["href"] for link in links if link["rel"].startswith("http://nodeinfo")]
    assert len(documents) == 2
    for document in documents:
        said = (await v.get(document)).json
        assert (said["software"]["name"], said["protocols"], said["usage"]) == ("fediverse-circle", ["activitypub"], {"users": {}})
        assert said["openRegistrations"] is False
    assert (await v.get("/nodeinfo/1.0")).status == 404


async def test_robots_may_read_nodeinfo_alone(v: Stage) -> None:
    assert (await v.get("/robots.txt")).body.decode().splitlines()[-1] == "Disallow: /"


# Actors


async def test_an_actor_is_what_other_servers_need(v: Stage, ana: Actor) -> None:
    answer = await v.get("/users/ana")
    assert dict(answer.headers)["Content-Type"] == JSON
    said = answer.json
    assert (said["id"], said["type"], said["preferredUsername"], said["webfinger"]) == (ana.uri, "Person", "ana", "ana@v.example")
    assert said["publicKey"] == {"id": f"{ana.uri}#main-key", "owner": ana.uri, "publicKeyPem": pem(rsa_of("ana").public())}
    assert said["assertionMethod"][0]["controller"] == ana.uri
    assert said["endpoints"] == {"sharedInbox": "https://v.example/inbox"}
    assert said["followers"] == f"{ana.uri}/followers"
    assert said["manuallyApprovesFollowers"] is True


async def test_a_browser_is_led_to_the_page(v: Stage, ana: Actor) -> None:
    answer = await v.get("/users/ana", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (answer.status, dict(answer.headers)["Location"]) == (303, "https://v.example/@ana")
    assert (await v.get("/users/ana", Accept="text/html, application/activity+json")).status == 200


async def test_the_server_itself_is_read_without_a_signature(v: Stage) -> None:
    said = (await v.get("/actor")).json
    assert (said["type"], said["preferredUsername"]) == ("Application", "v.example")
    assert "followers" not in said
    answer = await v.ask("GET", "/actor", {"Signature": "what is this"})
    assert answer.status == 200  # else two servers that ask each other for keys would wait for ever
    assert (await v.get("/users/v.example")).status == 404


# Posts


async def test_a_public_post_is_everybodys(v: Stage, ana: Actor, mo: Person) -> None:
    post = await v.says(ana, Public(), words="hello")
    for who in (None, mo):
        answer = await v.get(post.uri, who)
        assert (answer.status, answer.json["content"], answer.json["to"]) == (200, "<p>hello</p>", [PUBLIC])
        assert PRIVATE.items() <= dict(answer.headers).items()
    page = await v.get(post.uri, Accept="text/html")
    assert (page.status, dict(page.headers)["Location"]) == (303, uris.post_page("https://v.example", "ana", post.id))


async def test_a_private_post_is_its_readers_and_names_their_own_people_alone(
    v: Stage, ana: Actor, bo: Actor, mo: Person, nell: Person
) -> None:
    await v.followed_by(mo, ana)
    far = Person("e.example", "far")
    await v.introduce(far)
    v.clock.pass_by(seconds=1)
    post = await v.says(ana, Followers(ana.id), To(await v.known(mo)), To(await v.known(far)), To(bo.id))
    answer = await v.get(post.uri, mo)
    assert (answer.status, answer.json["to"], answer.json["cc"]) == (200, [ana.followers], [mo.id])
    assert far.id not in answer.body.decode()
    assert PRIVATE.items() <= dict(answer.headers).items()
    create = (await v.get(f"{post.uri}/activity", mo)).json
    assert (create["type"], create["object"]["id"], create["cc"]) == ("Create", post.uri, [mo.id])
    assert [inbox.url for inbox in await deliveries.sent_to(v.db.pool, post.id)] == [f"{mo.id}/inbox"]
    assert (await v.get(post.uri, nell)).status == (await v.get(post.uri)).status == 404
    assert (await v.get(post.uri, nell)).face == (await v.get(post.uri + "x", nell)).face


async def test_an_answer_names_what_it_answers_by_its_id(v: Stage, ana: Actor, mo: Person) -> None:
    await v.followed_by(mo, ana)
    v.clock.pass_by(seconds=1)
    parent = await v.says(ana, Followers(ana.id))
    answer = await v.says(ana, Followers(ana.id), parent=parent)
    assert (await v.get(answer.uri, mo)).json["inReplyTo"] == parent.uri
    replies = (await v.get(f"{parent.uri}/replies", mo)).json
    assert (replies["first"]["items"], "totalItems" in replies) == ([answer.uri], False)
    assert (await v.get(f"{parent.uri}/replies?page=true", mo)).json["items"] == [answer.uri]
    assert (await v.get(f"{parent.uri}/replies")).status == 404


async def test_replies_are_those_that_the_asker_may_read(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    parent = await v.says(ana, Public())
    open_answer = await v.says(bo, Public(), parent=parent)
    closed_answer = await v.says(bo, To(await v.known(mo)), parent=parent)
    assert (await v.get(f"{parent.uri}/replies")).json["first"]["items"] == [open_answer.uri]
    assert set((await v.get(f"{parent.uri}/replies", mo)).json["first"]["items"]) == {open_answer.uri, closed_answer.uri}


async def test_what_was_taken_back_is_gone_for_those_it_was_for(v: Stage, ana: Actor, mo: Person, nell: Person) -> None:
    await v.followed_by(mo, ana)
    v.clock.pass_by(seconds=1)
    posts = {"private": await v.says(ana, Followers(ana.id)), "public": await v.says(ana, Public())}
    for post in posts.values():
        async with begin(v.db) as tx:
            await posting.retract(tx, v.clock(), post)
    for who, private in ((mo, 410), (nell, 404), (None, 404)):
        assert (await v.get(posts["private"].uri, who)).status == private
        gone = await v.get(posts["public"].uri, who)
        assert (gone.status, gone.json["type"], gone.json["id"]) == (410, "Tombstone", posts["public"].uri)
        assert b"secret" not in gone.body


async def test_a_server_speaks_for_no_person(v: Stage, ana: Actor, mo: Person) -> None:
    await v.followed_by(mo, ana)
    v.clock.pass_by(seconds=1)
    private, public = await v.says(ana, Followers(ana.id)), await v.says(ana, Public())
    await v.db.pool.fetch("update actor set kind = 'Application' where id = $1 returning id", await v.known(mo))
    assert (await v.get(private.uri, mo)).face == (await v.get(private.uri + "x", mo)).face
    assert (await v.get(public.uri, mo)).status == 200


async def test_an_unknown_reader_is_asked_for_their_key(v: Stage, ana: Actor) -> None:
    new = Person(W, "new")
    v.strangers[W].welcome(new)
    public = await v.says(ana, Public())
    assert (await v.get(public.uri, new)).status == 200
    assert await v.actor(new) is not None
    v.strangers[W].down = True
    other = Person(W, "other")
    assert (await v.get(public.uri, other)).status == 503


# Lists


async def test_the_outbox_holds_what_is_public_page_by_page(v: Stage, ana: Actor) -> None:
    said = []
    for number in range(25):
        v.clock.pass_by(seconds=1)
        said.append((await v.says(ana, Public(), words=str(number))).uri)
        await v.says(ana, Followers(ana.id))
    whole = (await v.get("/users/ana/outbox")).json
    assert whole["totalItems"] == 25
    first = (await v.get(whole["first"])).json
    second = (await v.get(first["next"])).json
    found = [item["object"]["id"] for page in (first, second) for item in page["orderedItems"]]
    assert found == said[::-1]
    assert "next" not in second
    assert "secret" not in str(first) + str(second)


@pytest.mark.parametrize("name", ["followers", "following"])
async def test_who_follows_whom_is_not_told(v: Stage, ana: Actor, mo: Person, name: str) -> None:
    before = await v.get(f"/users/ana/{name}", mo)
    await v.followed_by(mo, ana)
    await v.befriend(ana, mo)
    after = await v.get(f"/users/ana/{name}", mo)
    assert after.face == before.face
    assert after.json == {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "id": f"{ana.uri}/{name}",
        "type": "OrderedCollection",
    }


async def test_lists_of_nobody_are_not_there(v: Stage) -> None:
    for name in ("outbox", "followers", "following", "inbox"):
        assert (await v.get(f"/users/nobody/{name}")).status == 404
    assert (await v.get("/inbox")).status == 404


async def test_a_request_to_follow_is_shown_to_the_one_who_is_asked(v: Stage, ana: Actor, mo: Person, nell: Person) -> None:
    them = await v.actor(mo)
    assert them is not None
    async with begin(v.db) as tx:
        follow = await following.request(tx, v.clock(), ana, them)
    said = await v.get(follow.uri, mo)
    assert (said.json["type"], said.json["actor"], said.json["object"]) == ("Follow", ana.uri, mo.id)
    assert (await v.get(follow.uri, nell)).face == (await v.get(follow.uri + "x", nell)).face
    assert (await v.get(follow.uri)).status == 404

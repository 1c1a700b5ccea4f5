"""Attacks on private words: rows 38 to 47 and 56 of the list, as far as there is something to be read.

P is alice's post for her followers, U an id of the same shape that never was; whoever may not read P must not be able to tell them apart.
"""

from collections.abc import Mapping

import pytest

from fediverse_circle.actions import following, posting
from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Followers
from fediverse_circle.store import follows, posts
from fediverse_circle.store.db import begin
from tests.attacks.conftest import Cast
from tests.strangers import PUBLIC, Answer, Person, Stage, W

SHAPES = ["", ".json", ".rss", ".atom", "/embed", "/activity", "/replies", "/replies?page=true", "/likes", "/shares", "?page=1", "/"]
ACCEPTS = ["application/activity+json", "text/html", "application/json", "*/*"]
PRIVATE = {"cache-control": "private, no-store", "vary": "Accept, Signature, Signature-Input, Authorization, Cookie"}


def path(v: Stage, uri: str) -> str:
    return uri.removeprefix(f"https://{v.host}")


async def assert_as_unknown(v: Stage, cast: Cast, by: Person | None, shape: str = "", **headers: str) -> None:
    """P is answered as U is, and the database is asked the same."""
    faces, questions = [], []
    for uri in (cast.private.uri, cast.never):
        with v.statements() as asked:
            answer = await v.get(path(v, uri) + shape, by, **headers)
        assert answer.status == 404
        assert answer.body.find(b"secret") == -1
        faces.append(answer.face)
        questions.append(asked)
    assert faces[0] == faces[1]
    assert questions[0] == questions[1]


@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("shape", SHAPES)
async def test_038_anonymous_reads_in_every_shape(v: Stage, cast: Cast, shape: str, accept: str) -> None:
    await assert_as_unknown(v, cast, None, shape, Accept=accept)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
async def test_038_other_methods(v: Stage, cast: Cast, method: str) -> None:
    faces = [(await v.ask(method, path(v, uri), {"Accept": "application/activity+json"})).face for uri in (cast.private.uri, cast.never)]
    assert faces[0] == faces[1]


async def test_038_parts_and_conditions(v: Stage, cast: Cast) -> None:
    for headers in ({"Range": "bytes=0-10"}, {"If-None-Match": "*"}, {"If-Modified-Since": "Fri, 20 Nov 2026 00:00:00 GMT"}):
        await assert_as_unknown(v, cast, None, **headers)


async def test_038_the_page_of_a_post(v: Stage, cast: Cast) -> None:
    faces = []
    for number in (cast.private.id, PostId(cast.private.id + 2)):
        answer = await v.get(f"/@alice/{number}", Accept="text/html")
        faces.append((answer.status, answer.body.replace(str(number).encode(), b"")))
    assert faces[0] == faces[1]
    assert faces[0][0] == 404


@pytest.mark.parametrize("by", ["nell", "mallory"])
@pytest.mark.parametrize("shape", SHAPES[:-1])
async def test_039_strangers_read_with_a_signature(v: Stage, cast: Cast, by: str, shape: str) -> None:
    await assert_as_unknown(v, cast, getattr(cast, by), shape)


async def test_039_a_reader_reads(v: Stage, cast: Cast) -> None:
    """The control: who may read is shown it, else the rest proves nothing."""
    answer = await v.get(cast.private.uri, cast.mo)
    assert (answer.status, answer.json["content"]) == (200, "<p>secret</p>")


async def test_040_a_follower_who_only_asks(v: Stage, cast: Cast) -> None:
    await v.deliver(cast.nell.does("Follow", cast.alice.uri), cast.nell)
    await assert_as_unknown(v, cast, cast.nell)
    them = await v.actor(cast.nell)
    assert them is not None
    async with begin(v.db) as tx:
        await following.accept(tx, v.clock(), cast.alice, them)
    await assert_as_unknown(v, cast, cast.nell)  # what was said before is not for who comes after
    v.clock.pass_by(seconds=1)
    later = await v.says(cast.alice, Followers(cast.alice.id))
    assert (await v.get(later.uri, cast.nell)).status == 200


async def test_041_a_follower_who_was_removed(v: Stage, cast: Cast) -> None:
    await assert_as_unknown(v, cast, cast.ron)
    assert (await v.get(cast.private.uri, cast.mo)).status == 200
    them = await v.actor(cast.mo)
    assert them is not None
    async with begin(v.db) as tx:
        await following.reject(tx, v.clock(), cast.alice, them)
    await assert_as_unknown(v, cast, cast.mo)
    own = cast.ron.note("41", to=[cast.mia.uri], published=v.clock().isoformat())
    await v.deliver(cast.ron.does("Create", own), cast.ron)
    assert own["id"] in await v.read(cast.mia)
    await v.deliver(cast.ron.does("Delete", own["id"]), cast.ron)  # whoever is removed may still take back
    assert own["id"] not in await v.read(cast.mia)


async def test_042_an_answer_is_nobody_elses(v: Stage, cast: Cast) -> None:
    read = await v.get(cast.private.uri, cast.mo)
    shown = {name.lower(): value for name, value in read.headers}
    assert PRIVATE.items() <= shown.items()
    assert not {"etag", "last-modified", "expires", "age"} & shown.keys()
    for answer in (await v.get(cast.private.uri), await v.get(cast.private.uri, cast.nell, **{"If-None-Match": "*"})):
        assert answer.status == 404
        assert PRIVATE.items() <= {name.lower(): value for name, value in answer.headers}.items()


STATUS_ROUTES = [
    ("GET", ""),
    ("GET", "/context"),
    ("GET", "/history"),
    ("GET", "/source"),
    ("GET", "/favourited_by"),
    ("GET", "/reblogged_by"),
    ("GET", "/card"),
    ("POST", "/translate"),
    ("GET", "/quotes"),
    ("POST", "/favourite"),
    ("POST", "/bookmark"),
    ("POST", "/reblog"),
    ("POST", "/pin"),
    ("POST", "/mute"),
    ("PUT", ""),
    ("DELETE", ""),
]


async def app_face(v: Stage, method: str, target: str, token: str | None) -> Answer:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return await v.ask(method, target, {**headers, "Content-Type": "application/json"}, b'{"status":"x"}' if method == "PUT" else None)


@pytest.mark.parametrize(("method", "rest"), STATUS_ROUTES)
async def test_043_an_app_of_somebody_it_is_not_for(v: Stage, cast: Cast, method: str, rest: str) -> None:
    theirs = (await posts.visible_by_uri(v.db.pool, cast.mia.id, cast.theirs)).id
    token = await v.token(cast.nora)
    for number in (cast.private.id, theirs):
        known = await app_face(v, method, f"/api/v1/statuses/{number}{rest}", token)
        never = await app_face(v, method, f"/api/v1/statuses/{number + 2}{rest}", token)
        assert known.face == never.face
        assert known.status in (404, 405)


async def test_043_an_answer_to_what_is_not_for_the_author(v: Stage, cast: Cast) -> None:
    token = await v.token(cast.nora)
    faces = []
    for number in (cast.private.id, PostId(cast.private.id + 2)):
        body = b'{"status":"x","in_reply_to_id":"%d"}' % number
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        faces.append((await v.ask("POST", "/api/v1/statuses", headers, body)).face)
    assert faces[0] == faces[1]
    assert await v.db.pool.fetchval("select count(*) from only post where author_id = $1", cast.nora.id) == 0


async def test_044_one_copy_for_one_reader(v: Stage, cast: Cast) -> None:
    note = cast.mo.note("44", published=v.clock().isoformat())
    for inbox in ("/inbox", f"{cast.nora.uri}/inbox", f"{cast.mia.uri}/inbox"):
        await v.deliver(cast.mo.does("Create", note), cast.mo, inbox)
    assert note["id"] in await v.read(cast.mia)
    assert await v.read(cast.nora) == await v.home(cast.nora) == []
    number = (await posts.visible_by_uri(v.db.pool, cast.mia.id, note["id"])).id
    assert (await app_face(v, "GET", f"/api/v1/statuses/{number}", await v.token(cast.nora))).status == 404
    assert (await app_face(v, "GET", f"/api/v1/statuses/{number}", await v.token(cast.mia))).status == 200


async def test_045_a_search_for_what_is_elsewhere(v: Stage, cast: Cast) -> None:
    token, allowed = await v.token(cast.nora), frozenset({f"{cast.mia.uri}#main-key"})
    unseen = cast.mo.note("45", published=v.clock().isoformat())
    for uri in (cast.theirs, unseen["id"]):
        v.strangers[W].say(uri, cast.mo.note(uri.rpartition("/")[2]), only_for=allowed)
    answers: Mapping[str, Answer] = {}
    await app_face(v, "GET", "/api/v1/accounts/verify_credentials", token)  # the use of the token is noted
    for uri in (cast.theirs, unseen["id"], cast.mo.thing("never")):
        async with v.unmoved(but_asking=[W]):
            answer = await app_face(v, "GET", f"/api/v2/search?resolve=true&q={uri}", token)
        assert answer.status == 200
        answers = {**answers, uri: answer}
    assert len({str(answer.face).replace(uri, "") for uri, answer in answers.items()}) == 1
    assert set(v.strangers[W].signers) == {f"{cast.nora.uri}#main-key"}
    assert await posts.known(v.db.pool, unseen["id"]) is None


async def test_047_lists_hold_nothing_private(v: Stage, cast: Cast) -> None:
    await v.says(cast.alice, Followers(cast.alice.id), parent=cast.private)
    for by in (None, cast.nell):
        for name in ("outbox", "outbox?page=true", "followers", "following", "collections/featured"):
            answer = await v.get(f"{cast.alice.uri}/{name}", by)
            assert path(v, cast.private.uri).encode() not in answer.body
            if answer.status == 200:
                assert answer.json.get("totalItems", 0) == 0
        assert cast.mo.id.encode() not in (await v.get(f"{cast.alice.uri}/followers", by)).body


async def test_056_what_was_taken_back_is_as_unknown_as_before(v: Stage, cast: Cast) -> None:
    async with begin(v.db) as tx:
        await posting.retract(tx, v.clock(), cast.private)
    for by in (None, cast.nell, cast.ron):
        await assert_as_unknown(v, cast, by)
    assert (await v.get(cast.private.uri, cast.mo)).status == 410


async def test_056_a_bad_signature_is_refused_whatever_the_path(v: Stage, cast: Cast) -> None:
    faces = []
    for uri in (cast.private.uri, cast.never, f"https://{v.host}/activities/x"):
        answer = await v.ask("GET", path(v, uri), {"Signature": 'keyId="x"', "Accept": "application/activity+json"})
        faces.append(answer.face)
    assert faces[0] == faces[1] == faces[2]
    assert faces[0][0] in (400, 401)


async def test_056_a_request_to_follow_is_nobody_elses(v: Stage, cast: Cast) -> None:
    them = await v.actor(cast.nell)
    assert them is not None
    async with begin(v.db) as tx:
        asked = await following.request(tx, v.clock(), cast.mia, them)
    known = await v.get(asked.uri, cast.mallory)
    never = await v.get(asked.uri[:-1] + ("A" if asked.uri[-1] != "A" else "B"), cast.mallory)
    assert known.face == never.face
    assert (await v.get(asked.uri, cast.nell)).status == 200


async def test_058_private_names_bear_128_bits_of_chance(v: Stage, cast: Cast) -> None:
    names = {(await v.says(cast.alice, Followers(cast.alice.id))).uri.rpartition("/")[2] for _ in range(50)}
    assert len(names) == 50
    assert {len(name) for name in names} == {22}
    assert max(sum(a == b for a, b in zip(one, other, strict=True)) for one in names for other in names if one != other) < 12


def everybody(cast: Cast) -> list[Actor | ActorId | None]:
    return [cast.alice, cast.mia, cast.nora, None]


async def test_044_what_reaches_nobody_is_read_by_nobody(v: Stage, cast: Cast) -> None:
    before = [await v.read(who) for who in everybody(cast)]
    note = cast.nell.note("44b", to=[cast.nell.followers, f"https://{W}/circles/1"], cc=[PUBLIC.replace("Public", "public")])
    await v.deliver(cast.nell.does("Create", note), cast.nell)
    assert [await v.read(who) for who in everybody(cast)] == before
    assert await follows.of_pair(v.db.pool, cast.mia.id, await v.known(cast.nell)) is None

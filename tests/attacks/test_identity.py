"""Attacks on who somebody is: rows 1 to 19 of the list."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha512

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain.audience import Followers
from fediverse_circle.signing import Request, pem, sign_cavage
from fediverse_circle.store import actors, follows, keys
from fediverse_circle.store.db import begin
from tests.attacks.conftest import Cast
from tests.strangers import PUBLIC, Answer, E, Person, Stage, W, ed25519_of, rsa_of
from tests.unit.signing.cast import CREATED, GET, NOW, POST, cavage, digest_of, rfc9421


async def send(v: Stage, request: Request) -> Answer:
    """A request made by hand, as it is."""
    return await v.ask(request.method, request.target, request.headers, request.body or None)


def hello(by: Person, path: str = "hello") -> bytes:
    """A public note that alice's server would store if it believed it."""
    return msgspec.json.encode(by.does("Create", by.note(path, to=[PUBLIC])))


async def test_001_unsigned_create(v: Stage, cast: Cast) -> None:
    async with v.unmoved():
        assert (await v.ask("POST", "/inbox", {}, hello(cast.mo))).status == 401


@pytest.mark.parametrize("whom", ["alice", "mo", "nell"])
async def test_002_actor_is_somebody_else(v: Stage, cast: Cast, whom: str) -> None:
    claimed = getattr(cast, whom)
    actor = claimed.id if isinstance(claimed, Person) else claimed.uri
    note = cast.mo.note("2", attributedTo=actor, to=[PUBLIC, cast.mia.uri])
    for by in (cast.mallory, *([cast.ron] if whom != "ron" else [])):
        async with v.unmoved():
            activity = by.does("Create", note, actor=actor) | {"id": f"{actor}/create/2"}
            assert (await v.post(activity, by)).status == 401
    assert await v.db.pool.fetchval("select count(*) from received where activity_uri like '%/create/2'") == 0


@pytest.mark.parametrize("shape", ["missing", "list", "list of oneself", "object", "nested", "null"])
async def test_003_actor_is_not_one_string(v: Stage, cast: Cast, shape: str) -> None:
    mallory = cast.mallory
    activity = mallory.does("Create", mallory.note("3", to=[cast.mia.uri]))
    shapes = {
        "list": [cast.mo.id, mallory.id],
        "list of oneself": [mallory.id],
        "object": {"id": mallory.id, "type": "Person"},
        "nested": {"id": mallory.id, "type": "Person", "actor": cast.alice.uri},
        "null": None,
    }
    del activity["actor"]
    activity |= {"actor": shapes[shape]} if shape in shapes else {}
    async with v.unmoved():
        assert (await v.post(activity, mallory)).status == 400


async def test_004_key_that_names_another_owner(v: Stage, cast: Cast) -> None:
    mallory, key_id = cast.mallory, f"https://{E}/k"
    key = {"id": key_id, "type": "Key", "owner": cast.mo.id, "publicKeyPem": pem(mallory.secret.public())}
    v.strangers[E].say(key_id, key)
    body = hello(cast.mo, "4")
    async with v.unmoved(but_asking=[E]):
        signed = sign_cavage(mallory.secret, key_id, "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
        assert (await v.ask("POST", "/inbox", signed, body)).status == 401


async def test_004_key_that_an_actor_of_its_own_origin_does_not_list(v: Stage, cast: Cast) -> None:
    mallory, other, key_id = cast.mallory, Person(E, "other"), f"https://{E}/k"
    v.strangers[E].welcome(other)
    v.strangers[E].say(key_id, {"id": key_id, "type": "Key", "owner": other.id, "publicKeyPem": pem(mallory.secret.public())})
    body = hello(other, "4")
    signed = sign_cavage(mallory.secret, key_id, "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
    assert (await v.ask("POST", "/inbox", signed, body)).status == 401
    assert await keys.held(v.db.pool, key_id, E) is None


TRICKS = [
    "https://w.example@e.example/users/mallory#main-key",
    "https://mo:x@e.example/users/mallory#main-key",
    "https://e.example:443/users/mallory#main-key",
    "https://e.example:0443/users/mallory#main-key",
    "HTTPS://e.example/users/mallory#main-key",
    "https://E.EXAMPLE/users/mallory#main-key",
    "https://e.example./users/mallory#main-key",
    "https://e.example/users/mallory#main-key#w.example",
    "https://e.example\\@w.example/users/mallory#main-key",
    "https://xn--e-xample-/users/mallory#main-key",
    "https://2130706433/users/mallory#main-key",
    "https://0x7f000001/users/mallory#main-key",
    "https:e.example/users/mallory#main-key",
    "//e.example/users/mallory#main-key",
    "acct:mallory@e.example",
    "urn:x",
    "mallory",
    "ftp://e.example/users/mallory#main-key",
]


@pytest.mark.parametrize("key_id", TRICKS)
async def test_005_key_id_that_is_read_in_two_ways(v: Stage, cast: Cast, key_id: str) -> None:
    mallory = cast.mallory
    body = hello(mallory, "5")
    signed = dict(sign_cavage(mallory.secret, "KEY", "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock()))
    signed["Signature"] = signed["Signature"].replace("KEY", key_id)
    async with v.unmoved():
        assert (await v.ask("POST", "/inbox", signed, body)).status in (400, 401)


@pytest.mark.parametrize("key", ["#main-key", "#ed25519-key", "#another", "/key"])
async def test_005_key_of_the_server_itself(v: Stage, cast: Cast, key: str) -> None:
    for secret in (cast.mallory.secret, rsa_of("alice")):
        async with v.unmoved():
            body = msgspec.json.encode(cast.mo.does("Follow", cast.mia.uri, actor=cast.alice.uri) | {"id": f"{cast.alice.uri}/f"})
            url = parse_url(f"https://{v.host}/inbox")
            signed = sign_cavage(secret, f"{cast.alice.uri}{key}", "POST", url, body, v.clock())
            assert (await v.ask("POST", "/inbox", signed, body)).status == 401


async def test_006_the_same_post_twice(v: Stage, cast: Cast) -> None:
    body = msgspec.json.encode(cast.mo.does("Create", cast.mo.note("6", to=[cast.mia.uri])))
    signed = sign_cavage(cast.mo.secret, cast.mo.key_id, "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
    assert (await v.ask("POST", "/inbox", signed, body)).status == 202
    for _ in range(2):
        v.clock.pass_by(minutes=20)
        async with v.unmoved():
            assert (await v.ask("POST", "/inbox", signed, body)).status == 202
    assert await v.db.pool.fetchval("select count(*) from received where activity_uri like '%/create/%' and kind = 'Create'") == 2


async def test_006_the_same_update_twice(v: Stage, cast: Cast) -> None:
    """Updates may share an id; the signature alone tells the second from the first."""
    first = msgspec.json.encode(cast.mo.does("Update", cast.mo.document(name="First"), "u"))
    second = msgspec.json.encode(cast.mo.does("Update", cast.mo.document(name="Second"), "u"))
    url = parse_url(f"https://{v.host}/inbox")
    signed = {body: sign_cavage(cast.mo.secret, cast.mo.key_id, "POST", url, body, v.clock()) for body in (first, second)}
    for body in (first, second, first):
        assert (await v.ask("POST", "/inbox", signed[body], body)).status == 202
    them = await v.actor(cast.mo)
    assert them is not None
    assert them.name == "Second"


async def test_007_a_follow_again_after_its_undo(v: Stage, cast: Cast) -> None:
    follow = cast.nell.does("Follow", cast.alice.uri)
    await v.deliver(follow, cast.nell)
    await v.deliver(cast.nell.does("Undo", follow), cast.nell)
    for inbox in ("/inbox", f"{cast.alice.uri}/inbox"):
        v.clock.pass_by(seconds=1)
        async with v.unmoved():
            assert (await v.post(follow, cast.nell, inbox)).status == 202
    assert await follows.of_pair(v.db.pool, await v.known(cast.nell), cast.alice.id) is None


async def test_007_a_create_again_after_its_delete(v: Stage, cast: Cast) -> None:
    note = cast.mo.note("7", published=v.clock().isoformat())
    create = cast.mo.does("Create", note)
    await v.deliver(create, cast.mo)
    assert note["id"] in await v.read(cast.mia)
    await v.deliver(cast.mo.does("Delete", note["id"]), cast.mo)
    for again in (create, cast.mo.does("Create", note, "create/7/again")):
        for inbox in ("/inbox", f"{cast.mia.uri}/inbox"):
            v.clock.pass_by(seconds=1)
            async with v.unmoved():
                assert (await v.post(again, cast.mo, inbox)).status == 202
    assert note["id"] not in await v.read(cast.mia)


@pytest.mark.parametrize("minutes", [-66, 66])
async def test_008_a_date_far_from_now(v: Stage, cast: Cast, minutes: int) -> None:
    async with v.unmoved():
        activity = cast.mo.does("Create", cast.mo.note("8"))
        assert (await v.post(activity, cast.mo, at=v.clock() + timedelta(minutes=minutes))).status == 401


@pytest.mark.parametrize(("created", "expires", "status"), [(0, -1, 401), (-120, 600, 202), (-66 * 60, 24 * 3600, 401), (0, 10**9, 202)])
async def test_009_expires_only_shortens(v: Stage, cast: Cast, created: int, expires: int, status: int) -> None:
    v.clock.at = NOW
    said = {"created": str(CREATED + created), "expires": str(CREATED + expires)}
    names = ("(request-target)", "host", "(created)", "(expires)", "digest")
    body = b'{"id":"https://w.example/users/mo/v/9","type":"View","actor":"https://w.example/users/mo"}'
    request = cavage(names, body=body, said=said, sign=cast.mo.secret.sign)
    assert (await send(v, request)).status == status
    v.clock.pass_by(minutes=61)
    again = cavage(names, body=body.replace(b"v/9", b"v/99"), said=said, sign=cast.mo.secret.sign)
    assert (await send(v, again)).status == 401


def other_digests(body: bytes) -> Mapping[str, Request]:
    """Requests whose digest proves nothing of the body."""
    sha_512 = "SHA-512=" + b64encode(sha512(body).digest()).decode()
    return {
        "other body": cavage(body=body, headers={"Digest": digest_of(b"other")}),
        "not covered": cavage(tuple(name for name in POST if name != "digest"), body=body),
        "sha-512 alone": cavage(body=body, headers={"Digest": sha_512}),
        "empty": cavage(body=body, headers={"Digest": ""}),
        "digest of nothing": cavage(body=body, headers={"Digest": digest_of(b"")}),
        "two in one": cavage(body=body, headers={"Digest": f"{digest_of(body)},{digest_of(b'other')}"}),
    }


@pytest.mark.parametrize("name", [*other_digests(b""), "two headers", "empty body"])
async def test_010_digest(v: Stage, cast: Cast, name: str) -> None:
    v.clock.at = NOW
    body = hello(cast.mo, "10")
    if name == "two headers":
        good = cavage(body=body, sign=cast.mo.secret.sign)
        request = Request("POST", "/inbox", (*good.headers, ("Digest", digest_of(b"other"))), body, good.origins)
    elif name == "empty body":
        request = cavage(body=b"", headers={"Digest": digest_of(body)}, sign=cast.mo.secret.sign)
    else:
        made = other_digests(body)[name]
        request = cavage(
            tuple(dict(made.headers)["Signature"].partition('headers="')[2].partition('"')[0].split(" ")),
            body=body,
            headers={"Digest": dict(made.headers)["Digest"]},
            sign=cast.mo.secret.sign,
        )
    async with v.unmoved():
        assert (await send(v, request)).status == 401


@pytest.mark.parametrize(
    "names",
    [
        ("date",),
        ("date", "digest"),
        ("(request-target)", "date", "digest"),
        ("host", "date", "digest"),
        ("(request-target)", "host", "digest"),
    ],
)
async def test_011_a_signature_over_too_little(v: Stage, cast: Cast, names: tuple[str, ...]) -> None:
    v.clock.at = NOW
    async with v.unmoved():
        assert (await send(v, cavage(names, body=hello(cast.mo, "11"), sign=cast.mo.secret.sign))).status == 401


async def test_012_a_signature_for_another_place_or_method(v: Stage, cast: Cast) -> None:
    v.clock.at = NOW
    elsewhere = cavage(target="/users/mia/inbox", signed_target="/inbox", body=hello(cast.mo, "12"), sign=cast.mo.secret.sign)
    async with v.unmoved(but_asking=[W]):
        assert (await send(v, elsewhere)).status == 401
    target = cast.private.uri.removeprefix(f"https://{v.host}")
    posted = cavage(GET, method="POST", target=target, body=b"", sign=cast.mo.secret.sign)
    as_get = Request("GET", target, posted.headers, b"", posted.origins)
    assert (await send(v, as_get)).status == 401


async def test_013_a_read_signed_without_its_query_is_no_private_read(v: Stage, cast: Cast) -> None:
    v.clock.at = NOW
    path = cast.private.uri.removeprefix(f"https://{v.host}")
    for target, signed, status in ((path, path, 200), (f"{path}?page=1", path, 404), (f"{path}?page=1", f"{path}?page=1", 200)):
        request = cavage(GET, method="GET", target=target, signed_target=signed, body=b"", sign=cast.mo.secret.sign)
        assert (await send(v, request)).status == status


async def test_014_two_signatures_in_one_request(v: Stage, cast: Cast) -> None:
    v.clock.at = NOW
    body = hello(cast.mo, "14")
    good = cavage(body=body, sign=cast.mo.secret.sign)
    signature = dict(good.headers)["Signature"]
    both = rfc9421(body=body, sign=cast.mo.secret.sign)
    twice_named = tuple((k, val.replace('keyId="', f'keyId="{cast.mallory.key_id}",keyId="')) for k, val in good.headers)
    for headers in ((*good.headers, ("Signature", signature)), twice_named, (*both.headers, ("Signature", signature))):
        async with v.unmoved():
            assert (await v.ask("POST", "/inbox", headers, body)).status in (400, 401)


async def test_015_algorithms_that_prove_nothing(v: Stage, cast: Cast) -> None:
    v.clock.at = NOW
    body, key_id = hello(cast.mo, "15"), cast.mo.key_id
    parameters = f'keyId="{key_id}",algorithm="{{}}"'
    sha_1 = lambda text: cast.mo.secret.native.sign(text, padding.PKCS1v15(), hashes.SHA1())  # noqa: E731
    ed25519 = ed25519_of(cast.mo.id).sign
    attempts = [
        cavage(body=body, parameters=parameters.format("rsa-sha1"), sign=sha_1),
        cavage(body=body, parameters=parameters.format("hs2019"), sign=sha_1),
        cavage(body=body, parameters=parameters.format("none"), sign=lambda _: b"\0"),
        cavage(body=body, parameters=parameters.format("hmac-sha256"), sign=cast.mo.secret.sign),
        cavage(body=body, parameters=parameters.format("hs2019"), sign=ed25519),
        cavage(body=body, parameters=f'keyId="{cast.mo.id}#ed25519-key",algorithm="hs2019"', sign=ed25519),
        rfc9421(body=body, sign=ed25519),
        rfc9421(body=body, parameters=f';created={CREATED};keyid="{cast.mo.id}#ed25519-key"', sign=cast.mo.secret.sign),
    ]
    for attempt in attempts:
        async with v.unmoved(but_asking=[W]):
            assert (await send(v, attempt)).status == 401


async def test_015_a_short_key_is_none(v: Stage, cast: Cast) -> None:
    v.clock.at = NOW
    short = generate_private_key(public_exponent=65537, key_size=1024)
    weak = Person(E, "weak")
    v.strangers[E].welcome(weak)
    text = short.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    v.strangers[E].say(weak.id, weak.document(publicKey={"id": weak.key_id, "owner": weak.id, "publicKeyPem": text}))
    sign = lambda data: short.sign(data, padding.PKCS1v15(), hashes.SHA256())  # noqa: E731
    request = cavage(body=hello(weak, "15"), parameters=f'keyId="{weak.key_id}",algorithm="rsa-sha256"', sign=sign)
    assert (await send(v, request)).status == 401
    assert await keys.held(v.db.pool, weak.key_id, E) is None


async def test_016_rfc9421_over_too_little_or_in_other_forms(v: Stage, cast: Cast) -> None:
    v.clock.at = NOW
    body, sign = hello(cast.mo, "16"), cast.mo.secret.sign
    key = f';created={CREATED};keyid="{cast.mo.key_id}"'
    attempts = [
        rfc9421(('"@target-uri"', '"content-digest"'), body=body, sign=sign),
        rfc9421(('"@method"', '"content-digest"'), body=body, sign=sign),
        rfc9421(('"@method"', '"@target-uri"'), body=body, sign=sign),
        rfc9421(body=body, parameters=f'{key};tag="other"', sign=sign),
        rfc9421(('"@method";req', '"@target-uri"', '"content-digest"'), body=body, sign=sign),
        rfc9421(('"@method"', '"@target-uri"', '"content-digest";sf'), body=body, sign=sign),
        rfc9421(body=body, parameters=f';keyid="{cast.mo.key_id}"', sign=sign),
    ]
    good = rfc9421(body=body, sign=sign)
    said = dict(good.headers)
    two = said | {
        "Signature-Input": said["Signature-Input"] + ", " + said["Signature-Input"].replace("sig1", "sig2"),
        "Signature": said["Signature"] + ", " + said["Signature"].replace("sig1", "sig2"),
    }
    attempts.append(Request("POST", "/inbox", tuple(two.items()), body, good.origins))
    for attempt in attempts:
        async with v.unmoved():
            assert (await send(v, attempt)).status in (400, 401)
    assert (await send(v, good)).status == 202


async def test_017_a_new_key_in_a_message(v: Stage, cast: Cast) -> None:
    """Whatever a message says of keys: they are asked for at their origin."""
    stolen = pem(rsa_of("stolen").public())
    claimed = cast.mo.document(name="Stolen", publicKey={"id": cast.mo.key_id, "owner": cast.mo.id, "publicKeyPem": stolen})
    for by, status in ((cast.mallory, 401), (cast.nell, 401)):
        async with v.unmoved():
            activity = by.does("Update", claimed, actor=cast.mo.id) | {"id": cast.mo.thing("u/1")}
            assert (await v.post(activity, by)).status == status
    async with v.unmoved():
        assert (await v.post(cast.mallory.does("Update", claimed), cast.mallory)).status == 202
    await v.deliver(cast.mo.does("Update", claimed, "u/2"), cast.mo)  # by the old key: W is asked, and says otherwise
    assert ("GET", "/users/mo") in v.strangers[W].asked
    held = await keys.held(v.db.pool, cast.mo.key_id, W)
    assert held is not None
    assert held.public == pem(cast.mo.secret.public())


async def test_017_one_request_asks_for_a_key_once(v: Stage) -> None:
    new = Person(E, "new")
    v.strangers[E].welcome(new)
    body = hello(new, "17")
    signed = sign_cavage(rsa_of("another"), new.key_id, "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
    for _ in range(3):
        assert (await v.ask("POST", "/inbox", signed, body)).status == 401
    assert [place for _, place in v.strangers[E].asked].count("/users/new") <= 2  # once to know it, once to see whether it changed


async def test_018_endless_unknown_keys(v: Stage, cast: Cast) -> None:
    """Hosts that are nowhere, and ever new keys of one that is somewhere: few are asked for, none is stored."""
    async with v.unmoved(but_asking=[E]):
        for number in range(400):
            host = E if number % 2 else f"h{number}.invalid"
            nobody = Person(host, f"n{number}")
            body = hello(cast.mallory, str(number))
            signed = sign_cavage(cast.mallory.secret, nobody.key_id, "POST", parse_url(f"https://{v.host}/inbox"), body, v.clock())
            assert (await v.ask("POST", "/inbox", signed, body)).status in (401, 503)
    assert len(v.strangers[E].asked) <= 120


async def test_019_who_is_gone_signs(v: Stage, cast: Cast) -> None:
    await v.db.pool.fetch("update actor set suspended_at = $2 where uri = $1 returning id", cast.nell.id, v.clock())
    async with begin(v.db) as tx:
        await actors.bury(tx, v.clock(), await v.known(cast.mo))
    post = await v.says(cast.alice, Followers(cast.alice.id))
    for gone in (cast.mo, cast.nell):
        async with v.unmoved():
            assert (await v.post(gone.does("Create", gone.note("19", to=[cast.mia.uri])), gone)).status == 401
            assert (await v.get(post.uri, gone)).status == 401


async def test_019_who_was_suspended_while_their_words_waited(v: Stage, cast: Cast) -> None:
    waiting = cast.mo.does("Create", cast.mo.note("19", inReplyTo=cast.mo.thing("unknown")))
    assert (await v.post(waiting, cast.mo)).status == 202
    await v.db.pool.fetch("update actor set suspended_at = $2 where uri = $1 returning id", cast.mo.id, v.clock())
    await v.settle()
    assert await v.db.pool.fetchval("select count(*) from only post where uri like '%/19'") == 0

"""Requests of our actors bear signatures that hold, in either scheme, and nothing else of their keys."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fediverse_circle.core.errors import NotFound, Unauthenticated
from fediverse_circle.core.urls import Url, parse_url
from fediverse_circle.domain.actors import Actor
from fediverse_circle.federation.signer import Signers, signer
from fediverse_circle.signing import Request, Scheme, Signed, generate_ed25519, parse, verify
from fediverse_circle.site import Site
from fediverse_circle.store.db import begin
from tests.federation.outbound.conftest import key_of, stranger
from tests.sites import Clock

URL = parse_url("https://m.example/users/gus?page=1")
POSTED = parse_url("https://m.example/inbox")


def verified(clock: Clock, method: str, url: Url, headers: Mapping[str, str], body: bytes = b"") -> Signed:
    request = Request(method, url.target, tuple(headers.items()), body, (url.origin,))
    return verify(parse(request), key_of("ana").public(), clock(), timedelta(seconds=30))


@pytest.mark.parametrize("scheme", list(Scheme))
async def test_a_get_is_signed_for_its_very_url(here: Site, clock: Clock, ana: Actor, scheme: Scheme) -> None:
    headers = (await signer(here, ana.id)).reading(scheme)(URL)
    signed = verified(clock, "GET", URL, headers)
    assert (signed.key_id, signed.target, signed.complete) == (f"{ana.uri}#main-key", "/users/gus?page=1", True)
    with pytest.raises(Unauthenticated):
        verified(clock, "GET", parse_url("https://m.example/users/gil?page=1"), headers)


@pytest.mark.parametrize("scheme", list(Scheme))
async def test_a_post_is_signed_with_its_body(here: Site, clock: Clock, ana: Actor, scheme: Scheme) -> None:
    headers = (await signer(here, ana.id)).posting(POSTED, b"words", scheme)
    assert verified(clock, "POST", POSTED, headers, b"words").body == b"words"
    with pytest.raises(Unauthenticated):
        verified(clock, "POST", POSTED, headers, b"other words")


async def test_nobody_signs_for_strangers_or_for_who_is_not_there_any_more(here: Site, ana: Actor) -> None:
    async with begin(here.db) as tx:
        gus = await stranger(tx, "gus", "m.example")
    with pytest.raises(NotFound):
        await signer(here, gus.id)
    async with begin(here.db) as tx:
        await tx.execute("update actor set deleted_at = now() where id = $1", ana.id)
    with pytest.raises(NotFound):
        await signer(here, ana.id)


async def test_a_key_is_read_once_in_a_while(here: Site, clock: Clock, ana: Actor) -> None:
    signers = Signers(here)
    first = await signers.of(ana.id)
    async with begin(here.db) as tx:
        await tx.execute("delete from secret_key where actor_id = $1", ana.id)
    assert await signers.of(ana.id) is first
    clock.move(timedelta(minutes=5))
    with pytest.raises(NotFound):
        await signers.of(ana.id)


async def test_a_key_of_another_kind_signs_nothing(here: Site, ana: Actor) -> None:
    other = generate_ed25519().native.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    async with begin(here.db) as tx:
        await tx.execute("update secret_key set private = $2 where actor_id = $1", ana.id, other)
    with pytest.raises(TypeError):
        await signer(here, ana.id)

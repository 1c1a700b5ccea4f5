"""Living here: logins, personas, keys."""

import pytest

from fediverse_circle.actions import accounts
from fediverse_circle.config import settings_of
from fediverse_circle.core.errors import Invalid
from fediverse_circle.domain.actors import Actor, Role
from fediverse_circle.domain.credentials import DisplayName, Email, Username
from fediverse_circle.signing import generate_ed25519, generate_rsa, pem, public_key_from_multibase, public_key_from_pem
from fediverse_circle.store import keys, logins
from fediverse_circle.store.db import Tx
from tests.people import NOW

SETTINGS = settings_of({"domain": "here.example"})
KEYS = accounts.KeyPairs(generate_rsa(), generate_ed25519())


def face(name: str) -> accounts.Face:
    return accounts.Face(Username(name), DisplayName(""), KEYS)


async def moved_in(tx: Tx, name: str, email: str | None = None, role: Role = "member") -> Actor:
    _, actor = await accounts.open_login(tx, NOW, SETTINGS, Email(email or f"{name}@mail.example"), "hash", role, face(name))
    return actor


async def test_a_newcomer_is_locked_speaks_to_followers_and_can_be_asked_for_keys(tx: Tx) -> None:
    ana = await moved_in(tx, "Ana")
    assert (ana.uri, ana.username, ana.host) == ("https://here.example/users/Ana", "Ana", "here.example")
    assert (ana.local, ana.locked, ana.discoverable, ana.kind) == (True, True, False, "Person")
    assert (await logins.account(tx, ana.id)).ceiling == "private"
    assert ana.published_at == NOW.replace(hour=0), "strangers learn the day alone"
    rsa, ed25519 = await keys.of_actor(tx, ana.id)
    assert (rsa.uri, rsa.kind) == (f"{ana.uri}#main-key", "rsa")
    assert pem(public_key_from_pem(rsa.public)) == pem(KEYS.rsa.public())
    assert (ed25519.uri, ed25519.kind) == (f"{ana.uri}#ed25519-key", "ed25519")
    assert pem(public_key_from_multibase(ed25519.public)) == pem(KEYS.ed25519.public())


async def test_a_name_is_given_once_however_it_is_written(tx: Tx) -> None:
    await moved_in(tx, "ana")
    for name, email in (("ana", "one@mail.example"), ("ANA", "two@mail.example")):
        with pytest.raises(Invalid, match="taken") as refused:
            await moved_in(tx, name, email=email)
        assert refused.value.field == "username"


async def test_the_name_of_somebody_who_left_is_not_given_again(tx: Tx) -> None:
    ana = await moved_in(tx, "ana")
    await tx.execute("update actor set deleted_at = $2 where id = $1", ana.id, NOW)
    with pytest.raises(Invalid, match="taken"):
        await moved_in(tx, "Ana", email="other@mail.example")


async def test_an_address_signs_in_to_one_login(tx: Tx) -> None:
    await moved_in(tx, "ana", email="ana@mail.example")
    with pytest.raises(Invalid) as refused:
        await moved_in(tx, "bo", email="ANA@mail.example")
    assert refused.value.field == "email"


async def test_a_further_persona_belongs_to_the_same_login(tx: Tx) -> None:
    login, ana = await accounts.open_login(tx, NOW, SETTINGS, Email("ana@mail.example"), "hash", "admin", face("ana"))
    other = await accounts.add_persona(tx, NOW, SETTINGS, login.id, face("quiet"))
    assert await logins.personas(tx, login.id) == sorted([ana.id, other.id])
    assert login.role == "admin"


async def test_a_login_that_is_disabled_has_neither_sessions_nor_tokens(tx: Tx) -> None:
    login, _ = await accounts.open_login(tx, NOW, SETTINGS, Email("ana@mail.example"), "hash", "member", face("ana"))
    await logins.begin_session(tx, NOW, login.id, "secret", NOW.replace(year=2030))
    assert await logins.by_session(tx, NOW, "secret") is not None
    await accounts.disable(tx, NOW, login.id)
    assert await logins.by_session(tx, NOW, "secret") is None


async def test_a_new_password_ends_every_session(tx: Tx) -> None:
    login, _ = await accounts.open_login(tx, NOW, SETTINGS, Email("ana@mail.example"), "hash", "member", face("ana"))
    await logins.begin_session(tx, NOW, login.id, "secret", NOW.replace(year=2030))
    await accounts.change_password(tx, NOW, login.id, "other hash", sign_out_apps=False)
    assert await logins.by_session(tx, NOW, "secret") is None
    known = await logins.by_email(tx, "ana@mail.example")
    assert known is not None
    assert known.password_hash == "other hash"


async def test_the_servers_own_actor_is_made_once_and_is_nobodys(tx: Tx) -> None:
    actor = await accounts.instance_actor(tx, NOW, SETTINGS)
    assert (actor.uri, actor.kind, actor.username) == ("https://here.example/actor", "Application", "here.example")
    assert actor.followers is None
    assert (await accounts.instance_actor(tx, NOW, SETTINGS)).id == actor.id
    assert await logins.residents(tx) == []
    assert await keys.secret(tx, actor.id, "rsa") is not None


@pytest.mark.parametrize(
    "name", ["", "a" * 31, "ana b", "ana-b", "änä", "ana.b", "@ana", "аna", "admin", "Root", "fediverse_circle", "ana\n"]
)
def test_a_name_that_cannot_be_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(Invalid, match=r"[.]$") as refused:
        Username(name)
    assert refused.value.field == "username"


@pytest.mark.parametrize("name", ["a", "_", "ana_1", "A" * 30, "7"])
def test_a_name_that_can_be_is_taken_as_it_is(name: str) -> None:
    assert Username(name).text == name


@pytest.mark.parametrize(
    "address",
    ["", "ana", "ana@", "@mail.example", "ana@mail", "a b@mail.example", "ana@mail..example", "ana@\nmail.example", "<ana@mail.example>"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        Email(address)


@pytest.mark.parametrize("address", ["ana@mail.example", "Ana.B+circle@mail.example", "ana@münchen.example", "o'neil@mail.example"])
def test_what_is_an_address_is_taken(address: str) -> None:
    assert Email(address).text == address
    assert address not in repr(Email(address))


def test_a_display_name_is_a_line() -> None:
    for right in ("", "Ana 🌱", "آنا", "👩\u200d👩\u200d👧"):
        assert DisplayName(right).text == right
    for wrong in ("x" * 61, "two\nlines", "turned \u202e around"):
        with pytest.raises(Invalid):
            DisplayName(wrong)

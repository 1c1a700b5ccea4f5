"""Living here: a login with its first persona, further personas, passwords, the end of a login; and the server's own actor."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fediverse_circle.config import Settings
from fediverse_circle.core.errors import Invalid, NotFound
from fediverse_circle.core.ids import ActorId, LoginId
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor, Kind, Role
from fediverse_circle.domain.audience import Visibility
from fediverse_circle.domain.credentials import DisplayName, Email, Username
from fediverse_circle.signing import Ed25519SecretKey, RsaSecretKey, SecretKey, generate_ed25519, generate_rsa, multibase, pem
from fediverse_circle.store import actors, keys, logins
from fediverse_circle.store.actors import Profile
from fediverse_circle.store.db import Tx
from fediverse_circle.store.failures import Violated
from fediverse_circle.store.logins import Login


@dataclass(frozen=True, slots=True)
class KeyPairs:
    """What an actor signs with."""

    rsa: RsaSecretKey = field(repr=False)
    ed25519: Ed25519SecretKey = field(repr=False)


async def new_key_pairs() -> KeyPairs:
    """Fresh keys, made in a thread: 20 to 50 ms of CPU, so before a transaction is opened."""
    return KeyPairs(await asyncio.to_thread(generate_rsa), generate_ed25519())


@dataclass(frozen=True, slots=True)
class Face:
    """A persona to be: what it is called, and its keys."""

    username: Username
    name: DisplayName
    key_pairs: KeyPairs


async def open_login(
    tx: Tx, now: datetime, settings: Settings, email: Email, password_hash: str, role: Role, face: Face
) -> tuple[Login, Actor]:
    """Somebody comes to live here, with a first persona."""
    if await logins.by_email(tx, email.text) is not None:
        raise Invalid("email", "Somebody signs in with that e-mail address already.", "ERR_TAKEN")
    try:
        login = await logins.insert(tx, now, email.text, password_hash, role)
    except Violated:
        raise Invalid("email", "Somebody signs in with that e-mail address already.", "ERR_TAKEN") from None
    return login, await add_persona(tx, now, settings, login.id, face)


async def add_persona(tx: Tx, now: datetime, settings: Settings, login: LoginId, face: Face) -> Actor:
    """A further face of somebody who lives here; nothing that others see tells that they belong together."""
    username = face.username.text
    uri = uris.actor(str(settings.origin), username)
    try:
        if await logins.name_is_taken(tx, username):
            raise NotFound
        actor = await actors.insert_local(
            tx, now, _profile(settings, now, uri, "Person", username, face.name.text or username, uris.followers(uri), locked=True)
        )
    except (NotFound, Violated):
        raise Invalid("username", f"The name “{username}” is taken. Please choose another.", "ERR_TAKEN") from None
    await logins.insert_account(tx, actor.id, login, "private", None)
    await _keep_keys(tx, now, actor, face.key_pairs)
    return actor


async def instance_actor(tx: Tx, now: datetime, settings: Settings) -> Actor:
    """The server's own actor, made once in its life: it signs what no person asks, speaks for nobody and cannot be followed."""
    uri = uris.instance_actor(str(settings.origin))
    known = await actors.by_uri(tx, uri)
    if known is not None:
        return known
    host = settings.handle_domain
    actor = await actors.insert_local(tx, now, _profile(settings, now, uri, "Application", host, settings.name, None, locked=True))
    await logins.insert_account(tx, actor.id, None, "private", None)
    await _keep_keys(tx, now, actor, await new_key_pairs())
    return actor


async def adjust(tx: Tx, actor: ActorId, *, ceiling: Visibility, locked: bool) -> None:
    """How widely a persona may speak at most, and whether it is asked before somebody follows."""
    if ceiling == "direct":
        raise Invalid("ceiling", "A persona may write at least to its followers.")
    await logins.adjust_account(tx, actor, ceiling, locked=locked)


async def change_password(tx: Tx, now: datetime, login: LoginId, password_hash: str, *, sign_out_apps: bool) -> None:
    """A new password: every browser must sign in again, and every app too if so wished."""
    await logins.change_password(tx, login, password_hash)
    if sign_out_apps:
        await logins.revoke_tokens(tx, now, login)


async def disable(tx: Tx, now: datetime, login: LoginId) -> None:
    """Nobody signs in with this login any more; sessions and tokens end now."""
    await logins.disable(tx, now, login)


def _profile(
    settings: Settings, now: datetime, uri: str, kind: Kind, username: str, name: str, followers: str | None, *, locked: bool
) -> Profile:
    origin = str(settings.origin)
    return Profile(
        uri=uri,
        kind=kind,
        username=username,
        host=settings.handle_domain,
        name=name,
        note="",
        url=f"{origin}/" if kind == "Application" else uris.profile_page(origin, username),
        avatar=None,
        header=None,
        fields=(),
        inbox=uris.inbox(uri),
        shared_inbox=uris.shared_inbox(origin),
        followers=followers,
        locked=locked,
        discoverable=False,
        published_at=now.replace(hour=0, minute=0, second=0, microsecond=0),  # the day is enough for strangers
    )


async def _keep_keys(tx: Tx, now: datetime, actor: Actor, key_pairs: KeyPairs) -> None:
    """Public halves where everybody finds them, secret halves apart."""
    rsa = keys.ActorKey(uris.rsa_key(actor.uri), actor.id, "rsa", pem(key_pairs.rsa.public()), now)
    ed25519 = keys.ActorKey(uris.ed25519_key(actor.uri), actor.id, "ed25519", multibase(key_pairs.ed25519.public()), now)
    await keys.replace(tx, actor.id, [rsa, ed25519])
    await keys.keep_secret(tx, actor.id, keys.SecretKey("rsa", _at_rest(key_pairs.rsa)))
    await keys.keep_secret(tx, actor.id, keys.SecretKey("ed25519", _at_rest(key_pairs.ed25519)))


def _at_rest(key: SecretKey) -> bytes:
    """The secret key as it is kept: PKCS #8, DER."""
    return key.native.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

"""Keys: the public halves of everybody, and, in a table apart, the secret halves of those who live here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain.actors import Kind
from fediverse_circle.store.db import Reader, Tx, row

KeyKind = Literal["rsa", "ed25519"]


@dataclass(frozen=True, slots=True)
class ActorKey:
    """A public key: PEM for RSA, Multikey for Ed25519."""

    uri: str
    actor_id: ActorId
    kind: KeyKind
    public: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A secret key: PKCS #8, DER."""

    kind: KeyKind
    private: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """A public key and whose it is.

    `gone`: they were deleted or suspended; `followed`: somebody here follows them, or has asked to; `resting`: we had stopped writing to their host.
    """

    kind: KeyKind
    public: str
    actor_id: ActorId
    actor_uri: str
    actor_kind: Kind
    followers: str | None
    local: bool
    gone: bool
    followed: bool
    resting: bool


async def held(db: Reader, uri: str, host: str) -> Held | None:
    """The public key of this id, its owner, and how we stand with them and with the host that they would write from."""
    record = await db.fetchrow(
        """select k.kind, k.public, a.id as actor_id, a.uri as actor_uri, a.kind as actor_kind, a.followers, a.local,
                  a.deleted_at is not null or a.suspended_at is not null as gone,
                  exists (select from follow f where f.target_id = a.id and f.state = 'accepted')
                  or exists (select from follow f where f.target_id = a.id and f.state = 'requested') as followed,
                  exists (select from destination d where d.host = $2 and d.fail_count > 0)
                  or exists (select from buried_inbox b where b.host = $2) as resting
             from actor_key k join actor a on a.id = k.actor_id
            where k.uri = $1""",
        uri,
        host,
    )
    return row(Held, record) if record else None


async def of_actor(db: Reader, actor: ActorId) -> list[ActorKey]:
    """An actor's public keys."""
    return [row(ActorKey, r) for r in await db.fetch("select * from actor_key where actor_id = $1 order by kind desc", actor)]


async def replace(tx: Tx, actor: ActorId, keys: list[ActorKey]) -> None:
    """The actor's public keys are these now.  A key id of somebody else stays theirs."""
    await tx.execute("delete from actor_key where actor_id = $1", actor)
    await tx.executemany(
        "insert into actor_key (uri, actor_id, kind, public, fetched_at) values ($1, $2, $3, $4, $5) on conflict (uri) do nothing",
        [(key.uri, actor, key.kind, key.public, key.fetched_at) for key in keys],
    )


async def keep_secret(tx: Tx, actor: ActorId, key: SecretKey) -> None:
    """Store the secret half of a key of an actor who lives here."""
    await tx.execute("insert into secret_key (actor_id, kind, private) values ($1, $2, $3)", actor, key.kind, key.private)


async def secret(db: Reader, actor: ActorId, kind: KeyKind) -> SecretKey | None:
    """The secret half of an actor's key of this kind; None for who does not live here."""
    record = await db.fetchrow("select kind, private from secret_key where actor_id = $1 and kind = $2", actor, kind)
    return row(SecretKey, record) if record else None

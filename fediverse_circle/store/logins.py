"""Logins: who signs in.  A login may have several personas; which ones belong together is known in this module and in no other.

Secrets (sessions, invitations) are stored as SHA-256: the tables open nothing to whoever reads them.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from fediverse_circle.core.ids import ActorId, LoginId
from fediverse_circle.domain.actors import Account, Role
from fediverse_circle.domain.audience import Visibility
from fediverse_circle.store.db import Reader, Tx, one, row


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who signs in."""

    id: LoginId
    email: str = field(repr=False)
    password_hash: str = field(repr=False)
    role: Role
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Resident:
    """A line of the operator's list: a persona, and the login behind it."""

    actor_id: ActorId
    username: str
    email: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


async def insert(tx: Tx, now: datetime, email: str, password_hash: str, role: Role) -> Login:
    """A new login.  The unique address is the database's to refuse (`login_email`)."""
    return one(
        Login,
        await tx.fetchrow(
            "insert into login (email, password_hash, role, created_at) values ($1, $2, $3, $4) returning *",
            email,
            password_hash,
            role,
            now,
        ),
    )


async def insert_account(tx: Tx, actor: ActorId, login: LoginId | None, ceiling: Visibility, language: str | None) -> None:
    """An actor who lives here becomes a persona of the login; of none: the server's own actor."""
    await tx.execute("insert into account (actor_id, login_id, ceiling, language) values ($1, $2, $3, $4)", actor, login, ceiling, language)


async def name_is_taken(db: Reader, username: str) -> bool:
    """Whether somebody here bears this name, or did: names are not given twice."""
    found: bool = await db.fetchval("select exists (select from actor where local and lower(username) = lower($1))", username)
    return found


async def adjust_account(tx: Tx, actor: ActorId, ceiling: Visibility, *, locked: bool) -> None:
    """How widely a persona may speak at most, and whether it is asked before somebody follows."""
    await tx.execute("update account set ceiling = $2 where actor_id = $1", actor, ceiling)
    await tx.execute("update actor set locked = $2 where id = $1 and local", actor, locked)


async def speak(tx: Tx, actor: ActorId, language: str) -> None:
    """The language that a persona writes in, unless a post says otherwise."""
    await tx.execute("update account set language = $2 where actor_id = $1", actor, language)


async def by_email(db: Reader, email: str) -> Login | None:
    """The login of this address, disabled or not."""
    record = await db.fetchrow("select * from login where lower(email) = lower($1)", email)
    return row(Login, record) if record else None


async def of_actor(db: Reader, actor: ActorId) -> Login:
    """The login behind a persona; NotFound for who does not live here."""
    return one(Login, await db.fetchrow("select l.* from login l join account a on a.login_id = l.id where a.actor_id = $1", actor))


async def personas(db: Reader, login: LoginId) -> list[ActorId]:
    """The personas of a login, oldest first."""
    return [ActorId(r["actor_id"]) for r in await db.fetch("select actor_id from account where login_id = $1 order by actor_id", login)]


async def account(db: Reader, actor: ActorId) -> Account:
    """The settings of an actor who lives here; NotFound for others."""
    return one(Account, await db.fetchrow("select actor_id, past_open, hold, ceiling, language from account where actor_id = $1", actor))


async def residents(db: Reader) -> list[Resident]:
    """Everybody who lives here, oldest first: for the operator's own eyes, on the machine itself."""
    records = await db.fetch(
        """select a.actor_id, p.username, l.email, l.role, l.created_at, l.disabled_at
             from account a join login l on l.id = a.login_id join actor p on p.id = a.actor_id
            where p.deleted_at is null order by l.created_at, a.actor_id"""
    )
    return [row(Resident, record) for record in records]


async def change_password(tx: Tx, login: LoginId, password_hash: str) -> None:
    """A new password; whoever was signed in on a page must sign in again."""
    await tx.execute("update login set password_hash = $2 where id = $1", login, password_hash)
    await tx.execute("delete from browser_session where login_id = $1", login)


async def disable(tx: Tx, now: datetime, login: LoginId) -> None:
    """Nobody signs in with this login any more, and every session and token of its personas ends now."""
    await tx.execute("update login set disabled_at = $2 where id = $1 and disabled_at is null", login, now)
    await tx.execute("delete from browser_session where login_id = $1", login)
    await revoke_tokens(tx, now, login)


async def revoke_tokens(tx: Tx, now: datetime, login: LoginId) -> None:
    """No app speaks for a persona of this login any more."""
    await tx.execute(
        """update oauth_token set revoked_at = $2
            where revoked_at is null and actor_id in (select actor_id from account where login_id = $1)""",
        login,
        now,
    )


async def begin_session(tx: Tx, now: datetime, login: LoginId, secret: str, expires_at: datetime) -> None:
    """Somebody has signed in on our pages; the secret is in their cookie."""
    await tx.execute(
        "insert into browser_session (secret_digest, login_id, created_at, expires_at) values ($1, $2, $3, $4)",
        digest(secret),
        login,
        now,
        expires_at,
    )


async def by_session(db: Reader, now: datetime, secret: str) -> Login | None:
    """Who bears this cookie; None if it has expired, was ended, or the login is disabled."""
    record = await db.fetchrow(
        """select l.* from browser_session s join login l on l.id = s.login_id
            where s.secret_digest = $1 and s.expires_at > $2 and l.disabled_at is null""",
        digest(secret),
        now,
    )
    return row(Login, record) if record else None


async def end_session(tx: Tx, secret: str) -> None:
    """Signed out."""
    await tx.execute("delete from browser_session where secret_digest = $1", digest(secret))


async def invite(tx: Tx, now: datetime, secret: str, role: Role, expires_at: datetime) -> None:
    """A link with this secret makes one login."""
    await tx.execute(
        "insert into invitation (secret_digest, role, created_at, expires_at) values ($1, $2, $3, $4)",
        digest(secret),
        role,
        now,
        expires_at,
    )


async def invited(db: Reader, now: datetime, secret: str) -> Role | None:
    """The role that a link would give; None if it was used, has expired, or never was."""
    role: Role | None = await db.fetchval("select role from invitation where secret_digest = $1 and expires_at > $2", digest(secret), now)
    return role


async def use_invitation(tx: Tx, now: datetime, secret: str) -> Role | None:
    """The role that a link gives, used up with this transaction; None if it was used, has expired, or never was."""
    role: Role | None = await tx.fetchval(
        "delete from invitation where secret_digest = $1 and expires_at > $2 returning role", digest(secret), now
    )
    return role


async def withdraw_invitations(tx: Tx, role: Role) -> None:
    """Unused links of this role open nothing any more."""
    await tx.execute("delete from invitation where role = $1", role)


async def exists(db: Reader) -> bool:
    """Whether anybody lives here yet."""
    found: bool = await db.fetchval("select exists (select from login)")
    return found

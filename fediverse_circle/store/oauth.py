"""Apps, codes and tokens.  Secrets are stored as SHA-256: the tables open nothing to whoever reads them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fediverse_circle.core.ids import ActorId, AppId, TokenId, new_id
from fediverse_circle.store.db import Reader, Tx, one, row
from fediverse_circle.store.logins import digest


@dataclass(frozen=True, slots=True)
class App:
    """A registered app: what it says of itself, where it may be answered, and how much it may ask for."""

    id: AppId
    client_id: str
    secret_digest: bytes = field(repr=False)
    name: str
    website: str | None
    redirect_uris: Sequence[str]
    scopes: Sequence[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A token, its app, and the persona it speaks for; `disabled`: nobody may act as that persona now."""

    id: TokenId
    app_id: AppId
    app_name: str
    website: str | None
    actor_id: ActorId | None
    scopes: Sequence[str]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    disabled: bool


@dataclass(frozen=True, slots=True)
class Code:
    """What a person has consented to, to be exchanged for a token once; `token_id`: it was."""

    app_id: AppId
    actor_id: ActorId
    redirect_uri: str
    scopes: Sequence[str]
    challenge: str | None
    expires_at: datetime
    token_id: TokenId | None


async def insert_app(
    tx: Tx, now: datetime, client_id: str, secret: str, name: str, website: str | None, redirect_uris: Sequence[str], scopes: Sequence[str]
) -> App:
    """A new app."""
    return one(
        App,
        await tx.fetchrow(
            """insert into oauth_app (id, client_id, secret_digest, name, website, redirect_uris, scopes, created_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8) returning *""",
            new_id(now),
            client_id,
            digest(secret),
            name,
            website,
            list(redirect_uris),
            list(scopes),
            now,
        ),
    )


async def app_by_client_id(db: Reader, client_id: str) -> App | None:
    """The app that was registered under this id."""
    record = await db.fetchrow("select * from oauth_app where client_id = $1", client_id)
    return row(App, record) if record else None


async def app_by_id(db: Reader, app: AppId) -> App:
    """The app; NotFound if there is none."""
    return one(App, await db.fetchrow("select * from oauth_app where id = $1", app))


async def insert_token(tx: Tx, now: datetime, secret: str, app: AppId, actor: ActorId | None, scopes: Sequence[str]) -> TokenId:
    """A new token, for one persona or for the app alone."""
    number = TokenId(new_id(now))
    await tx.execute(
        "insert into oauth_token (id, secret_digest, app_id, actor_id, scopes, created_at) values ($1, $2, $3, $4, $5, $6)",
        number,
        digest(secret),
        app,
        actor,
        list(scopes),
        now,
    )
    return number


async def token(db: Reader, secret: str) -> Token | None:
    """The token of this secret, revoked or not; None if there is none, or its persona was deleted."""
    record = await db.fetchrow(
        """select t.id, t.app_id, p.name as app_name, p.website, t.actor_id, t.scopes, t.created_at, t.used_at, t.revoked_at,
                  standing.disabled
             from oauth_token t join oauth_app p on p.id = t.app_id left join actor a on a.id = t.actor_id,
                  standing_of(t.actor_id) standing
            where t.secret_digest = $1 and a.deleted_at is null""",
        digest(secret),
    )
    return row(Token, record) if record else None


async def used(tx: Tx, now: datetime, token: TokenId) -> None:
    """Somebody has used this token."""
    await tx.execute("update oauth_token set used_at = $2 where id = $1", token, now)


async def tokens(db: Reader, actors: Collection[ActorId]) -> list[Token]:
    """The tokens that speak for any of these personas, newest first."""
    records = await db.fetch(
        """select t.id, t.app_id, p.name as app_name, p.website, t.actor_id, t.scopes, t.created_at, t.used_at, t.revoked_at,
                  standing.disabled
             from oauth_token t join oauth_app p on p.id = t.app_id, standing_of(t.actor_id) standing
            where t.actor_id = any($1) and t.revoked_at is null order by t.id desc""",
        list(actors),
    )
    return [row(Token, record) for record in records]


async def revoke(tx: Tx, now: datetime, token: TokenId) -> None:
    """The token opens nothing from now on."""
    await tx.execute("update oauth_token set revoked_at = $2 where id = $1 and revoked_at is null", token, now)


async def insert_code(tx: Tx, secret: str, code: Code) -> None:
    """A new code."""
    await tx.execute(
        """insert into oauth_code (secret_digest, app_id, actor_id, redirect_uri, scopes, challenge, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        digest(secret),
        code.app_id,
        code.actor_id,
        code.redirect_uri,
        list(code.scopes),
        code.challenge,
        code.expires_at,
    )


async def code_for_exchange(tx: Tx, secret: str, app: AppId) -> Code | None:
    """The code of this secret, if it was given to this app; nobody else exchanges it while the transaction is open."""
    record = await tx.fetchrow("select * from oauth_code where secret_digest = $1 and app_id = $2 for update", digest(secret), app)
    return row(Code, record) if record else None


async def exchanged(tx: Tx, secret: str, token: TokenId) -> None:
    """The code has become this token."""
    await tx.execute("update oauth_code set token_id = $2 where secret_digest = $1", digest(secret), token)

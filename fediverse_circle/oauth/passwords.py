"""Passwords at rest: Argon2id, in threads, few at a time, so that nobody can make the server spend its memory by guessing."""

import asyncio
from typing import Final, final

import argon2
from aiohttp import web

from fediverse_circle.domain.credentials import Password, composed

_AT_ONCE: Final = 2  # each takes 19 MiB and 20 to 30 ms of one core
_LONGEST: Final = 1024


@final
class Passwords:
    """Makes and checks hashes of passwords."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = self._hasher.hash("the password of nobody")

    async def hashed(self, password: Password) -> str:
        """What is stored of a password."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, composed(password.text))

    async def holds(self, password_hash: str | None, typed: str) -> bool:
        """Whether this was typed; for nobody's hash (None) the same work and No: how long it takes tells nobody who lives here."""
        async with self._turns:
            held = await asyncio.to_thread(self._verify, password_hash or self._nobodys, composed(typed[:_LONGEST]))
        return held and password_hash is not None

    def _verify(self, password_hash: str, typed: str) -> bool:
        try:
            return self._hasher.verify(password_hash, typed)
        except argon2.exceptions.VerifyMismatchError:
            return False


PASSWORDS: Final = web.AppKey("passwords", Passwords)


def of(request: web.Request) -> Passwords:
    """Those of the server that this request came to."""
    return request.config_dict[PASSWORDS]

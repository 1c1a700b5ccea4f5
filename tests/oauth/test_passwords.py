"""Passwords at rest."""

import pytest

from fediverse_circle.core.errors import Invalid
from fediverse_circle.domain.credentials import Password
from fediverse_circle.oauth.passwords import Passwords


async def test_a_password_is_known_again_and_no_other() -> None:
    passwords = Passwords()
    kept = await passwords.hashed(Password("correct horse"))
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.holds(kept, "correct horse")
    assert not await passwords.holds(kept, "correct horse ")
    assert not await passwords.holds(kept, "")
    assert not await passwords.holds(kept, "x" * 1_000_000)


async def test_nobody_has_a_password() -> None:
    assert not await Passwords().holds(None, "the password of nobody")


async def test_a_password_is_the_same_on_every_keyboard() -> None:
    passwords = Passwords()
    assert await passwords.holds(await passwords.hashed(Password("cre\u0300me bru\u0302lée")), "cr\u00e8me br\u00fbl\u00e9e")


def test_a_password_has_eight_characters_and_is_not_printed() -> None:
    with pytest.raises(Invalid, match="at least 8"):
        Password("seven77")
    with pytest.raises(Invalid, match="at most"):
        Password("x" * 257)
    assert "correct" not in repr(Password("correct horse"))

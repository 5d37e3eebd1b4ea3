"""Passwords: what one must be, and comparing it in a time that tells nothing."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from folkmoot.security.errors import InvalidAccountError

SHORTEST: Final = 10
LONGEST: Final = 200
# Each hash takes 64 MiB and tens of milliseconds by design: a flood must not take all of both.
_AT_ONCE: Final = 2


class Passwords:
    """Hashes by argon2id, in threads; `hasher` says how much each costs."""

    def __init__(self, *, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        async with self._few:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; for somebody without one (None) it takes just as long to say no."""
        if password_hash is None and self._nobodys is None:
            self._nobodys = await self.hash("nobody has this password")
        async with self._few:
            fits = await asyncio.to_thread(self._verify, password_hash or self._nobodys or "", password)
        return fits and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def checked_password(password: str, *, name: str) -> str:
    """The password, or `InvalidAccountError`: long, and not the name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidAccountError(f"a password has {SHORTEST} to {LONGEST} characters", field="password")
    if not password.isprintable():
        raise InvalidAccountError("a password has no control characters", field="password")
    if len(set(password)) < SHORTEST // 2 or password.casefold() in {name.casefold(), name.casefold() * 2}:
        raise InvalidAccountError("this password is too easy to guess; take several words", field="password")
    return password

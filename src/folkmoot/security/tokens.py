"""The administrator's token: made once, shown once, kept as a hash; and who a presented token belongs to.

Users have accounts of their own (`users.py`) and programs keys (`keys.py`); `credentials.py` knows them all.
"""

import asyncio
import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from folkmoot.kernel import Clock
from folkmoot.security.errors import NotSignedInError
from folkmoot.security.model import ADMIN, Principal, administrator
from folkmoot.security.store import TokenStore


class Tokens:
    """Makes, sets and recognises access tokens.

    A hash takes argon2 tens of milliseconds by design, so it is computed in a thread, and a token that was recognised
    once is remembered in this process by a keyed digest.
    """

    def __init__(self, *, store: TokenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._hasher = PasswordHasher()
        self._digest_key = secrets.token_bytes(32)
        self._recognised: dict[bytes, Principal] = {}
        self._admitted: set[bytes] = set()
        # A flood of wrong tokens must not occupy every thread with hashing.
        self._one_check = asyncio.Semaphore(1)

    async def ensure_admin(self, *, given: str | None = None) -> str | None:
        """See to it that there is an administrator's token: `given` (the setting) wins, else one is made.

        Returns a new random token exactly once, when it was made; None when there is one already or it was given.
        """
        known = (await self._store.hashes()).get(ADMIN)
        if given is not None:
            if known is None or not await self._matches(known[1], given):
                await self._set(given)
            return None
        if known is not None:
            return None
        return await self.renew_admin()

    async def renew_admin(self) -> str:
        """Make a new administrator's token and return it; the old one stops working."""
        token = f"fm_{secrets.token_urlsafe(32)}"
        await self._set(token)
        return token

    def admit(self, key: str) -> None:
        """Recognise `key` as the administrator's as long as this process lives; it is stored nowhere here."""
        self._admitted.add(self._digest(key))

    def is_admitted(self, key: str) -> bool:
        """Whether this is a key of this process, which no account can disable."""
        return self._digest(key) in self._admitted

    async def recognise(self, token: str | None) -> Principal:
        """Who this token belongs to; raises `NotSignedInError` for none or a wrong one."""
        if not token:
            raise NotSignedInError("sign in: send the header `Authorization: Bearer <token>`")
        digest = self._digest(token)
        if digest in self._admitted:
            return administrator()
        if (principal := self._recognised.get(digest)) is not None:
            return principal
        async with self._one_check:
            if (principal := self._recognised.get(digest)) is not None:  # by another of many who came at once
                return principal
            for name, (_, token_hash) in (await self._store.hashes()).items():
                if await self._matches(token_hash, token):
                    principal = administrator(name)
                    self._recognised[digest] = principal
                    return principal
        raise NotSignedInError(
            "this token is not known; the administrator's token was shown at the first start, "
            "and `folkmoot serve --new-token` makes another"
        )

    async def _set(self, token: str) -> None:
        hashed = await asyncio.to_thread(self._hasher.hash, token)
        await self._store.put(name=ADMIN, role=ADMIN, token_hash=hashed, at=self._clock.now())
        self._recognised.clear()

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._digest_key, token.encode("utf-8", "surrogatepass"), hashlib.sha256)

    async def _matches(self, token_hash: str, token: str) -> bool:
        try:
            return await asyncio.to_thread(self._hasher.verify, token_hash, token)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False

"""API keys: made once, shown once, kept as a keyed hash; each does at most what its user may now.

The hash is a fast one on purpose. argon2 makes guessing slow because people choose passwords that can be guessed; a
key holds 256 random bits, which no speed of guessing reaches, and it is checked with every request of a program. It is
keyed by a salt of each row, so that the same key would look different elsewhere, and compared in constant time.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from folkmoot.kernel import Clock, rfc3339
from folkmoot.security import store
from folkmoot.security.audit import AuditLog
from folkmoot.security.errors import InvalidAccountError, NotAllowedError, NotSignedInError, UnknownKeyError
from folkmoot.security.model import KEY_PREFIX, Actor, ApiKey, Principal, User
from folkmoot.security.users import checked_name
from folkmoot.storage import Database

USUAL: Final = timedelta(days=90)
LONGEST: Final = timedelta(days=731)
_NOTED_EVERY: Final = timedelta(minutes=1)  # a write for each request would be much for a date
_LONGEST_KEY: Final = 200
_UNKNOWN: Final = "this API key is not known or was revoked; make another with `folkmoot key add`"


class KeyDesk:
    """The API keys of one database. `subjects` are the scopes that some route asks for."""

    def __init__(self, *, database: Database, clock: Clock, audit: AuditLog, subjects: Collection[str]) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        areas = {one.partition(":")[0] for one in subjects}
        self.subjects = frozenset(subjects) | {f"{area}:*" for area in areas} | {"*"}

    async def add(
        self,
        name: str,
        *,
        owner: Principal,
        scopes: Collection[str] | None = None,
        expires_in: timedelta = USUAL,
        by: Actor,
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is shown here and never again.

        Raises `InvalidAccountError`; `NotAllowedError` if the owner came in by a key that may less than this one would.
        """
        if not timedelta(0) < expires_in <= LONGEST:
            raise InvalidAccountError(f"a key lives at most {LONGEST.days} days", field="expires_in_days")
        now, secret, salt = self._clock.now(), secrets.token_urlsafe(32), secrets.token_bytes(16)
        key = ApiKey(
            key_id=secrets.token_hex(8),
            user_id=owner.user_id,
            name=checked_name(name),
            scopes=self._checked(scopes, owner),
            created_at=now,
            expires_at=now + expires_in,
        )
        async with self._database.write() as session:
            await store.insert_key(session, key, salt=salt, digest=_digest(salt, secret))
            told = sorted(key.scopes) if key.scopes is not None else None
            await self._audit.record("key_created", by=by, target=key.key_id, session=session, scopes=told)  # type: ignore[arg-type]  # a list of texts is JSON
        return key, f"{KEY_PREFIX}{key.key_id}_{secret}"

    async def list(
        self, *, user_id: str | None = None, limit: int | None = None, offset: int = 0
    ) -> tuple[list[ApiKey], int]:
        """A page of a user's keys, or of all, the newest first, and how many there are."""
        async with self._database.read() as session:
            return await store.select_keys(session, user_id=user_id, limit=limit, offset=offset)

    async def revoke(self, key_id: str, *, owner: str | None = None, by: Actor) -> None:
        """End a key and what was signed in with it. Raises `UnknownKeyError`, also if it is not the `owner`'s."""
        async with self._database.write() as session:
            found = await store.select_key(session, key_id)
            if found is None or (owner is not None and found[0].user_id != owner):
                raise UnknownKeyError(f"there is no key {key_id}", key_id=key_id)
            await store.delete_keys(session, key_id=key_id)
            await self._audit.record("key_revoked", by=by, target=key_id, session=session, user_id=found[0].user_id)

    async def recognise(self, text: str) -> Principal:
        """Whose key this is, with its scopes; raises `NotSignedInError` that says why not."""
        key_id, _, secret = text.removeprefix(KEY_PREFIX).partition("_")
        if len(text) > _LONGEST_KEY or not secret or not text.isascii():
            raise NotSignedInError(_UNKNOWN)
        async with self._database.read() as session:
            found = await store.select_key(session, key_id)
        if found is None:
            hmac.compare_digest(_digest(b"nobody's", secret), b"\0" * 32)
            raise NotSignedInError(_UNKNOWN)
        key, salt, digest, user = found
        if not hmac.compare_digest(_digest(salt, secret), digest):
            raise NotSignedInError(_UNKNOWN)
        principal = of_key(key, user, now=self._clock.now())
        await self._note_use(key)
        return principal

    async def _note_use(self, key: ApiKey) -> None:
        now = self._clock.now()
        if key.last_used_at is None or now - key.last_used_at >= _NOTED_EVERY:
            async with self._database.write() as session:
                await store.mark_used(session, key.key_id, now)

    def _checked(self, scopes: Collection[str] | None, owner: Principal) -> frozenset[str] | None:
        wanted = None if scopes is None else frozenset(scopes)
        if wanted is not None and (not wanted or not wanted <= self.subjects):
            wrong = next(iter(sorted(wanted - self.subjects)), "")
            raise InvalidAccountError(
                f"'{wrong[:60]}' is not a scope; there are {', '.join(sorted(self.subjects))}", field="scopes"
            )
        if owner.scopes is not None and (wanted is None or not all(owner.allows(one) for one in wanted)):
            raise NotAllowedError("a key cannot make one that may do more than itself; name scopes that it has")
        return wanted


def of_key(key: ApiKey, user: User, *, now: datetime) -> Principal:
    """The user as far as this key goes; raises `NotSignedInError` if either has come to an end."""
    if user.disabled_at is not None:
        raise NotSignedInError("this account is disabled; an administrator can enable it")
    if key.expires_at <= now:
        raise NotSignedInError(
            f"this API key expired at {rfc3339(key.expires_at)}; make another with `folkmoot key add`"
        )
    may = user.principal
    return Principal(
        user_id=may.user_id,
        name=may.name,
        role=may.role,
        person=may.person,
        knowledge_scopes=may.knowledge_scopes,
        scopes=key.scopes,
        key_id=key.key_id,
    )


def _digest(salt: bytes, secret: str) -> bytes:
    return hmac.digest(salt, secret.encode(), hashlib.sha256)

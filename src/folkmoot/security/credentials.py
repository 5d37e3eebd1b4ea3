"""Who is behind whatever is presented, and the tokens that follow from signing in.

Four things open the API: the administrator's token (`tokens.py`), an API key (`keys.py`), an access token, and the
key of this process for commands in its home. An access token lives for minutes and is good only as long as its sign-in
is: that is looked up with each request, so that signing out, disabling and a change of role hold at once.

A refresh token is good once. Its number is the generation of the sign-in; whoever comes with an earlier number has a
token that somebody else has used already, so the whole family ends.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Protocol

from folkmoot.kernel import Clock, new_id
from folkmoot.security import store
from folkmoot.security.audit import AuditLog
from folkmoot.security.errors import NotSignedInError
from folkmoot.security.keys import KeyDesk, of_key
from folkmoot.security.model import ADMIN, KEY_PREFIX, Actor, ApiKey, Principal, SignIn, User
from folkmoot.security.signing import Kind, Signer
from folkmoot.security.tokens import Tokens
from folkmoot.security.users import UserDesk
from folkmoot.storage import Database

SOCKET_LIVES: Final = timedelta(minutes=1)
_ENDED: Final = "this sign-in has ended: it was signed out, or its account or key is gone; sign in again"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """What signing in gives: a token for the API, one for the next pair, and one for the dashboard's cookie."""

    user_id: str
    session_id: str
    access_token: str
    refresh_token: str
    page_token: str
    expires_in: timedelta
    refresh_expires_in: timedelta


class Throttle(Protocol):
    """Slows down whoever tries passwords."""

    async def admit(self, *, name: str, address: str) -> None:
        """Raise an error of the family `limited` if this name or address failed too often just now."""
        ...

    async def failed(self, *, name: str, address: str) -> None:
        """Take note of a failure."""
        ...

    async def succeeded(self, *, name: str, address: str) -> None:
        """Forget the failures of this name from this address."""
        ...


_MOST_RENEWALS: Final = 10_000


class Credentials:
    """The one door: `recognise` for requests, `sign_in…`, `refresh` and `revoke` for coming and going."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        tokens: Tokens,
        users: UserDesk,
        keys: KeyDesk,
        signer: Signer,
        audit: AuditLog,
        throttle: Throttle | None = None,
        access_lives: timedelta = timedelta(minutes=15),
        refresh_lives: timedelta = timedelta(days=30),
    ) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens
        self._users = users
        self._keys = keys
        self._signer = signer
        self._audit = audit
        self._throttle = throttle
        self._access_lives = access_lives
        self._refresh_lives = refresh_lives
        self._renewals: dict[tuple[str, str | None, str | None], tuple[float, Principal]] = {}
        self._renewing: dict[tuple[str, str | None, str | None], asyncio.Future[Principal]] = {}

    async def recognise(self, token: str | None) -> Principal:
        """Who may use the API with this; raises `NotSignedInError` that says why not and what to do."""
        return await self._recognise(token, "access")

    async def recognise_socket(self, token: str | None) -> Principal:
        """Who may open a WebSocket with this: also a token for one socket, which is used up by that."""
        return await self._recognise(token, "access", "socket")

    async def recognise_page(self, cookie: str | None) -> Principal:
        """Whose cookie of the dashboard this is; raises `NotSignedInError`."""
        if not cookie:
            raise NotSignedInError("sign in")
        return await self._of_claims(self._signer.read(cookie, "page"))

    async def renewed(self, principal: Principal, *, believed: timedelta = timedelta(0)) -> Principal:
        """Who they are by now, for what stays open after they were recognised; raises `NotSignedInError`.

        What was found for the same one at most `believed` ago is found again.
        """
        key, now = (principal.user_id, principal.session_id, principal.key_id), self._clock.monotonic()
        found = self._renewals.get(key)
        if found is not None and now - found[0] < believed.total_seconds():
            return found[1]
        if believed:  # many sockets of one user ask at once
            running = self._renewing.get(key)
            if running is None:
                running = self._renewing[key] = asyncio.ensure_future(self._renewed(principal))
                running.add_done_callback(lambda _: self._renewing.pop(key, None))
            renewed = await asyncio.shield(running)
        else:
            renewed = await self._renewed(principal)
        if len(self._renewals) > _MOST_RENEWALS:
            self._renewals.clear()
        self._renewals[key] = (now, renewed)
        return renewed

    async def _renewed(self, principal: Principal) -> Principal:
        claims = {"aud": "access", "sub": principal.user_id, "sid": principal.session_id, "kid": principal.key_id}
        return await self._of_claims(claims)

    async def sign_in(self, name: str, password: str, *, address: str = "", via: str = "password") -> Issued:
        """Raises `NotSignedInError`, the same for a wrong name as for a wrong password, and what `Throttle` raises."""
        throttled = name.strip().casefold()[:200]
        if self._throttle is not None:
            await self._throttle.admit(name=throttled, address=address)
        user = await self._users.verify(name, password)
        if user is None:
            if self._throttle is not None:
                await self._throttle.failed(name=throttled, address=address)
            # Not the name: people type a password where the name belongs.
            await self._audit.record("sign_in", by=Actor(user_id=None, address=address), ok=False, via=via)
            raise NotSignedInError("name or password is wrong, or the account is disabled")
        if self._throttle is not None:
            await self._throttle.succeeded(name=throttled, address=address)
        return await self.open(user.user_id, via=via, address=address)

    async def sign_in_by_token(self, token: str, *, address: str = "", via: str = "token") -> Issued:
        """With an API key or the administrator's token; raises `NotSignedInError` and what `Throttle` raises."""
        throttled = f"token {token[:60]}"  # nobody is slowed down because others guess
        if self._throttle is not None:
            await self._throttle.admit(name=throttled, address=address)
        try:
            principal = await self._recognise(token)
        except NotSignedInError:
            if self._throttle is not None:
                await self._throttle.failed(name=throttled, address=address)
            await self._audit.record("sign_in", by=Actor(user_id=None, address=address), ok=False, via=via)
            raise
        if self._throttle is not None:
            await self._throttle.succeeded(name=throttled, address=address)
        return await self.open(
            principal.user_id,
            via="token" if principal.key_id is None else "key",
            address=address,
            key_id=principal.key_id,
        )

    async def open(self, user_id: str, *, via: str, address: str, key_id: str | None = None) -> Issued:
        """Begin a sign-in of somebody who was recognised by other means."""
        now = self._clock.now()
        one = SignIn(
            session_id=new_id("signin"),
            user_id=user_id,
            key_id=key_id,
            via=via,
            address=address[:64],
            generation=1,
            created_at=now,
            expires_at=now + self._refresh_lives,
        )
        async with self._database.write() as session:
            await store.insert_sign_in(session, one)
            by = Actor(user_id=user_id, address=address)
            await self._audit.record("sign_in", by=by, target=one.session_id, session=session, via=via)
        return self._issued(one)

    async def refresh(self, token: str, *, address: str = "") -> Issued:
        """A new pair for a refresh token, which is used up by that; raises `NotSignedInError`."""
        claims = self._signer.read(token, "refresh")
        session_id, generation = str(claims.get("sid")), claims.get("gen")
        ends = self._clock.now() + self._refresh_lives
        reused = False
        async with self._database.write() as session:
            one, user, _ = await self._alive(session, session_id)
            fresh = isinstance(generation, int) and await store.advance(
                session, session_id, generation=generation, expires_at=ends
            )
            if not fresh:
                reused = True
                await store.end_sign_ins(session, at=self._clock.now(), session_id=session_id)
                by = Actor(user_id=user.user_id, address=address)
                await self._audit.record("refresh_reused", by=by, target=session_id, ok=False, session=session)
        if reused:
            raise NotSignedInError(
                "this refresh token was used before: somebody may have a copy, so this sign-in has ended; sign in again"
            )
        return self._issued(replace(one, generation=one.generation + 1))

    async def revoke(self, token: str, *, address: str = "") -> bool:
        """Sign out: end the sign-in of an access, refresh or page token, also of an expired one. Whether it was open.

        Raises `NotSignedInError` for what was not made here.
        """
        claims = self._signer.read(token, "access", "refresh", "page", expired=True)
        return await self.end(str(claims.get("sid")), by=Actor(user_id=str(claims["sub"]), address=address))

    async def end(self, session_id: str, *, by: Actor) -> bool:
        """End one sign-in; whether it was open."""
        async with self._database.write() as session:
            ended = await store.end_sign_ins(session, at=self._clock.now(), session_id=session_id)
            if ended:
                await self._audit.record("sign_out", by=by, target=session_id, session=session)
        return bool(ended)

    async def end_all(self, user_id: str, *, by: Actor) -> int:
        """End every sign-in of a user; how many were open."""
        async with self._database.write() as session:
            ended = await store.end_sign_ins(session, at=self._clock.now(), user_id=user_id)
            await self._audit.record("sign_out_everywhere", by=by, target=user_id, session=session, ended=ended)
        return ended

    def socket_token(self, principal: Principal) -> str:
        """A token with which they open one WebSocket within a minute."""
        came_by = {"sid": principal.session_id, "kid": principal.key_id}
        claims = {name: value for name, value in came_by.items() if value is not None}
        return self._signer.sign("socket", user_id=principal.user_id, lives=SOCKET_LIVES, **claims)

    async def tidy(self) -> int:
        """Delete what ended long ago; how many rows."""
        now = self._clock.now()
        async with self._database.write() as session:
            return await store.delete_stale(session, now=now, ended_before=now - self._refresh_lives)

    async def _recognise(self, token: str | None, *kinds: Kind) -> Principal:
        if not token:
            raise NotSignedInError("sign in: send the header `Authorization: Bearer <token>`")
        if token.startswith(KEY_PREFIX):
            return await self._keys.recognise(token)
        if kinds and token.startswith("eyJ") and token.count(".") >= 2:  # noqa: PLR2004  # header.claims.signature
            return await self._of_claims(self._signer.read(token, *kinds))
        principal = await self._tokens.recognise(token)
        if not self._tokens.is_admitted(token) and await self._users.principal(ADMIN) is None:
            raise NotSignedInError("the administrator's token is disabled; an administrator can enable its account")
        return principal

    async def _of_claims(self, claims: dict[str, Any]) -> Principal:
        if claims["aud"] == "socket":
            await self._use_up(claims)
        user_id, session_id, key_id = str(claims["sub"]), claims.get("sid"), claims.get("kid")
        user: User | None
        key: ApiKey | None
        async with self._database.read() as session:
            if session_id is not None:
                user, key = (await self._alive(session, str(session_id)))[1:]
            elif key_id is not None:
                found = await store.select_key(session, str(key_id))
                user, key = (found[3], found[0]) if found else (None, None)
            else:
                user, key = await store.select_user(session, user_id), None
        if user is None or user.disabled_at is not None or user.user_id != user_id:
            raise NotSignedInError(_ENDED)
        principal = of_key(key, user, now=self._clock.now()) if key is not None else user.principal
        return replace(principal, session_id=session_id)

    async def _alive(self, session: store.AsyncSession, session_id: str) -> tuple[SignIn, User, ApiKey | None]:
        found = await store.select_sign_in(session, session_id)
        if found is None or found[0].revoked_at is not None or found[0].expires_at <= self._clock.now():
            raise NotSignedInError(_ENDED)
        one, user, key = found
        if user.disabled_at is not None:
            raise NotSignedInError(_ENDED)
        if key is not None:
            of_key(key, user, now=self._clock.now())
        return one, user, key

    async def _use_up(self, claims: dict[str, Any]) -> None:
        ends = self._clock.now() + SOCKET_LIVES
        async with self._database.write() as session:
            fresh = await store.use_token(session, str(claims["jti"])[:64], expires_at=ends)
        if not fresh:
            raise NotSignedInError("this token has opened a socket already; get another with POST /api/auth/socket")

    def _issued(self, one: SignIn) -> Issued:
        def signed(kind: Kind, lives: timedelta, **more: int) -> str:
            return self._signer.sign(kind, user_id=one.user_id, lives=lives, sid=one.session_id, **more)

        return Issued(
            user_id=one.user_id,
            session_id=one.session_id,
            access_token=signed("access", self._access_lives),
            refresh_token=signed("refresh", self._refresh_lives, gen=one.generation),
            page_token=signed("page", self._refresh_lives),
            expires_in=self._access_lives,
            refresh_expires_in=self._refresh_lives,
        )

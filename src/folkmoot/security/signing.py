"""Signed tokens (JWT): one algorithm, one secret, one kind for each purpose, and a reason for whatever is refused.

A token's kind is its audience, so that none opens what it was not made for: `access` the API, `refresh` nothing but a
new pair, `page` the dashboard's cookie, `socket` one WebSocket. What a token says is only believed as far as its
sign-in is still alive: see `credentials.py`.
"""

import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import jwt

from folkmoot.kernel import Clock, new_id, rfc3339
from folkmoot.security.errors import NotSignedInError

Kind = Literal["access", "refresh", "page", "socket"]

ALGORITHM: Final = "HS256"
ISSUER: Final = "folkmoot"
SHORTEST_SECRET: Final = 32
_LONGEST: Final = 4096
_CLAIMS: Final = ("iss", "aud", "sub", "exp", "iat", "jti")
_AGAIN: Final[Mapping[Kind, str]] = {
    "access": "get another with POST /api/auth/refresh, or sign in again",
    "refresh": "sign in again with POST /api/auth/token",
    "page": "sign in again",
    "socket": "get another with POST /api/auth/socket; each opens one socket within its minute",
}


class Signer:
    """Makes and reads signed tokens with one secret."""

    def __init__(self, *, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def sign(self, kind: Kind, *, user_id: str, lives: timedelta, **claims: str | int) -> str:
        """A token of this kind for a user."""
        now = self._clock.now()
        said = {
            "iss": ISSUER,
            "aud": kind,
            "sub": user_id,
            "iat": int(now.timestamp()),
            "exp": int((now + lives).timestamp()),
            "jti": new_id(),
        }
        return jwt.encode({**claims, **said}, self._secret, algorithm=ALGORITHM)

    def read(self, token: str, *kinds: Kind, expired: bool = False) -> dict[str, Any]:
        """What a token of one of these kinds says; raises `NotSignedInError` with what to do.

        With `expired` one is read whose time is over.
        """
        if len(token) > _LONGEST:
            raise NotSignedInError("this is no token that was made here: it is too long")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],  # whatever the token itself says: `none` or another key type is refused
                issuer=ISSUER,
                options={"require": list(_CLAIMS), "verify_aud": False, "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidAlgorithmError as error:
            raise NotSignedInError(f"this token is not signed by {ALGORITHM}, as every token made here is") from error
        except jwt.InvalidSignatureError as error:
            raise NotSignedInError(
                "this token was not signed here, was altered, or JWT_SECRET is another one now: sign in again"
            ) from error
        except jwt.PyJWTError as error:
            raise NotSignedInError(f"this is no token that was made here ({error}): sign in again") from error
        kind = claims["aud"]
        if kind not in kinds:
            raise NotSignedInError(f"this is a token for something else ({str(kind)[:20]}); here it opens nothing")
        if not expired:
            self._check_time(kind, claims["exp"])
        return claims

    def _check_time(self, kind: Kind, exp: Any) -> None:
        ends = datetime.fromtimestamp(exp, UTC) if isinstance(exp, int) and 0 <= exp < 2**33 else None
        if ends is None or ends <= self._clock.now():
            when = f" at {rfc3339(ends)}" if ends else ""
            raise NotSignedInError(f"this {kind} token expired{when}; {_AGAIN[kind]}")


def kept_secret(file: Path) -> bytes:
    """The secret in this file of the home, readable by its owner alone; made at the first start."""
    try:
        return _long_enough(file.read_bytes(), file)
    except FileNotFoundError:
        made = secrets.token_urlsafe(48).encode()
    draft = file.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(made)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    return made


def _long_enough(secret: bytes, file: Path) -> bytes:
    if len(secret) < SHORTEST_SECRET:
        raise NotSignedInError(f"{file} holds no secret any more; remove it, and everybody signs in again")
    return secret

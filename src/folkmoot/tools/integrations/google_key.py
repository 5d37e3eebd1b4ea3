"""Access tokens of Google: asked for with a signed assertion or a refresh token, kept until shortly before their end.

The flow is RFC 7523 as Google documents it for service accounts, and RFC 6749 for refresh tokens. A token that was
refused is replaced once by `calls.py`. Many callers wait for one new token together.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from folkmoot.kernel import Clock
from folkmoot.tools.integrations.calls import Calls
from folkmoot.tools.integrations.dialect import Dialect, Kind
from folkmoot.tools.integrations.errors import (
    ServiceAnswerInvalidError,
    ServiceNotConfiguredError,
    ServiceRefusedError,
    ServiceUnauthorizedError,
)
from folkmoot.tools.integrations.google_credentials import (
    AccessToken,
    AuthorizedUser,
    GoogleCredentials,
    ServiceAccount,
)
from folkmoot.tools.integrations.keys import checked_key
from folkmoot.tools.integrations.request import CallRules

_ASSERTED_FOR: Final = timedelta(hours=1)  # the longest that Google takes
_EARLY: Final = timedelta(minutes=2)
_SHORTEST: Final = timedelta(seconds=10)
_BEARER_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class _TokenDialect(Dialect):
    """OAuth's errors: `{"error": "invalid_grant", "error_description": "..."}` with 400 or 401."""

    def kind(self, status: int, data: Any) -> Kind:
        if self.reason(data) in {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied"}:
            return Kind.UNAUTHORIZED
        return super().kind(status, data)

    def message(self, data: Any) -> str:
        told = data.get("error_description") if isinstance(data, dict) else None
        return f"{self.reason(data)}: {told}" if isinstance(told, str) else self.reason(data)

    def reason(self, data: Any) -> str:
        found = data.get("error") if isinstance(data, dict) else None
        return found if isinstance(found, str) else ""


class GoogleKey:
    """The key of one Google service, for the scopes that it needs."""

    def __init__(
        self,
        *,
        service: str,
        credentials: GoogleCredentials,
        scopes: Collection[str],
        clock: Clock,
        rules: CallRules | None = None,
    ) -> None:
        self._service = service
        self._credentials = credentials
        self._scopes = " ".join(scopes)
        self._clock = clock
        self._token = checked_key(credentials.token, service) if isinstance(credentials, AccessToken) else None
        self._ends: datetime | None = None
        self._old: set[str] = set()
        self._one_asks = asyncio.Lock()
        self._calls: Calls | None = None
        if not isinstance(credentials, AccessToken):
            self._calls = Calls(
                service=service, url=credentials.token_url, key=None, clock=clock, dialect=_TokenDialect(), rules=rules
            )

    @property
    def renewable(self) -> bool:
        return self._calls is not None

    def secrets(self) -> Collection[str]:
        tokens = self._old | ({self._token} if self._token else set())
        match self._credentials:
            case ServiceAccount(private_key=key):
                return tokens | {key}
            case AuthorizedUser(client_secret=secret, refresh_token=refresh):
                return tokens | {secret, refresh}
            case AccessToken(token=token):
                return tokens | {token}

    async def header(self, *, refused: str | None = None) -> str:
        async with self._one_asks:
            # Somebody may have renewed it since the refused one was sent.
            if self._calls is not None and (not self._good() or refused == f"Bearer {self._token}"):
                await self._renew()
        return f"Bearer {self._token}"

    async def close(self) -> None:
        if self._calls is not None:
            await self._calls.close()

    def _good(self) -> bool:
        return self._token is not None and self._ends is not None and self._clock.now() < self._ends

    async def _renew(self) -> None:
        assert self._calls is not None
        form = await self._form()
        try:
            # Asking twice gives two tokens, which harms nobody.
            data = (await self._calls.ask("POST", "", safe=True, form=form)).data
        except ServiceRefusedError as error:
            raise ServiceUnauthorizedError(error.message, **error.fields) from error
        token = self._calls.text(data, "access_token")
        lasts = data.get("expires_in")
        if not isinstance(lasts, int) or lasts <= 0 or not token.isascii() or not token.isprintable():
            raise ServiceAnswerInvalidError(
                f"{self._service} gave a token that is none, or did not say how long it is good", service=self._service
            )
        if self._token is not None:
            self._old = {self._token}  # an answer that comes late may still name it
        self._token = token
        self._ends = self._clock.now() + max(timedelta(seconds=lasts) - _EARLY, _SHORTEST)

    async def _form(self) -> dict[str, str]:
        match self._credentials:
            case ServiceAccount() as account:
                signed = await asyncio.to_thread(self._assertion, account)
                return {"grant_type": _BEARER_GRANT, "assertion": signed}
            case AuthorizedUser() as user:
                return {
                    "grant_type": "refresh_token",
                    "client_id": user.client_id,
                    "client_secret": user.client_secret,
                    "refresh_token": user.refresh_token,
                }
            case AccessToken():
                raise AssertionError("a plain token is never renewed")

    def _assertion(self, account: ServiceAccount) -> str:
        import jwt  # noqa: PLC0415  # brings cryptography, which few processes need

        now = self._clock.now()
        claims = {
            "iss": account.email,
            "scope": self._scopes,
            "aud": account.token_url,
            "iat": int(now.timestamp()),
            "exp": int((now + _ASSERTED_FOR).timestamp()),
        }
        if account.subject:
            claims["sub"] = account.subject
        headers = {"kid": account.private_key_id} if account.private_key_id else None
        try:
            return jwt.encode(claims, account.private_key, algorithm="RS256", headers=headers)
        except (ValueError, TypeError, jwt.PyJWTError):
            raise ServiceNotConfiguredError(
                f"{self._service}: the private key in the credentials cannot be used; take a new key file from Google",
                service=self._service,
            ) from None

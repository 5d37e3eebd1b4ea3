"""One attempt to ask a service: sent, read up to a limit, and judged. Whether another follows is decided in `calls.py`.

The judgement has three parts: the error a caller would get, whether another attempt may do what this one did not
(`again`), and whether the service is at fault (`counts`, for the breaker).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx
import orjson

from folkmoot.kernel import Clock, excerpt
from folkmoot.tools.integrations.dialect import Dialect, Kind, Refusal
from folkmoot.tools.integrations.errors import (
    IntegrationError,
    OutcomeUnknownError,
    ServiceAnswerInvalidError,
    ServiceConflictError,
    ServiceDownError,
    ServiceForbiddenError,
    ServiceLimitedError,
    ServiceNotFoundError,
    ServiceRefusedError,
    ServiceTooLargeError,
    ServiceUnauthorizedError,
)
from folkmoot.tools.integrations.keys import Key, without
from folkmoot.version import __version__

Expected = Literal["json", "nothing"]

# No connection was made, so nothing was sent.
_UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_LARGEST_REFUSAL: Final = 64 * 1024
_CASES: Final[Mapping[Kind, tuple[type[IntegrationError], str]]] = {
    Kind.UNAUTHORIZED: (ServiceUnauthorizedError, "does not accept the key; check it"),
    Kind.FORBIDDEN: (ServiceForbiddenError, "does not allow this to the key"),
    Kind.NOT_FOUND: (ServiceNotFoundError, "does not have this, or not for this key"),
    Kind.CONFLICT: (ServiceConflictError, "has one like it already"),
    Kind.LIMITED: (ServiceLimitedError, "takes no more calls now"),
    Kind.FAILING: (ServiceDownError, "is failing"),
    Kind.CLOSED: (ServiceDownError, "is not taking calls"),
    Kind.INVALID: (ServiceRefusedError, "refused what it was given"),
}


@dataclass(frozen=True, kw_only=True)
class CallRules:
    """How patient a client is. `timeout` is for one attempt, `whole` for all of them with the waits between."""

    timeout: timedelta = timedelta(seconds=10)
    connect: timedelta = timedelta(seconds=5)
    whole: timedelta = timedelta(seconds=25)
    attempts: int = 4
    first_wait: timedelta = timedelta(seconds=0.5)
    longest_wait: timedelta = timedelta(seconds=8)
    largest_answer: int = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked. `safe`: asking twice does what asking once does."""

    method: str
    path: str
    safe: bool
    params: Mapping[str, str | int] | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    expected: Expected = "json"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer that is no refusal. `data` is the parsed body if JSON was expected, else empty."""

    status: int
    headers: httpx.Headers
    data: dict[str, Any]


class AttemptFailedError(Exception):
    """An attempt did not succeed; see the head of this file.

    `refused_key`: with another than this it might. `reached`: the service itself was asked.
    """

    def __init__(
        self,
        error: IntegrationError,
        *,
        again: bool,
        counts: bool,
        wait: timedelta | None = None,
        refused_key: str | None = None,
        reached: bool = True,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.refused_key = refused_key
        self.reached = reached
        self.again = again
        self.counts = counts
        self.wait = wait


class Exchange:
    """Attempts at one service over one pool of connections."""

    def __init__(
        self, *, service: str, url: str, key: Key | None, clock: Clock, dialect: Dialect, rules: CallRules
    ) -> None:
        self._service = service
        self._url = url.rstrip("/")
        self._key = key
        self._clock = clock
        self._dialect = dialect
        self._rules = rules
        self._client: httpx.AsyncClient | None = None

    async def ask(self, wanted: Wanted, *, refused: str | None = None) -> Reply:
        """Send and read the answer to its end. Raises `AttemptFailedError`."""
        headers = await self._headers(refused)
        try:
            async with asyncio.timeout(self._rules.timeout.total_seconds()):
                response = await self._send(wanted, headers)
                try:
                    body = await self._read(response, self._rules.largest_answer)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise self._lost(wanted, error) from error
        return Reply(status=response.status_code, headers=response.headers, data=self._parsed(wanted, response, body))

    async def open(self, wanted: Wanted, *, refused: str | None = None) -> httpx.Response:
        """Send, and return the answer with its body unread; the caller closes it. Raises `AttemptFailedError`."""
        headers = {**await self._headers(refused), "Accept": "*/*"}
        try:
            async with asyncio.timeout(self._rules.timeout.total_seconds()):
                return await self._send(wanted, headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise self._lost(wanted, error) from error

    async def pieces(self, response: httpx.Response, largest: int) -> AsyncIterator[bytes]:
        """The body of an opened answer. Raises `IntegrationError`s when it breaks off, stands still or is too large."""
        read = 0
        try:
            async for piece in response.aiter_bytes():
                read += len(piece)
                if read > largest:
                    raise self._too_large(largest)
                yield piece
        except httpx.HTTPError as error:
            raise ServiceDownError(
                f"{self._service} broke off in the middle of an answer: {self._said(error)}", service=self._service
            ) from error
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _send(self, wanted: Wanted, headers: Mapping[str, str]) -> httpx.Response:
        client = self._opened()
        request = client.build_request(
            wanted.method,
            f"{self._url}{wanted.path}",
            params=dict(wanted.params) if wanted.params else None,
            json=wanted.json,
            data=dict(wanted.form) if wanted.form else None,
            headers=dict(headers),
        )
        response = await client.send(request, stream=True)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            try:
                body = await self._read(response, _LARGEST_REFUSAL, cut=True)
            finally:
                await response.aclose()
            raise self._refused(wanted, response, body, headers.get("Authorization"))
        return response

    async def _headers(self, refused: str | None) -> Mapping[str, str]:
        if self._key is None:
            return {}
        try:
            return {"Authorization": await self._key.header(refused=refused)}
        except IntegrationError as error:
            # Nothing was sent to the service itself; the place that gives tokens was asked as often as makes sense.
            down = isinstance(error, ServiceDownError)
            raise AttemptFailedError(error, again=False, counts=down, reached=False) from error

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            patience = httpx.Timeout(self._rules.timeout.total_seconds(), connect=self._rules.connect.total_seconds())
            # Reading every authority's certificate takes longer than a call; where there is no TLS, none is trusted.
            plain = urlsplit(self._url).scheme == "http"
            self._client = httpx.AsyncClient(
                timeout=patience,
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
                follow_redirects=False,  # a key must not follow to wherever an answer points
                trust_env=urlsplit(self._url).hostname not in _LOOPBACK,  # a proxy of the network, for the outside
                headers={"User-Agent": f"folkmoot/{__version__}", "Accept": "application/json"},
            )
        return self._client

    async def _read(self, response: httpx.Response, largest: int, *, cut: bool = False) -> bytes:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > largest:
                if cut:
                    break
                raise AttemptFailedError(self._too_large(largest), again=False, counts=False)
        return bytes(body[:largest])

    def _parsed(self, wanted: Wanted, response: httpx.Response, body: bytes) -> dict[str, Any]:
        if wanted.expected == "nothing":
            return {}
        try:
            data = orjson.loads(body)
            if not isinstance(data, dict):
                raise TypeError("every answer of these services is an object")  # noqa: TRY301  # judged below
        except (orjson.JSONDecodeError, TypeError) as error:
            shown = self._hidden(excerpt(body[:200].decode("utf-8", "replace"), 80))
            message = (
                f"{self._service} answered {response.status_code} with something that is no JSON object: {shown!r}"
            )
            unread: IntegrationError = (
                ServiceAnswerInvalidError(message, service=self._service)
                if wanted.safe
                else OutcomeUnknownError(
                    f"{message}; it may have done what it was asked, look there first", service=self._service
                )
            )
            raise AttemptFailedError(unread, again=wanted.safe, counts=True) from error
        return data

    def _lost(self, wanted: Wanted, error: Exception) -> AttemptFailedError:
        """The answer never came, or not whole."""
        said = self._said(error)
        unsent = isinstance(error, _UNSENT)
        if unsent or wanted.safe:
            down = ServiceDownError(f"{self._service} cannot be reached: {said}", service=self._service)
            return AttemptFailedError(down, again=True, counts=True)
        lost = OutcomeUnknownError(
            f"{self._service} was asked and its answer was lost ({said}); it may have done it, look there first",
            service=self._service,
        )
        return AttemptFailedError(lost, again=False, counts=True)

    def _refused(self, wanted: Wanted, response: httpx.Response, body: bytes, key: str | None) -> AttemptFailedError:
        status = response.status_code
        if status < HTTPStatus.BAD_REQUEST:
            elsewhere = ServiceAnswerInvalidError(
                f"{self._service} answered {status} and points elsewhere; check the address in the settings",
                service=self._service,
            )
            return AttemptFailedError(elsewhere, again=False, counts=False)
        refusal = self._dialect.read(status, response.headers, body, self._clock.now())
        error = self._error_for(wanted, status, refusal)
        failing = refusal.kind in {Kind.FAILING, Kind.CLOSED}
        again = refusal.kind in {Kind.LIMITED, Kind.CLOSED} or (refusal.kind is Kind.FAILING and wanted.safe)
        refused_key = key if refusal.kind is Kind.UNAUTHORIZED else None
        return AttemptFailedError(error, again=again, counts=failing, wait=refusal.wait, refused_key=refused_key)

    def _error_for(self, wanted: Wanted, status: int, refusal: Refusal) -> IntegrationError:
        case, words = _CASES[refusal.kind]
        if refusal.kind is Kind.FAILING and not wanted.safe:
            case, words = OutcomeUnknownError, "failed; it may have done what it was asked, look there first"
        said = self._hidden(refusal.message)
        error = case(f"{self._service} {words} ({status}{f': {said}' if said else ''})", service=self._service)
        error.fields |= {"status": status, "reason": refusal.reason}
        if refusal.wait is not None:
            error.fields["retry_after"] = refusal.wait.total_seconds()
        return error

    def _too_large(self, largest: int) -> ServiceTooLargeError:
        return ServiceTooLargeError(
            f"{self._service} answers with more than {largest // 1024:,} KiB, which is not read", service=self._service
        )

    def _said(self, error: Exception) -> str:
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return f"no answer within {self._rules.timeout.total_seconds():g} s"
        return self._hidden(excerpt(str(error), 200)) or type(error).__name__

    def _hidden(self, text: str) -> str:
        return without(self._key.secrets() if self._key else (), text)

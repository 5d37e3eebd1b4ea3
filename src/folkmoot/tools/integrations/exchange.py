"""One attempt to ask a service: sent, read up to a limit, and judged. Whether another follows is decided in `calls.py`.

What follows from a failed attempt stands in its `AttemptFailedError`.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
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
    ServiceNotConfiguredError,
    ServiceNotFoundError,
    ServiceRefusedError,
    ServiceTooLargeError,
    ServiceUnauthorizedError,
)
from folkmoot.tools.integrations.keys import Key, without
from folkmoot.tools.integrations.request import AttemptFailedError, CallRules, Reply, Wanted
from folkmoot.version import __version__

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
                    body = await self._read(wanted, response)
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

    async def pieces(self, response: httpx.Response, largest: int) -> AsyncGenerator[bytes]:
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
                body = await _beginning(response, _LARGEST_REFUSAL)
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
            try:
                self._client = httpx.AsyncClient(
                    timeout=patience,
                    verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
                    follow_redirects=False,  # a key must not follow to wherever an answer points
                    trust_env=urlsplit(self._url).hostname not in _LOOPBACK,  # a proxy of the network, for the outside
                    headers={"User-Agent": f"folkmoot/{__version__}", "Accept": "application/json"},
                )
            except (ImportError, ValueError, OSError) as error:
                raise ServiceNotConfiguredError(
                    f"{self._service} cannot be called with the proxy or the certificates that the environment names: "
                    f"{excerpt(str(error), 200)}",
                    service=self._service,
                ) from error
        return self._client

    async def _read(self, wanted: Wanted, response: httpx.Response) -> bytes:
        if wanted.expected == "nothing":
            return await _beginning(response, _LARGEST_REFUSAL)  # its status says everything
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > self._rules.largest_answer:
                large = self._too_large(self._rules.largest_answer)
                error = large if wanted.safe else self._unknown(large.message)
                raise AttemptFailedError(error, again=False, counts=False, doubt=True)
        return bytes(body)

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
            unread = (
                ServiceAnswerInvalidError(message, service=self._service) if wanted.safe else self._unknown(message)
            )
            raise AttemptFailedError(unread, again=wanted.safe, counts=True, doubt=True) from error
        return data

    def _lost(self, wanted: Wanted, error: Exception) -> AttemptFailedError:
        """The answer never came, or not whole."""
        said = self._said(error)
        unsent = isinstance(error, _UNSENT)
        if unsent or wanted.safe:
            down = ServiceDownError(f"{self._service} cannot be reached: {said}", service=self._service)
            return AttemptFailedError(down, again=True, counts=True, doubt=not unsent)
        lost = self._unknown(f"{self._service} was asked and its answer was lost ({said})")
        return AttemptFailedError(lost, again=False, counts=True, doubt=True)

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
        return AttemptFailedError(
            error,
            again=again,
            counts=failing,
            wait=refusal.wait,
            refused_key=refused_key,
            doubt=refusal.kind is Kind.FAILING,
        )

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

    def _unknown(self, what: str) -> OutcomeUnknownError:
        return OutcomeUnknownError(f"{what}; it may have done it, look there first", service=self._service)

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


async def _beginning(response: httpx.Response, largest: int) -> bytes:
    """As much of a body as is there, and wanted: where it breaks off, the status is known all the same."""
    body = bytearray()
    with suppress(httpx.HTTPError):
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > largest:
                break
    return bytes(body[:largest])

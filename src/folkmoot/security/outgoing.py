"""The HTTP transport behind `UrlGuard.client`: httpx as it is, above connections to judged addresses."""

import asyncio
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from folkmoot.security.errors import UnknownHostError
from folkmoot.security.judge import Judge


class JudgedConnections(httpcore.AsyncNetworkBackend):
    """Makes connections where httpcore asks for a host: to an address that the guard has just judged."""

    def __init__(self, *, guard: Judge) -> None:
        self._guard = guard
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._guard.addresses(host, port)
        except UnknownHostError as error:
            raise httpcore.ConnectError(error.message) from error
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no name server answered for '{host}'") from error
        fault: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault or httpcore.ConnectError(f"'{host}' has no address")

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002  # refused whatever they are
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  # see above, and httpcore's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  # see above
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("a guarded client opens no socket files")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """The library's transport with a pool of judged connections; each request's URL is judged, redirected ones too."""

    def __init__(self, *, guard: Judge, verify: Any = True, limits: httpx.Limits | None = None) -> None:
        context = httpx.create_ssl_context(verify=verify, trust_env=False)
        super().__init__(verify=context, trust_env=False)
        bounds = limits or httpx.Limits(max_connections=100, max_keepalive_connections=20)
        self._guard = guard
        # The library takes no backend of one's own; the pool it would have made was not used yet.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=bounds.max_connections,
            max_keepalive_connections=bounds.max_keepalive_connections,
            keepalive_expiry=bounds.keepalive_expiry,
            network_backend=JudgedConnections(guard=guard),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._guard.inspect(str(request.url))
        return await super().handle_async_request(request)

"""The guard of every address that a user can set: the server calls public addresses and nothing inside.

What comes in is a URL that somebody typed (a tool's server, a webhook, a page to read); what goes out is an HTTP client
or a connected socket that cannot reach the own network. The name is resolved here, every address it has is judged, and
the connection is made to a judged address and to no other: a name that answers differently a moment later (DNS
rebinding) changes nothing, and a redirect is judged like the first request. `Host` and the name in the TLS handshake
stay those of the URL.

Addresses that only the operator sets (`OPENAI_BASE_URL`, `OLLAMA_HOST`, `DATABASE_URL`, ...) are not judged: whoever
writes the settings owns the machine. Hosts inside that users may name are opened by `ALLOWED_HOSTS_OUT`.

Which addresses are public is in `networks`, the HTTP transports are in `outgoing`.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, TypeAlias

import httpx

from folkmoot.security.errors import UnknownHostError, UrlForbiddenError
from folkmoot.security.networks import Address, AllowedHosts, as_address, ends_in_number, is_public
from folkmoot.security.outgoing import GuardedTransport

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, in the order in which they are to be tried; empty or `OSError` when there are none."""

WEB: Final = frozenset({"http", "https"})
SOCKETS: Final = frozenset({"ws", "wss"})
TIMEOUT: Final = timedelta(seconds=30)
_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_WEB_PORTS: Final = frozenset({80, 443})
_RESERVED: Final = 1024
_HIGHEST: Final = 65535
_LONGEST: Final = 4096
_REMEDY: Final = "; ALLOWED_HOSTS_OUT={} lets the server call it"


class UrlGuard:
    """Judges addresses and makes clients that cannot leave the public network.

    `allowed` are the entries of `ALLOWED_HOSTS_OUT` (`ValueError` for a wrong one); `resolver` is the system's by
    default.
    """

    def __init__(self, *, allowed: Iterable[str] = (), resolver: Resolver | None = None) -> None:
        self._allowed = AllowedHosts(allowed)
        self._resolve = resolver or _system_addresses
        self._trust: ssl.SSLContext | None = None

    async def check(self, url: str, *, schemes: Collection[str] = WEB) -> None:
        """Raise `UrlForbiddenError` unless the server may call this URL just now.

        For a clear answer when somebody sets a URL; the clients judge again whenever they connect.
        """
        if len(url) > _LONGEST:
            raise UrlForbiddenError(f"an address has at most {_LONGEST} characters")
        target = self.inspect(url, schemes=schemes)
        await self.addresses(_host(target), _port(target))

    async def check_socket(self, url: str) -> None:
        """`check` for a WebSocket's URL (`ws`, `wss`)."""
        await self.check(url, schemes=SOCKETS)

    def client(self, *, verify: Any = True, limits: httpx.Limits | None = None, **options: Any) -> httpx.AsyncClient:
        """An `httpx.AsyncClient` that connects to judged addresses alone, redirects included.

        `options` as httpx takes them (`timeout`, `headers`, `base_url`, `auth`, `follow_redirects`, ...). Proxies and
        the environment are not asked: a proxy would resolve names by itself. A forbidden address raises
        `UrlForbiddenError` from the request, an unknown host `httpx.ConnectError`.
        """
        _refuse_ways_around(options)
        options.setdefault("timeout", TIMEOUT.total_seconds())
        transport = self.transport(verify=verify, limits=limits)
        return httpx.AsyncClient(transport=transport, trust_env=False, **options)

    def transport(self, *, verify: Any = True, limits: httpx.Limits | None = None) -> httpx.AsyncBaseTransport:
        """The transport of `client`, for a client of one's own."""
        return GuardedTransport(guard=self, verify=self._trusted(verify), limits=limits)

    def client2(self, *, verify: Any = True, **options: Any) -> Any:
        """The same as an `httpx2.AsyncClient`, which the MCP and OpenAI libraries take."""
        import httpx2  # noqa: PLC0415  # heavy, and needed by few

        from folkmoot.security.outgoing2 import GuardedTransport2  # noqa: PLC0415  # see above

        _refuse_ways_around(options)
        options.setdefault("timeout", TIMEOUT.total_seconds())
        return httpx2.AsyncClient(
            transport=GuardedTransport2(guard=self, verify=self._trusted(verify)), trust_env=False, **options
        )

    async def open_socket(self, url: str, *, within: timedelta = TIMEOUT) -> socket.socket:
        """A TCP connection to the host of a WebSocket's URL, made to a judged address.

        For `websockets.connect(url, sock=...)`, which does the rest; the caller closes it. Raises `UrlForbiddenError`,
        or `OSError` when nothing answers.
        """
        target = self.inspect(url, schemes=SOCKETS)
        port = _port(target)
        fault: OSError | None = None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(within.total_seconds()):
            for address in await self.addresses(_host(target), port):
                family = socket.AF_INET6 if as_address(address).version == 6 else socket.AF_INET  # type: ignore[union-attr]  # noqa: PLR2004  # judged addresses are addresses; IP's version
                connection = socket.socket(family, socket.SOCK_STREAM)
                connection.setblocking(False)
                try:
                    await loop.sock_connect(connection, (address, port))
                except BaseException as error:
                    connection.close()
                    if not isinstance(error, OSError) or isinstance(error, TimeoutError):
                        raise
                    fault = error
                else:
                    return connection
        raise fault or OSError(f"nothing answers at {_host(target)}:{port}")

    def inspect(self, url: str, *, schemes: Collection[str] = WEB) -> httpx.URL:
        """The URL in its parts, judged by its looks alone: scheme, user, host and port. Raises `UrlForbiddenError`."""
        url = url.strip()
        if not url.isprintable() or "\\" in url or " " in url:
            raise UrlForbiddenError("this is no web address: it has blanks, control characters or a backslash in it")
        try:
            target = httpx.URL(url)
            host = _host(target)
        except (httpx.InvalidURL, ValueError, UnicodeError) as error:
            raise UrlForbiddenError(f"this is no web address: {error}") from error
        if target.scheme not in schemes:
            wanted = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
            raise UrlForbiddenError(f"an address has to begin with {wanted}, not '{target.scheme}:'")
        if target.userinfo:
            raise UrlForbiddenError("an address may hold no user and password; give them as a header or a setting")
        if not host or "%" in host:
            raise UrlForbiddenError("this address names no host")
        if as_address(host) is None and ends_in_number(host):
            raise UrlForbiddenError(f"'{host}' is an address in an unusual notation; write it as 203.0.113.7 or a name")
        self._judge_port(_bare(host), _port(target))
        return target

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, each judged; all of them have to be allowed.

        Raises `UrlForbiddenError`, `UnknownHostError`.
        """
        name = _bare(host)
        literal = as_address(name)
        found = [name] if literal is not None else await self._resolved(name, port)
        named = self._allowed.names(name, port)
        judged: list[str] = []
        for one in found:
            address = as_address(one)
            if address is None or not (is_public(address) or self._allowed.opens(address, port, named=named)):
                raise _not_public(name, port, address)
            judged.append(str(address))
        return judged

    async def _resolved(self, name: str, port: int) -> Sequence[str]:
        found: Sequence[str] = ()
        with suppress(OSError, UnicodeError):
            found = await self._resolve(name, port)
        if not found:
            raise UnknownHostError(f"no name server knows '{name}'; is it written correctly?", host=name)
        return found

    def _trusted(self, verify: Any) -> Any:
        # Reading the usual authorities takes a tenth of a second: once for all clients.
        if verify is not True:
            return verify
        self._trust = self._trust or httpx.create_ssl_context(trust_env=False)
        return self._trust

    def _judge_port(self, host: str, port: int) -> None:
        if not 0 < port <= _HIGHEST:
            raise UrlForbiddenError(f"there is no port {port}")
        if port in _WEB_PORTS or port >= _RESERVED or self._allowed.names(host, port):
            return
        address = as_address(host)
        if address is not None and self._allowed.opens(address, port, named=False):
            return
        raise UrlForbiddenError(
            f"port {port} is no port of web servers" + _REMEDY.format(f"{host}:{port}"), host=host, port=port
        )


def _refuse_ways_around(options: dict[str, Any]) -> None:
    for name in ("transport", "mounts", "proxy", "trust_env"):
        if name in options:
            raise TypeError(f"a guarded client takes no '{name}': it would lead around the guard")


def _not_public(name: str, port: int, address: Address | None) -> UrlForbiddenError:
    shown = f"'{name}'" if address is None or name == str(address) else f"'{name}' ({address})"
    entry = name if ":" not in name else f"[{name}]"
    return UrlForbiddenError(
        f"{shown} is not on the public network, so the server does not call it" + _REMEDY.format(f"{entry}:{port}"),
        host=name,
    )


def _bare(host: str) -> str:
    return host.lower().rstrip(".").strip("[]")


def _host(target: httpx.URL) -> str:
    # As name servers are asked for it: names beyond ASCII in their encoded form.
    return target.raw_host.decode("ascii")


def _port(target: httpx.URL) -> int:
    return _PORTS[target.scheme] if target.port is None else target.port


async def _system_addresses(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # An address with a zone (`fe80::1%eth0`) has it behind the percent sign; it is judged with it.
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))

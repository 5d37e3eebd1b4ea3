"""The way to a bridge's server: a judged address, one connection, bounded in every direction.

The name is resolved and judged by the guard, and the connection is made to that address and no other; a redirect is not
followed. Compression is not offered, so that a frame is as large as it looks. Texts are taken as bytes: broken UTF-8
ends no connection.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from folkmoot.agents.outside import BridgeEntry, HeaderValue
from folkmoot.bridge.errors import BridgeLostError
from folkmoot.bridge.model import BridgeLimits, BridgeTimes
from folkmoot.kernel import FolkmootError
from folkmoot.version import __version__

TOO_BIG: Final = 1009
_QUEUE: Final = 32  # frames that are read before they are taken
_WRITE_BYTES: Final = 64 * 1024
_LONGEST_HEADER: Final = 8_000
Secrets: TypeAlias = Callable[[str], str | None]


class Guard(Protocol):
    """What of `folkmoot.security.urls.UrlGuard` bridges use."""

    async def open_socket(self, url: str, *, within: Any) -> Any:
        """A TCP connection to a judged address of the URL's host. Raises `UrlForbiddenError`, `OSError`."""
        ...


async def dial(
    entry: BridgeEntry, *, guard: Guard, secrets: Secrets, limits: BridgeLimits, times: BridgeTimes
) -> ClientConnection:
    """Connect. Raises `BridgeLostError`, which says what kept us from it."""
    connection: Any = None
    try:
        headers = headers_of(entry.headers, secrets)
        connection = await guard.open_socket(entry.address, within=times.connect)
        return await connect(
            entry.address,
            sock=connection,
            proxy=None,
            compression=None,
            additional_headers=headers,
            user_agent_header=f"folkmoot/{__version__}",
            open_timeout=times.connect.total_seconds(),
            ping_interval=times.heartbeat.total_seconds(),
            ping_timeout=times.patience.total_seconds(),
            close_timeout=times.closing.total_seconds(),
            max_size=limits.frame_bytes,
            max_queue=_QUEUE,
            write_limit=_WRITE_BYTES,
        )
    except BaseException as error:
        if connection is not None:
            with suppress(OSError):
                connection.close()
        if isinstance(error, FolkmootError):
            raise BridgeLostError(error.message) from error
        if not isinstance(error, Exception):
            raise
        raise BridgeLostError(in_words(error)) from error


def headers_of(headers: Mapping[str, HeaderValue], secrets: Secrets) -> dict[str, str]:
    """The headers with what they say now. Raises `BridgeLostError` for one that cannot be read."""
    return {name: _value(name, one, secrets) for name, one in headers.items()}


def in_words(error: BaseException) -> str:  # one for each way to fail
    """Why a connection did not come about, or ended, for people."""
    if isinstance(error, InvalidStatus):
        return f"the server refused the connection with HTTP status {error.response.status_code}"
    if isinstance(error, InvalidHandshake):
        return f"what answers there is no WebSocket server: {error}"[:300]
    if isinstance(error, ConnectionClosed):
        return _closed(error)
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there: the connection was refused"
    said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return f"the connection failed: {said or type(error).__name__}"[:300]


def is_too_big(error: ConnectionClosed) -> bool:
    """Whether we closed because a frame was over the limit."""
    return not error.rcvd_then_sent and error.sent is not None and error.sent.code == TOO_BIG


def _closed(error: ConnectionClosed) -> str:
    if is_too_big(error):
        return "the server sent a frame over the limit"
    if error.rcvd is not None:
        said = f" {error.rcvd.reason[:120]!r}" if error.rcvd.reason else ""
        return f"the server closed the connection ({error.rcvd.code}{said})"
    if error.sent is not None and "ping" in error.sent.reason:
        return "the server stalled: it did not answer a ping in time"
    return "the connection broke off"


def _value(name: str, one: HeaderValue, secrets: Secrets) -> str:
    if one.value is not None:
        return one.value
    if one.env is not None:
        found, where = secrets(one.env), f"the variable {one.env}"
    else:
        where = f"the file {one.file}"
        try:
            # A line of a few bytes on this machine's disk.
            found = Path(one.file or "").expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BridgeLostError(f"the header {name} cannot be read from {where}: {error}") from error
    if not found or not found.isprintable() or len(found) > _LONGEST_HEADER:
        raise BridgeLostError(f"the header {name} is to be read from {where}, which holds no line of text")
    return found

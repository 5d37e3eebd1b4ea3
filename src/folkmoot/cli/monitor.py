"""`folkmoot monitor`: what goes over a WebSocket, as it goes; lines typed here are sent.

It is the tool to look at a server before a bridge is set up to it, and has nothing to do with a running workplace.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import urlsplit

import typer

from folkmoot.kernel import Family, FolkmootError, rfc3339

_ARROWS: Final = {"in": "←", "out": "→"}
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_END: Final = None  # what stands in the queue of lines when no more can come
Print = Callable[[str], None]


class MonitorError(FolkmootError):
    """The WebSocket cannot be looked at."""

    code: ClassVar[str] = "monitor"
    family: ClassVar[Family] = Family.UNAVAILABLE


@dataclass(kw_only=True)
class Watching:
    """What is to be watched, and how it is shown."""

    url: str
    as_json: bool
    reconnect: bool
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    frame_bytes: int
    say: Print = typer.echo


def monitor(
    url: Annotated[str, typer.Argument(help="Address of a WebSocket: ws://… or wss://…")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each frame.")] = False,
    reconnect: Annotated[bool, typer.Option("--reconnect", help="Connect again whenever the connection ends.")] = False,
    header: Annotated[
        list[str] | None, typer.Option(help="A header as NAME=VALUE; may be given several times.")
    ] = None,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="End after so many seconds.")] = None,
    frame_mb: Annotated[int, typer.Option(min=1, max=1024, help="Largest frame that is taken, in MiB.")] = 16,
) -> None:
    """Show what goes over a WebSocket; each line that is typed is sent. Ctrl-C ends it."""
    watching = Watching(
        url=_checked(url),
        as_json=json,
        reconnect=reconnect,
        headers=_headers(header or []),
        seconds=seconds,
        frame_bytes=frame_mb * 1024 * 1024,
    )
    asyncio.run(_watch(watching))


async def _watch(watching: Watching) -> None:
    import websockets.asyncio.client  # noqa: F401  # now, and not in the time that is counted

    lines: asyncio.Queue[str | None] = asyncio.Queue()
    _read_lines(lines)
    with suppress(TimeoutError):
        async with asyncio.timeout(watching.seconds):
            pause = _FIRST_PAUSE
            while True:
                began = asyncio.get_running_loop().time()
                try:
                    await _once(watching, lines)
                except MonitorError as error:
                    if not watching.reconnect:
                        raise
                    typer.echo(f"folkmoot: {error.message}; trying again in {pause:g} s", err=True)
                if not watching.reconnect:
                    return
                if asyncio.get_running_loop().time() - began > _LONGEST_PAUSE:
                    pause = _FIRST_PAUSE
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


async def _once(watching: Watching, lines: "asyncio.Queue[str | None]") -> None:
    """One connection to its end. Raises `MonitorError` when it does not come about or ends otherwise than in order."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosedError, WebSocketException

    try:
        async with connect(
            watching.url,
            proxy=None,
            additional_headers=watching.headers,
            max_size=watching.frame_bytes,
            open_timeout=10,
            close_timeout=2,
        ) as socket:
            _tell(watching, "open", url=watching.url)
            sending = asyncio.create_task(_send(watching, socket, lines))
            try:
                async for frame in socket:
                    _tell(watching, "in", frame=frame)
            except asyncio.CancelledError:
                await socket.close()
                _tell(watching, "closed", code=1000)
                raise
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            _tell(watching, "closed", code=socket.close_code)
    except ConnectionClosedError as error:
        raise MonitorError(f"{watching.url}: {_in_words(error)}", url=watching.url) from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise MonitorError(f"cannot connect to {watching.url}: {_in_words(error)}", url=watching.url) from error


def _in_words(error: Exception) -> str:
    from folkmoot.bridge.dial import in_words  # a second, for the rare case

    return in_words(error)


async def _send(watching: Watching, socket: Any, lines: "asyncio.Queue[str | None]") -> None:
    while (line := await lines.get()) is not _END:
        await socket.send(line)
        _tell(watching, "out", frame=line)


def _tell(watching: Watching, what: str, *, frame: str | bytes | None = None, **more: Any) -> None:
    now = datetime.now(UTC)
    if watching.as_json:
        said = {"at": rfc3339(now), "event": what, **more}
        watching.say(json.dumps(said if frame is None else said | _content(frame), ensure_ascii=True))
        return
    time = now.astimezone().strftime("%H:%M:%S.%f")[:-3]
    if frame is None:
        detail = more.get("url") or f"({more.get('code')})"
        watching.say(f"{time}   {what} {_harmless(str(detail))}")
        return
    watching.say(f"{time} {_ARROWS[what]} {_harmless(_pretty(frame))}")


def _content(frame: str | bytes) -> dict[str, Any]:
    if isinstance(frame, bytes):
        return {"bytes": len(frame), "hex": frame[:256].hex()}
    with suppress(ValueError, RecursionError):
        return {"data": json.loads(frame)}
    return {"text": frame}


def _pretty(frame: str | bytes) -> str:
    if isinstance(frame, bytes):
        return f"{len(frame)} bytes: {frame[:32].hex(' ')}{' …' if len(frame) > 32 else ''}"  # noqa: PLR2004  # a line of them
    with suppress(ValueError, RecursionError):
        value = json.loads(frame)
        return json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict | list) else frame
    return frame


def _harmless(text: str) -> str:
    """What a stranger sent may hold signs that command a terminal."""
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)


def _read_lines(lines: "asyncio.Queue[str | None]") -> None:
    """Lines of standard input, from a thread: reading it cannot be waited for, nor broken off."""
    loop = asyncio.get_running_loop()

    def put(line: str | None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        # Not by `sys.stdin`: the interpreter would wait at its end for a read that goes on.
        with (
            suppress(ValueError, OSError),
            os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8", errors="replace") as typed,
        ):
            for line in typed:
                if text := line.rstrip("\r\n"):
                    put(text)
        put(_END)

    threading.Thread(target=read, name="typed", daemon=True).start()


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise typer.BadParameter(f"'{url}' is no web address: {error}") from error
    if parts.scheme not in ("ws", "wss") or not host:
        raise typer.BadParameter(f"'{url}' does not begin with ws:// or wss:// and a host")
    return url


def _headers(given: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.strip() or not one.isprintable():
            raise typer.BadParameter("a header is NAME=VALUE", param_hint="--header")
        headers[name.strip()] = value
    return headers

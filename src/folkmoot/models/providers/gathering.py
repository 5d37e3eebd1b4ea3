"""Taking what comes over a connection in a few large pieces instead of many small ones.

A server that sends a token a hundred times a second wakes this process as often, and every layer of HTTP with it. Here
the connection is left alone for a moment after each reading (`_SHORTEST`, longer when the process is busy): the kernel
gathers meanwhile, one reading takes all of it, and whoever is behind gets it in one piece.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

_SHORTEST: Final = 0.05  # seconds: what is waited for is an eye, which takes it for steady writing
_LONGEST: Final = 0.2
_BUSY: Final = 0.01  # waking up so much too late means that others want the processor


class Gatherer:
    """The pieces of `source`, as they come until `gathering` is set, and then joined.

    A task of its own reads; it ends with the source, which whoever opened the connection closes.
    """

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._parts: list[bytes] = []
        self._heard = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None
        self._window = _SHORTEST
        self._reader: asyncio.Task[None] | None = None
        self.gathering = False

    async def take(self) -> bytes | None:
        """What has come, None at the end. Raises what the source raised, after everything that came before it."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="model-stream")
        while True:
            await self._heard.wait()
            piece = b"".join(self._parts)
            self._parts.clear()
            if not self._ended:
                self._heard.clear()
            if piece:
                return piece
            if self._ended:
                if self._error is not None:
                    raise self._error
                return None

    async def end(self, patience: float) -> None:
        """Wait until the source has ended, for so many seconds at most: then its connection can be used again."""
        self.gathering = False
        if self._reader is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await asyncio.shield(self._reader)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                went_round: list[None] = []
                note = loop.call_soon(went_round.append, None)
                part = await anext(self._source, None)
                note.cancel()
                if part is None:
                    return
                self._parts.append(part)
                # The loop went round: this was read from the connection, and not left over from the last reading.
                if went_round and self.gathering:
                    await self._leave_alone()
                loop.call_soon(self._heard.set)  # when this task waits again: what is left over comes along
        except Exception as error:  # noqa: BLE001  # raised again where the pieces are taken
            self._error = error
        finally:
            self._ended = True
            self._heard.set()

    async def _leave_alone(self) -> None:
        began = time.monotonic()
        await asyncio.sleep(self._window)
        late = time.monotonic() - began > self._window + _BUSY
        self._window = min(self._window * 1.5, _LONGEST) if late else max(self._window * 0.95, _SHORTEST)

"""Taking what comes over a connection in a few large pieces instead of many small ones.

A server that sends a token a hundred times a second wakes this process as often, and every layer of HTTP with it. Here
the connection is left alone for a moment after each reading (`_SHORTEST`, longer when the process is busy): the kernel
gathers meanwhile, one reading takes all of it, and whoever is behind gets it in one piece.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

_SHORTEST: Final = 0.025  # seconds: what is waited for is an eye, which takes it for steady writing
_LONGEST: Final = 0.2
_BUSY: Final = 0.01  # waking up so much too late means that others want the processor


class Gatherer:
    """The pieces of `source`, as they come until `gathering` is set, and then joined."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._parts: list[bytes] = []
        self._heard = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None
        self._window = _SHORTEST
        self.gathering = False

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Every piece, then what the source raised, if it did."""
        reader, due = asyncio.create_task(self._read()), 0.0
        try:
            while True:
                await self._heard.wait()
                if self.gathering and not self._ended and (rest := due - time.monotonic()) > 0:
                    await asyncio.sleep(rest)
                self._heard.clear()
                ended, piece = self._ended, b"".join(self._parts)
                self._parts.clear()
                if piece:
                    yield piece
                    due = time.monotonic() + self._window
                if ended:
                    break
            if self._error is not None:
                raise self._error
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def end(self, patience: float) -> None:
        """Wait until the source has ended, for so many seconds at most: then its connection can be used again."""
        self.gathering = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self._ended:
                    self._heard.clear()
                    await self._heard.wait()
        self._heard.set()

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
                self._heard.set()
                # The loop went round: this was read from the connection, and not left over from the last reading.
                if went_round and self.gathering:
                    await self._leave_alone()
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

"""The server's side of reading: hands documents to processes of its own and ends those that take too much.

A process costs a tenth of a second to start, so it stays for the next document and ends when none comes. It is ended
at once after a document that went beyond a limit.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from folkmoot.reading.errors import HostileDocumentError, ReaderUnavailableError, as_told
from folkmoot.reading.model import Chunk, Kind, Limits, Read

Take: TypeAlias = Callable[[Sequence[Chunk]], Awaitable[None]]
"""Called with each few chunks, in the document's order; reading waits for it."""

_MODULE: Final = "folkmoot.reading.child"
_LONGEST_ANSWER: Final = 16 * 1024 * 1024
_DOCUMENTS_EACH: Final = 500
_IDLE: Final = timedelta(seconds=30)
# Settings and secrets of the server are none of the reading process's business.
_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SYSTEMROOT")


class DocumentReader:
    """Reads at most `processes` documents at once; further ones wait."""

    def __init__(self, *, limits: Limits | None = None, processes: int = 2) -> None:
        self._limits = limits or Limits()
        self._free: list[_Process] = []
        self._room = asyncio.Semaphore(processes)

    async def read(self, path: Path, take: Take, *, name: str = "", media_type: str = "") -> Read:
        """Read one file and hand its chunks to `take`.

        `name` is what people call the file, `media_type` what its sender called it: a hint between kinds of text.
        Raises an `UnreadableDocumentError` or `DocumentTooLargeError` that says what is wrong with it; `take` may have
        been called by then. Cancelling ends the process that reads.
        """
        async with self._room:
            process = self._free.pop() if self._free else await self._started()
            fit = False
            try:
                read = await process.read(path, take, name=name or path.name, media_type=media_type)
                fit = True
            finally:
                if fit and process.documents < _DOCUMENTS_EACH:
                    self._keep(process)
                else:
                    await process.end()
        return read if isinstance(read, Read) else self._raised(read)

    async def close(self) -> None:
        """End the processes that wait."""
        while self._free:
            await self._free.pop().end()

    @staticmethod
    def _raised(fault: dict[str, Any]) -> Read:
        raise as_told(fault["code"], fault["message"], fault["fields"])

    def _keep(self, process: "_Process") -> None:
        self._free.append(process)
        served = process.documents

        def end_if_idle() -> None:
            if process in self._free and process.documents == served:
                self._free.remove(process)
                process.let_go()

        asyncio.get_running_loop().call_later(_IDLE.total_seconds(), end_if_idle)

    async def _started(self) -> "_Process":
        limits = {
            "memory": self._limits.memory,
            "unpacked": self._limits.unpacked,
            "characters": self._limits.characters,
            "chunks": self._limits.chunks,
            "cpu": int(self._limits.total.total_seconds()) + 1,
        }
        kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                _MODULE,
                json.dumps(limits),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={**kept, "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"},
                limit=_LONGEST_ANSWER,
                start_new_session=True,  # an interrupt at the terminal is the server's to handle
            )
        except OSError as error:
            raise ReaderUnavailableError(
                f"the process that reads documents cannot be started ({error.strerror or error}); try again"
            ) from error
        return _Process(process, self._limits)


class _Process:
    """One process that reads."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits) -> None:
        assert process.stdin is not None  # it was started with pipes
        assert process.stdout is not None
        self._process = process
        self._in = process.stdin
        self._out = process.stdout
        self._limits = limits
        self.documents = 0

    async def read(self, path: Path, take: Take, *, name: str, media_type: str) -> Read | dict[str, Any]:
        """What was read, or the fault that the process told; raises if it died or had to be ended."""
        self.documents += 1
        request = json.dumps({"path": str(path), "name": name, "media_type": media_type})
        try:
            async with asyncio.timeout(self._limits.total.total_seconds()):
                self._in.write(request.encode("utf-8", "replace") + b"\n")
                while True:
                    told = await self._told(name)
                    if "chunks" in told:
                        await take([Chunk(**one) for one in told["chunks"]])
                    elif "read" in told:
                        return _as_read(told["read"])
                    elif "fault" in told:
                        return dict(told["fault"])
        except TimeoutError as error:
            raise HostileDocumentError(
                f"{name} takes longer to read than is allowed for one document; split it", file=name
            ) from error
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._died(name) from error

    async def _told(self, name: str) -> dict[str, Any]:
        async with asyncio.timeout(self._limits.silence.total_seconds()):
            line = await self._out.readline()
        if not line.endswith(b"\n"):
            raise self._died(name)
        told: dict[str, Any] = json.loads(line)
        return told

    def _died(self, name: str) -> HostileDocumentError:
        return HostileDocumentError(
            f"{name} cannot be read: it took more memory or time than is allowed for one document, "
            "or is damaged in a way that ends every reader; save it anew, or split it",
            file=name,
        )

    def let_go(self) -> None:
        """Let it end by itself: without further input it does."""
        self._in.close()

    async def end(self) -> None:
        """End it now."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._in.close()
        await self._process.wait()


def _as_read(told: dict[str, Any]) -> Read:
    return Read(
        kind=Kind(told["kind"]),
        title=told["title"],
        chunks=told["chunks"],
        characters=told["characters"],
        notes=tuple(told["notes"]),
    )

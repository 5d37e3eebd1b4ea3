"""Many users on sockets, messages at a rate: latency counted from when each was due, and what the server took."""

import asyncio
import gc
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from websockets.asyncio.client import ClientConnection, connect

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What was measured; times in seconds, memory in bytes."""

    sent: int = 0
    answered: int = 0
    failed: int = 0
    latencies: list[float] = field(default_factory=list)
    cpu: float = 0.0
    idle_memory: float = 0.0

    @property
    def success(self) -> float:
        return self.answered / self.sent if self.sent else 0.0

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.answered if self.answered else float("inf")

    def percentile(self, share: float) -> float:
        """The latency below which that share of the answers came."""
        if not self.latencies:
            return float("inf")
        return sorted(self.latencies)[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


def cpu_of(pid: int) -> float:
    """Seconds of processor that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_of(pid: int) -> int:
    """Bytes of memory that a process has."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


class Crowd:
    """`users` open sockets on one server."""

    def __init__(self, url: str, pid: int, *, users: int, query: str = "", frame: dict[str, str] | None = None) -> None:
        self._url = url.replace("http", "ws", 1)
        self._pid = pid
        self._users = users
        self._query = query
        self._frame = frame or {}
        self._lines: list[ClientConnection] = []
        self._readers: list[asyncio.Task[None]] = []
        self._due: list[asyncio.Future[str] | None] = []
        self.idle_memory = 0.0
        self._idle_cpu = 0.0

    async def __aenter__(self) -> Self:
        before = memory_of(self._pid)
        for first in range(0, self._users, 50):
            some = await asyncio.gather(
                *(
                    connect(
                        f"{self._url}/ws/user-{number}{self._query}", proxy=None, compression=None, ping_interval=None
                    )
                    for number in range(first, min(first + 50, self._users))
                )
            )
            self._lines += some
        await asyncio.sleep(2)
        self.idle_memory = (memory_of(self._pid) - before) / self._users
        await asyncio.sleep(10)  # our server sets connections aside of its heap meanwhile, once
        self._idle_cpu = await self._cpu_a_second()
        self._due = [None] * self._users
        self._readers = [asyncio.create_task(self._read(number)) for number in range(self._users)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for line in self._lines:
            line.transport.abort()

    def saying(self, frame: dict[str, str]) -> "Crowd":
        """The same people, who say more with each message."""
        self._frame = frame
        return self

    async def load(self, *, rate: float, seconds: float) -> Load:
        """Send `rate` messages a second in all, each by another user.

        What the server takes beyond what it takes while nothing is said counts, so that work which it puts off counts
        for the messages of that time.
        """
        (found,) = await self.loads([self._frame], rate=rate, seconds=seconds)
        return found

    async def loads(self, frames: list[dict[str, str]], *, rate: float, seconds: float) -> list[Load]:
        """The same, by turns with more said in each of these frames; what was measured of each. The processor's time
        is that of all of them.
        """
        found = [Load(idle_memory=self.idle_memory) for _ in frames]
        gc.collect()
        gc.disable()  # those who ask must not stand still
        cpu, began = cpu_of(self._pid), time.perf_counter()
        turns = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            which = number % len(frames)
            turns.append(
                asyncio.create_task(self._turn(number % self._users, number, due, found[which], frames[which]))
            )
        await asyncio.gather(*turns)
        taken = time.perf_counter() - began
        for one in found:
            one.cpu = max(cpu_of(self._pid) - cpu - self._idle_cpu * taken, 0.0)
        gc.enable()
        return found

    async def _cpu_a_second(self) -> float:
        cpu, began = cpu_of(self._pid), time.perf_counter()
        await asyncio.sleep(3)
        return (cpu_of(self._pid) - cpu) / (time.perf_counter() - began)

    async def _turn(self, user: int, number: int, due: float, found: Load, more: dict[str, str]) -> None:
        found.sent += 1
        if self._due[user] is not None:  # the same user's last one has not been answered yet
            found.failed += 1
            return
        waiting = self._due[user] = asyncio.get_running_loop().create_future()
        frame = {"type": "message", "message": f"How are you today, number {number}?", **more}
        await self._lines[user].send(json.dumps(frame))
        try:
            kind = await asyncio.wait_for(waiting, 30)
        except TimeoutError:
            kind = "timeout"
        self._due[user] = None
        if kind == "message":
            found.answered += 1
            found.latencies.append(time.perf_counter() - due)
        else:
            found.failed += 1

    async def _read(self, user: int) -> None:
        async for text in self._lines[user]:
            frame = json.loads(text)
            waiting = self._due[user]
            if frame["type"] in ("message", "error") and waiting is not None and not waiting.done():
                waiting.set_result(frame["type"])

"""A thousand users on one process: rooms with a plain handler and with the offline model, beside a bare echo.

Every share is of the same run. `--users=1000 --rate=50 --seconds=10` are the usual numbers, and half of that rate for
the offline model, whose every answer is a search and two rounds of the agent loop; `--curve` also looks for the rate at
which answers come late.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.rooms.load import Crowd, Load
from benchmarks.rooms.serve_ours import TOKEN

LATE = 0.1


async def run() -> dict[str, Any]:
    """The figures: shares of the echo's, and our own."""
    users, rate, seconds = _number("users", 1000), _number("rate", 50), _number("seconds", 10)
    with tempfile.TemporaryDirectory(prefix="folkmoot-bench-") as folder:
        query = f"?token={TOKEN}"
        with served("benchmarks.rooms.serve_echo") as (url, pid):
            async with Crowd(url, pid, users=users) as crowd:
                echo = await crowd.load(rate=rate, seconds=seconds)
        with served("benchmarks.rooms.serve_ours", str(Path(folder) / "home")) as (url, pid):
            async with Crowd(url, pid, users=5, query=query, frame={"agent": "helios"}) as first:
                await first.load(rate=2, seconds=3)  # what is imported and learned at first is no cost of a message
            async with Crowd(url, pid, users=users, query=query, frame={"agent": "echo"}) as crowd:
                # The connections are set aside of the heap meanwhile, once; see `folkmoot.assembly.heap`.
                await crowd.load(rate=rate, seconds=12)
                await crowd.saying({}).load(rate=rate, seconds=1)
                crowd.saying({"agent": "echo"})
                plain = await crowd.load(rate=rate, seconds=seconds)
                routed = await crowd.saying({}).load(rate=rate, seconds=seconds)
                offline = await crowd.saying({"agent": "helios"}).load(rate=rate / 2, seconds=seconds)
                both = await crowd.loads([{"agent": "echo"}, {"agent": "helios"}], rate=rate, seconds=seconds)
                bend = await _bend(crowd.saying({"agent": "echo"})) if "--curve" in sys.argv else None
    return {
        "users": users,
        "messages_per_second": rate,
        "echo": _shown(echo),
        "plain_handler": _shown(plain) | {"cpu_of_echo": plain.cpu_each / echo.cpu_each},
        "routed": _shown(routed) | {"cpu_of_echo": routed.cpu_each / echo.cpu_each},
        "offline_model": _shown(offline) | {"cpu_of_echo": offline.cpu_each / echo.cpu_each},
        "half_to_each": {
            name: {"success": one.success, "p99_ms": one.percentile(0.99) * 1000}
            for name, one in zip(("plain_handler", "offline_model"), both, strict=True)
        },
        "memory_of_an_idle_connection": {"ours_bytes": plain.idle_memory, "echo_bytes": echo.idle_memory},
        **({"bends_at_messages_per_second": bend} if bend is not None else {}),
    }


async def _bend(crowd: Crowd) -> float:
    """The highest rate tried at which 99 of 100 answers come within a tenth of a second."""
    rate = best = 50.0
    while rate <= 3000:  # more than one process can
        found = await crowd.load(rate=rate, seconds=5)
        if found.success < 1 or found.percentile(0.99) > LATE:
            break
        best, rate = rate, rate * 1.4
    return best


def _shown(load: Load) -> dict[str, float]:
    return {
        "success": load.success,
        "p50_ms": load.percentile(0.5) * 1000,
        "p99_ms": load.percentile(0.99) * 1000,
        "cpu_ms_each": load.cpu_each * 1000,
    }


@contextmanager
def served(module: str, *arguments: str) -> Iterator[tuple[str, int]]:
    """A server process of this module: its URL and process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(f"{module} did not start")
        yield url, process.pid
    finally:
        process.kill()
        process.wait()


def _number(name: str, usual: int) -> int:
    for word in sys.argv:
        if word.startswith(f"--{name}="):
            return int(word.partition("=")[2])
    return usual


if __name__ == "__main__":
    print(asyncio.run(run()))

"""Streams of a model through a whole server: ours, bare pydantic-ai and a raw httpx proxy, each in its own process.

A stub model sends each stream 100 tokens a second. So many people at once ask again and again; measured are the time to
the first words, and how many at once get them within a tenth of a second in 99 of 100 cases.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.conversations import served
from benchmarks.rooms.load import cpu_of
from benchmarks.rooms.serve_ours import TOKEN
from benchmarks.streaming_model import model_server
from benchmarks.token_server import TOKENS

SECONDS: Final = 6.0
AT_ONCE: Final = (1, 10, 20, 40, 60)
QUICK: Final = 0.1


async def run() -> dict[str, Any]:
    """For each kind of server and number of streams: the time to the first words, and what the server took."""
    found: dict[str, Any] = {}
    most: dict[str, int] = {}
    with model_server() as model_url, tempfile.TemporaryDirectory(prefix="folkmoot-bench-") as folder:
        for kind in ("proxy", "bare", "ours"):
            arguments = [kind, f"{model_url}/v1", *([str(Path(folder) / "home")] if kind == "ours" else [])]
            with served("benchmarks.rooms.serve_streams", *arguments) as (url, pid):
                await _measured(kind, url, pid, 2, 9.0)  # what is imported and learned at first is no cost of a stream
                most[kind] = 0
                for streams in AT_ONCE:
                    one = await _measured(kind, url, pid, streams, SECONDS)
                    found[f"{kind}, {streams} at once"] = one
                    if one["first words, p99 ms"] <= QUICK * 1000:
                        most[kind] = streams
    alone = {kind: found[f"{kind}, 1 at once"]["first words, median ms"] for kind in most}
    return {
        **found,
        "at once with p99 below 100 ms": most,
        "first words, ours to the proxy's": alone["ours"] / alone["proxy"],
    }


async def _measured(kind: str, url: str, pid: int, streams: int, seconds: float) -> dict[str, float]:
    firsts: list[float] = []
    cpu, began = cpu_of(pid), time.perf_counter()
    until = time.monotonic() + seconds
    await asyncio.gather(*(_person(kind, url, number / streams, until, firsts) for number in range(streams)))
    taken = time.perf_counter() - began
    cpu = cpu_of(pid) - cpu
    firsts.sort()
    return {
        "first words, median ms": statistics.median(firsts) * 1000,
        "first words, p99 ms": firsts[min(int(len(firsts) * 0.99), len(firsts) - 1)] * 1000,
        "processor, microseconds a token": cpu / (len(firsts) * TOKENS) * 1e6,
        "share of a core": cpu / taken,
    }


async def _person(kind: str, url: str, later: float, until: float, firsts: list[float]) -> None:
    await asyncio.sleep(later)  # they do not all begin in one moment
    place = urlsplit(url)
    body, marker, path = b"{}", b"data: ", "/stream"
    head = ""
    if kind == "ours":
        body = json.dumps({"message": "Go", "agent": "writer"}).encode()
        marker, path, head = b"event: chunk", "/api/chat/stream", f"Authorization: Bearer {TOKEN}\r\n"
    request = (
        f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n{head}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        began, heard, first = time.perf_counter(), b"", 0.0
        writer.write(request)
        while piece := await reader.read(65536):
            if not first:
                heard += piece
                if marker in heard:
                    first = time.perf_counter() - began
        writer.close()
        if not first:
            raise RuntimeError(f"{kind} answered without words: {heard[:300]!r}")
        firsts.append(first)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run()), indent=2))
    sys.exit(0)

"""What passing on a model's stream costs: ours, bare pydantic-ai, and a raw proxy that understands nothing.

A stub server in another process sends each stream 100 tokens a second. So many streams at once run back to back for a
while, each is written out as server-sent events; measured are the processor time of this process for a token and the
time from asking to the first token. `ours` is `ModelHub.stream` with everything about it: limits, breaker, time-outs.
"""

import asyncio
import contextlib
import multiprocessing
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.token_server import TOKENS, serve

SECONDS: Final = 6.0
AT_ONCE: Final = (20, 100)
Ask = Callable[[], AsyncIterator[str]]


@dataclass
class _Seen:
    firsts: list[float] = field(default_factory=list)
    streams: int = 0
    written: int = 0


async def run() -> dict[str, Any]:
    """For each way and number of streams: microseconds a token, and the time to the first one in milliseconds."""
    found: dict[str, Any] = {"tokens a second, a stream": 100}
    with model_server() as url:
        for name, ways in (("raw proxy", _proxy), ("bare pydantic-ai", _bare), ("ours", _ours)):
            async with ways(f"{url}/v1") as ask:
                await _measured(ask, 2, 2.0)  # imports and connections
                for streams in AT_ONCE:
                    found[f"{name}, {streams} streams"] = await _measured(ask, streams, SECONDS)
    for streams in AT_ONCE:
        own, bare = found[f"ours, {streams} streams"], found[f"bare pydantic-ai, {streams} streams"]
        found[f"processor time, ours to bare, {streams} streams"] = (
            own["microseconds a token"] / bare["microseconds a token"]
        )
    return found


async def _measured(ask: Ask, streams: int, seconds: float) -> dict[str, float]:
    seen, until = _Seen(), time.monotonic() + seconds
    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_reader(ask, seen, until, number / streams) for number in range(streams)))
    worked, took = time.process_time() - worked, time.perf_counter() - began
    firsts = sorted(seen.firsts)
    return {
        "microseconds a token": worked / (seen.streams * TOKENS) * 1e6,
        "share of a core": worked / took,
        "tokens a second": seen.streams * TOKENS / took,
        "first token, median ms": statistics.median(firsts) * 1e3,
        "first token, p99 ms": firsts[min(len(firsts) - 1, int(len(firsts) * 0.99))] * 1e3,
    }


async def _reader(ask: Ask, seen: _Seen, until: float, later: float) -> None:
    await asyncio.sleep(later)  # they do not all begin in one moment
    while time.monotonic() < until:
        began, first = time.perf_counter(), True
        async for piece in ask():
            seen.written += len(f"data: {piece}\n\n".encode())
            if first:
                seen.firsts.append(time.perf_counter() - began)
                first = False
        seen.streams += 1


@contextlib.asynccontextmanager
async def _proxy(url: str) -> AsyncIterator[Ask]:
    import httpx

    body = {"model": "stub", "stream": True, "messages": [{"role": "user", "content": "Go"}]}
    limits = httpx.Limits(max_connections=500, max_keepalive_connections=500)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=30) as client:

        async def ask() -> AsyncIterator[str]:
            async with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
                async for piece in answer.aiter_raw():
                    yield piece.decode()

        yield ask


@contextlib.asynccontextmanager
async def _bare(url: str) -> AsyncIterator[Ask]:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    agent = Agent(OpenAIChatModel("stub", provider=OpenAIProvider(base_url=url, api_key="none")))

    async def ask() -> AsyncIterator[str]:
        async with agent.run_stream("Go") as result:
            async for piece in result.stream_text(delta=True, debounce_by=None):
                yield piece

    yield ask


@contextlib.asynccontextmanager
async def _ours(url: str) -> AsyncIterator[Ask]:
    from folkmoot.models import ModelHub, ModelSettings
    from folkmoot.models.providers import Offline, OpenAICompatible

    settings = ModelSettings(openai_base_url=url)
    hub = ModelHub(settings=settings, providers=[OpenAICompatible(settings), Offline()])
    handle = await hub.warm_up("openai:stub")

    async def ask() -> AsyncIterator[str]:
        async for piece in hub.stream(handle, instructions="", prompt="Go"):
            if isinstance(piece, str):
                yield piece

    yield ask
    await hub.close()


@contextlib.contextmanager
def model_server() -> Iterator[str]:
    """A stub model in a process of its own: its URL."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        if not here.poll(30):
            raise TimeoutError("the stub server did not start")
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.kill()
        process.join()

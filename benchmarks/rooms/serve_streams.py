"""What passes a model's stream on over HTTP: `proxy` by raw httpx, `bare` by pydantic-ai alone, `ours` as it is served.

`python -m benchmarks.rooms.serve_streams proxy|bare|ours MODEL_URL [HOME]` prints its URL and ends with its stdin.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from benchmarks.rooms.serve_ours import run, serve, stdin_ends


def proxy(model_url: str) -> Starlette:
    """Understands nothing of what it passes on."""
    import httpx

    limits = httpx.Limits(max_connections=500, max_keepalive_connections=500)
    client = httpx.AsyncClient(trust_env=False, limits=limits, timeout=30)
    body = {"model": "stub", "stream": True, "messages": [{"role": "user", "content": "Go"}]}

    async def answer(_request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            async with client.stream("POST", f"{model_url}/chat/completions", json=body) as heard:
                async for piece in heard.aiter_raw():
                    yield piece

        return StreamingResponse(pieces(), media_type="text/event-stream")

    return Starlette(routes=[Route("/stream", answer, methods=["POST"])])


def bare(model_url: str) -> Starlette:
    """An agent of pydantic-ai, and nothing around it."""
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    agent = Agent(OpenAIChatModel("stub", provider=OpenAIProvider(base_url=model_url, api_key="none")))

    async def answer(_request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            async with agent.run_stream("Go") as result:
                async for piece in result.stream_text(delta=True, debounce_by=None):
                    yield f"data: {json.dumps(piece)}\n\n".encode()

        return StreamingResponse(pieces(), media_type="text/event-stream")

    return Starlette(routes=[Route("/stream", answer, methods=["POST"])])


async def _ours(model_url: str, home: Path) -> None:
    from folkmoot.agents import AgentDefinition
    from folkmoot.agents.kinds import SpecialistAgent

    writer = SpecialistAgent(AgentDefinition(agent_id="writer", name="Writer", description="Writes."))
    await serve(home, [writer], until=stdin_ends(), MODEL="openai:stub", OPENAI_BASE_URL=model_url)


if __name__ == "__main__":
    kind, url = sys.argv[1:3]
    if kind == "ours":
        asyncio.run(_ours(url, Path(sys.argv[3])))
    else:
        asyncio.run(run({"proxy": proxy, "bare": bare}[kind](url), until=stdin_ends()))

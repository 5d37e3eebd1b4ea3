"""A model server for tests: real HTTP on a loopback port, OpenAI's protocol, and answers that the test wrote before.

    stub_model.say("Hello.")                       # one answer in words
    stub_model.call("search_knowledge", query="x") # one tool call
    stub_model.decide(winner="mira")               # one typed answer, by tool or by JSON schema, as it is asked for
    stub_model.fail(429, retry_after=0.01)         # one refusal

Answers are used up in order; with none left it says what it was asked, after `thinking` seconds. `requests` keeps every
request's body. With `routes` set, whoever asks which agent is to answer gets that one ("" is none), beside the script.
It also answers `/api/tags` as an Ollama does.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """One answer. `delay` seconds pass before it, `pause` between its streamed pieces; `breaks_after` so many."""

    text: str | None = None
    tool: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pause: float = 0.0
    breaks_after: int | None = None


class StubModel:
    """The server and what it was told to answer."""

    def __init__(self) -> None:
        self.models = ["stub-small", "stub-large"]
        self.key: str | None = None
        self.abilities: list[str] | None = None  # of an Ollama's model; None is an Ollama that does not say
        self.requests: list[dict[str, Any]] = []
        self.url = ""
        self.thinking = 0.0
        self.routes: str | None = None
        self._script: deque[Scripted] = deque()

    @property
    def base_url(self) -> str:
        """As `OPENAI_BASE_URL`; `url` without the path is an `OLLAMA_HOST`."""
        return f"{self.url}/v1"

    def say(self, text: str, *, delay: float = 0.0, pause: float = 0.0, breaks_after: int | None = None) -> None:
        self._script.append(Scripted(text=text, delay=delay, pause=pause, breaks_after=breaks_after))

    def call(self, tool: str, **arguments: Any) -> None:
        self._script.append(Scripted(tool=tool, arguments=arguments))

    def decide(self, **fields: Any) -> None:
        self._script.append(Scripted(tool="*", arguments=fields))

    def fail(self, status: int, *, message: str = "no", retry_after: float | None = None) -> None:
        body = json.dumps({"error": {"message": message, "type": "stub", "code": None}}).encode()
        # The SDK's own first wait is half a second; tests name a shorter one.
        headers = {} if retry_after is None else {"retry-after-ms": str(retry_after * 1000)}
        self._script.append(Scripted(status=status, raw=body, headers=headers))

    def send_raw(self, raw: bytes) -> None:
        self._script.append(Scripted(raw=raw))

    def forget(self) -> None:
        """Drop what is left of the script."""
        self._script.clear()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", self._completions, methods=["POST"]),
                Route("/api/tags", self._tags),
                Route("/api/show", self._show, methods=["POST"]),
            ]
        )

    async def _models(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def _tags(self, request: Request) -> Response:  # noqa: ARG002  # an Ollama asks for no key
        return JSONResponse({"models": [{"name": name} for name in self.models]})

    async def _show(self, request: Request) -> Response:  # noqa: ARG002  # every model of it is alike
        return JSONResponse({} if self.abilities is None else {"capabilities": self.abilities})

    async def _completions(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        body = await request.json()
        if self.routes is not None and _last_words(body).startswith("Agents:\n"):
            chosen = Scripted(tool="*", arguments={"agent_id": self.routes, "reason": ""})
            return JSONResponse(_whole(body, _message(chosen, body)))
        self.requests.append(body)
        echo = Scripted(text=f"You said: {_last_words(body)}", delay=self.thinking)
        scripted = self._script.popleft() if self._script else echo
        await asyncio.sleep(scripted.delay)
        if scripted.raw is not None:
            return Response(
                scripted.raw, status_code=scripted.status, media_type="application/json", headers=scripted.headers
            )
        message = _message(scripted, body)
        if body.get("stream"):
            return StreamingResponse(_events(scripted, body, message), media_type="text/event-stream")
        return JSONResponse(_whole(body, message))

    def _refused(self, request: Request) -> Response | None:
        if self.key is None or request.headers.get("authorization") == f"Bearer {self.key}":
            return None
        return JSONResponse({"error": {"message": "Incorrect API key provided", "type": "auth"}}, status_code=401)


def _message(scripted: Scripted, body: dict[str, Any]) -> dict[str, Any]:
    if scripted.tool is None:
        return {"role": "assistant", "content": scripted.text}
    if scripted.tool == "*" and "response_format" in body:
        return {"role": "assistant", "content": json.dumps(scripted.arguments)}
    name = body["tools"][-1]["function"]["name"] if scripted.tool == "*" else scripted.tool
    call = {"name": name, "arguments": json.dumps(scripted.arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
    }


async def _events(scripted: Scripted, body: dict[str, Any], message: dict[str, Any]) -> AsyncIterator[bytes]:
    for count, delta in enumerate(_deltas(message)):
        if scripted.breaks_after is not None and count >= scripted.breaks_after:
            raise ConnectionResetError("the stub breaks off")
        yield _event(body, [{"index": 0, "delta": delta, "finish_reason": None}])
        await asyncio.sleep(scripted.pause)
    yield _event(body, [{"index": 0, "delta": {}, "finish_reason": _ending(message)}])
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _event(body, [], usage=_usage(body, message))
    yield b"data: [DONE]\n\n"


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for call in message.get("tool_calls", []):
        whole = call["function"]["arguments"]
        start = {**call, "function": {"name": call["function"]["name"], "arguments": whole[:3]}}
        yield {"role": "assistant", "tool_calls": [{"index": 0, **start}]}
        yield {"tool_calls": [{"index": 0, "function": {"arguments": whole[3:]}}]}
    for word in (message["content"] or "").split(" ") if message["content"] else ():
        yield {"role": "assistant", "content": f"{word} "}


def _event(body: dict[str, Any], choices: list[dict[str, Any]], **more: Any) -> bytes:
    chunk = _envelope(body, "chat.completion.chunk") | {"choices": choices} | more
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _envelope(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-stub", "object": kind, "created": 1_767_603_600, "model": body["model"]}


def _whole(body: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": _ending(message)}
    return _envelope(body, "chat.completion") | {"choices": [choice], "usage": _usage(body, message)}


def _ending(message: dict[str, Any]) -> str:
    return "tool_calls" if message.get("tool_calls") else "stop"


def _usage(body: dict[str, Any], message: dict[str, Any]) -> dict[str, int]:
    asked = sum(len(str(one.get("content") or "").split()) for one in body["messages"])
    said = len(str(message.get("content") or message.get("tool_calls")).split())
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _last_words(body: dict[str, Any]) -> str:
    said = next((one["content"] for one in reversed(body["messages"]) if one["role"] == "user"), "")
    return said if isinstance(said, str) else " ".join(str(part.get("text", "")) for part in said)


@contextmanager
def serving(stub: StubModel) -> Iterator[StubModel]:
    """Serve on a free loopback port, in a thread of its own."""
    config = uvicorn.Config(stub.app(), host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    started = threading.Event()

    async def serve() -> None:
        socket = config.bind_socket()
        stub.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        socket.listen()  # from now on a connection waits instead of being refused
        started.set()
        await server.serve(sockets=[socket])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="stub-model")
    thread.start()
    assert started.wait(10), "the stub server did not start"
    try:
        yield stub
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def stub_model() -> Iterator[StubModel]:
    """A running `StubModel` with an empty script."""
    with serving(StubModel()) as stub:
        yield stub

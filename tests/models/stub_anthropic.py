"""Anthropic's Messages API, as its own documents it: what a request must have, and how answers and streams look."""

import json
from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.models.stub_family import Scripted, StubFamily, words_in

_KINDS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


class StubAnthropic(StubFamily):
    """`POST /v1/messages` and `GET /v1/models`."""

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/v1/messages", self._messages, methods=["POST"]), Route("/v1/models", self._models)]
        )

    async def _messages(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse(self.error(401, "invalid API key"), status_code=401)
        return await self.answer(request, stream=bool((await request.json()).get("stream")))

    async def _models(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.key}" or not request.headers.get("anthropic-version"):
            return JSONResponse(self.error(401, "invalid API key"), status_code=401)
        return JSONResponse({"data": [{"id": "claude-stub", "type": "model"}], "has_more": False})

    def fault(self, request: Request, body: dict[str, Any]) -> str | None:  # noqa: PLR0911  # one line a rule
        if not request.headers.get("anthropic-version"):
            return "anthropic-version: header is required"
        if missing := [name for name in ("model", "max_tokens", "messages") if not body.get(name)]:
            return f"{missing[0]}: field required"
        roles = [one["role"] for one in body["messages"]]
        if roles[0] != "user" or not set(roles) <= {"user", "assistant"}:
            return "messages: first message must use the 'user' role"
        if any(not one["content"] for one in body["messages"]):
            return "messages: content must be non-empty"
        if _ids(body, "tool_use", "id") != _ids(body, "tool_result", "tool_use_id"):
            return "messages: tool_use ids were found without tool_result blocks"
        if any("input_schema" not in tool for tool in body.get("tools", [])):
            return "tools: input_schema: field required"
        return None

    def asked(self, body: dict[str, Any]) -> str:
        content = body["messages"][-1]["content"]
        return content if isinstance(content, str) else " ".join(one.get("text", "") for one in content)

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = _KINDS.get(status, "overloaded_error" if status == 529 else "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_stub"}

    def whole(self, scripted: Scripted, body: dict[str, Any]) -> dict[str, Any]:
        block, reason = self._block(scripted, body)
        usage = {"input_tokens": words_in(body["messages"]), "output_tokens": words_in(block)}
        return _message(body) | {"content": [block], "stop_reason": reason, "usage": usage}

    def pieces(self, scripted: Scripted, body: dict[str, Any]) -> Iterator[bytes]:
        block, reason = self._block(scripted, body)
        start = _message(body) | {"usage": {"input_tokens": words_in(body["messages"]), "output_tokens": 1}}
        yield _event("message_start", message=start)
        if block["type"] == "tool_use":
            yield _event("content_block_start", index=0, content_block=block | {"input": {}})
            whole = json.dumps(block["input"])
            for part in (whole[:4], whole[4:]):
                yield _event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": part})
        else:
            yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
            yield _event("ping")
            for word in block["text"].split(" "):
                yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": f"{word} "})
        yield _event("content_block_stop", index=0)
        usage = {"output_tokens": words_in(block)}
        yield _event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=usage)
        yield _event("message_stop")

    def _block(self, scripted: Scripted, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
        if scripted.tool is None:
            return {"type": "text", "text": scripted.text}, "end_turn"
        name = body["tools"][-1]["name"] if scripted.tool == "*" else scripted.tool
        number = len(self.requests)
        return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": scripted.arguments}, "tool_use"


def _ids(body: dict[str, Any], kind: str, name: str) -> set[str]:
    lists = [one["content"] for one in body["messages"] if isinstance(one["content"], list)]
    return {part[name] for content in lists for part in content if part["type"] == kind}


def _message(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_stub",
        "type": "message",
        "role": "assistant",
        "model": f"{body['model']}-20260101",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()

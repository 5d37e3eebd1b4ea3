"""Google's Gemini API, as its own documents it: what a request must have, and how answers and streams look."""

import json
from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.models.stub_family import Scripted, StubFamily, words_in

_KINDS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}


class StubGoogle(StubFamily):
    """`generateContent`, `streamGenerateContent` and the list of models."""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1beta/models", self._models),
                Route("/v1beta/models/{asked}", self._generate, methods=["POST"]),
            ]
        )

    async def _models(self, request: Request) -> Response:
        if request.headers.get("x-goog-api-key") != self.key:
            return JSONResponse(self.error(401, "API key not valid"), status_code=401)
        return JSONResponse({"models": [{"name": "models/gemini-stub", "displayName": "Stub"}]})

    async def _generate(self, request: Request) -> Response:
        if request.headers.get("x-goog-api-key") != self.key:
            return JSONResponse(self.error(401, "API key not valid"), status_code=401)
        model, _, method = request.path_params["asked"].partition(":")
        if method == "generateContent":
            return await self.answer(request, stream=False)
        if method == "streamGenerateContent" and request.query_params.get("alt") == "sse":
            return await self.answer(request, stream=True)
        return JSONResponse(self.error(404, f"no method {method} of {model}"), status_code=404)

    def fault(self, request: Request, body: dict[str, Any]) -> str | None:  # noqa: ARG002  # the header was looked at
        if not body.get("contents"):
            return "contents is not specified"
        for one in body["contents"]:
            if one.get("role") not in {"user", "model"} or not one.get("parts"):
                return "Please use a valid role: user, model, and parts"
        calls = sum("functionCall" in part for one in body["contents"] for part in one["parts"])
        answers = sum("functionResponse" in part for one in body["contents"] for part in one["parts"])
        if calls != answers:
            return "the number of function response parts is not that of the function call parts"
        return None

    def asked(self, body: dict[str, Any]) -> str:
        return " ".join(part.get("text", "") for part in body["contents"][-1]["parts"])

    def error(self, status: int, message: str) -> dict[str, Any]:
        return {"error": {"code": status, "message": message, "status": _KINDS.get(status, "UNAVAILABLE")}}

    def whole(self, scripted: Scripted, body: dict[str, Any]) -> dict[str, Any]:
        part = self._part(scripted, body)
        return _answer([part], usage=_usage(body, part), ended=True)

    def pieces(self, scripted: Scripted, body: dict[str, Any]) -> Iterator[bytes]:
        part = self._part(scripted, body)
        if "text" in part:
            for word in part["text"].split(" "):
                yield _event(_answer([{"text": f"{word} "}]))
        else:
            yield _event(_answer([part]))
        yield _event(_answer([{"text": ""}], usage=_usage(body, part), ended=True))

    def _part(self, scripted: Scripted, body: dict[str, Any]) -> dict[str, Any]:
        if scripted.tool is None:
            return {"text": scripted.text}
        offered = [one for tool in body["tools"] for one in tool["functionDeclarations"]]
        name = offered[-1]["name"] if scripted.tool == "*" else scripted.tool
        return {"functionCall": {"name": name, "args": scripted.arguments}}


def _answer(parts: list[dict[str, Any]], *, usage: dict[str, int] | None = None, ended: bool = False) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if ended:
        candidate["finishReason"] = "STOP"
    return {
        "candidates": [candidate],
        "modelVersion": "gemini-stub-001",
        "responseId": "stub",
        **({"usageMetadata": usage} if usage else {}),
    }


def _usage(body: dict[str, Any], part: dict[str, Any]) -> dict[str, int]:
    asked, said = words_in(body["contents"]), words_in(part)
    return {"promptTokenCount": asked, "candidatesTokenCount": said, "totalTokenCount": asked + said}


def _event(answer: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(answer)}\n\n".encode()

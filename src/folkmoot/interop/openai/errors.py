"""Errors below `/v1` in the form that OpenAI's clients read: `{"error": {message, type, param, code}}`.

The fields of a problem (RFC 9457) stand beside it, so that a client of ours reads what it knows. This is done for the
finished answer, whichever wall or route made it.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkmoot.kernel import Family, FolkmootError

PREFIX: Final = "/v1/"
_PROBLEM: Final = "application/problem+json"
_TYPES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
# What OpenAI calls the same.
_CODES: Final[Mapping[str, str]] = {
    "not_signed_in": "invalid_api_key",
    "unknown_agent": "model_not_found",
    "rate_limited": "rate_limit_exceeded",
    "unauthorized": "invalid_api_key",
}
# Asked again at once these would be answered the same, after another run of the agent.
_FINAL: Final = frozenset({"answer_failed", "nobody_answers"})


class UnsupportedError(FolkmootError):
    """Something is asked for that agents do not do here; `field` names it."""

    code: ClassVar[str] = "unsupported_parameter"
    family: ClassVar[Family] = Family.INVALID


class UnreadableError(FolkmootError):
    """A field of the request cannot be taken as it is; `field` names it."""

    code: ClassVar[str] = "invalid_value"
    family: ClassVar[Family] = Family.INVALID


class TooLongError(FolkmootError):
    """There is more text than is taken."""

    code: ClassVar[str] = "context_length_exceeded"
    family: ClassVar[Family] = Family.INVALID


class UnknownModelNameError(FolkmootError):
    """No model has that name: agents are `agent:<id>`."""

    code: ClassVar[str] = "model_not_found"
    family: ClassVar[Family] = Family.NOT_FOUND


class OpenAIFault(BaseModel):
    """What OpenAI's clients read of an error. `param` is the field that is wrong, if one is."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


_SCHEMA: Final = {
    "allOf": [{"$ref": "#/components/schemas/Problem"}],
    "type": "object",
    "required": ["error"],
    "properties": {"error": OpenAIFault.model_json_schema()},
}


def fault(message: str, *, status: int, code: str, param: str | None = None) -> dict[str, Any]:
    """The value of `error`."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    return OpenAIFault(
        message=message, type=_TYPES.get(status, kind), param=param, code=_CODES.get(code, code)
    ).model_dump()


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides success, for the OpenAPI document."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {_PROBLEM: {"schema": _SCHEMA}},
        }
        for status in statuses
    }


class OpenAIErrors:
    """ASGI middleware around everything: a problem below `/v1` gets `error`, and 422 is 400 there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def translated(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if MutableHeaders(scope=message).get("content-type", "").startswith(_PROBLEM):
                    start = message
                else:
                    await send(message)
            elif start is None or message["type"] != "http.response.body":
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await _send(start, bytes(body), send)

        await self._app(scope, receive, translated)


async def _send(start: Message, body: bytes, send: Send) -> None:
    problem = json.loads(body)
    if start["status"] == HTTPStatus.UNPROCESSABLE_ENTITY:
        start["status"] = problem["status"] = int(HTTPStatus.BAD_REQUEST)
        problem["title"] = HTTPStatus.BAD_REQUEST.phrase
    code = str(problem["type"]).rpartition("/")[2]
    problem["error"] = fault(problem["detail"], status=start["status"], code=code, param=_param(problem))
    written = json.dumps(problem, ensure_ascii=False).encode()
    headers = MutableHeaders(scope=start)
    headers["content-length"] = str(len(written))
    if code in _FINAL:
        headers["x-should-retry"] = "false"
    await send(start)
    await send({"type": "http.response.body", "body": written})


def _param(problem: Mapping[str, Any]) -> str | None:
    wrong = problem.get("errors") or []
    found = wrong[0]["field"] if wrong else problem.get("field")
    return str(found).removeprefix("body.") if found else None

"""`Idempotency-Key`: a POST that is sent twice with one key takes effect once and answers the same both times.

The key is reserved before the request runs and the answer is kept with it for a day. A refused request (4xx) changed
nothing, so it gives its key back. A key whose request never got an answer, because the server died, answers 409: what
became of it is to be looked up, not guessed.
"""

import hashlib
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkmoot.kernel import Clock
from folkmoot.security import Principal
from folkmoot.web.problems import problem
from folkmoot.web.store import IdempotencyStore

KEPT: Final = timedelta(days=1)
_LONGEST_KEY: Final = 255
_LARGEST_ANSWER: Final = 1024 * 1024
_UPLOAD_TYPE: Final = "multipart/"
# The answer bears a token, of which only a hash may be kept.
_SHOWN_ONCE: Final = frozenset({"/api/consents", "/api/keys"})
_NEVER_KEPT: Final = "/api/auth/"  # signing in twice is two sign-ins


class Idempotency:
    """ASGI middleware for POST requests under `/api/` that bear the header; uploads are left to their own rules."""

    def __init__(self, app: ASGIApp, *, store: IdempotencyStore, clock: Clock) -> None:
        self._app = app
        self._store = store
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        fits = scope["type"] == "http" and scope["method"] == "POST" and path.startswith("/api/")
        if not fits or path.startswith(_NEVER_KEPT):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        header = request.headers.get("idempotency-key")
        if header is None or request.headers.get("content-type", "").startswith(_UPLOAD_TYPE):
            await self._app(scope, receive, send)
            return
        if not 0 < len(header) <= _LONGEST_KEY:
            refusal = problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", "Idempotency-Key has 1 to 255 characters"
            )
            await refusal(scope, receive, send)
            return
        body = await request.body()
        key = _digest(_caller(request), scope["path"], header)
        asked = _digest(scope["path"], str(request.url.query), body.decode("utf-8", "replace"))
        earlier = await self._store.reserve(key, request_digest=asked, at=self._clock.now())
        if earlier is None:
            await self._run(key, scope, body, send)
            return
        if earlier.request_digest != asked:
            answer: Response = problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key was used for a different request; choose a new one",
            )
        elif earlier.status is None:
            answer = problem(
                HTTPStatus.CONFLICT,
                "idempotency_key_in_use",
                "a request with this Idempotency-Key is running or was cut off; look up its effect first",
            )
        else:
            answer = Response(earlier.body, status_code=earlier.status, media_type=earlier.media_type)
            answer.headers["Idempotent-Replay"] = "true"
        await answer(scope, receive, send)

    async def _run(self, key: str, scope: Scope, body: bytes, send: Send) -> None:
        status, media_type, parts = 0, "application/json", bytearray()

        async def replayed() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def watched(message: Message) -> None:
            nonlocal status, media_type
            if message["type"] == "http.response.start":
                status = message["status"]
                media_type = dict(message["headers"]).get(b"content-type", b"application/json").decode()
            elif len(parts) <= _LARGEST_ANSWER:
                parts.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, replayed, watched)
        too_large = len(parts) > _LARGEST_ANSWER
        if status < HTTPStatus.BAD_REQUEST and (too_large or scope["path"] in _SHOWN_ONCE):
            # The key stays taken: what was carried out must not be carried out again for want of its answer.
            code, why = ("answer_not_kept", "was too large to keep") if too_large else ("shown_once", "is shown once")
            said = problem(HTTPStatus.CONFLICT, code, f"this request was carried out; its answer {why}")
            await self._store.answer(key, status=409, media_type="application/problem+json", body=bytes(said.body))
        elif status < HTTPStatus.BAD_REQUEST:
            await self._store.answer(key, status=status, media_type=media_type, body=bytes(parts))
        elif status < HTTPStatus.INTERNAL_SERVER_ERROR:
            await self._store.release(key)


def _caller(request: Request) -> str:
    """Whose keys these are: the user's, whatever token they come with; a program's key has its own."""
    principal = request.scope.get("state", {}).get("principal")
    if isinstance(principal, Principal):
        return f"{principal.user_id} {principal.key_id or ''}"
    return request.headers.get("authorization", "")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

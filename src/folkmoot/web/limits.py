"""How large a request body may be: checked before it is read, and again while it is read."""

import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkmoot.web.problems import problem

BODY_LIMIT: Final = 2 * 1024 * 1024
UPLOAD_LIMIT: Final = 1024 * 1024 * 1024
_UPLOADS: Final = re.compile(r"/api/twins/[^/]+/imports|/dashboard/_nicegui/client/[^/]+/upload/\d+")


class BodyLimit:
    """ASGI middleware: a body over the limit of its route answers 413 and reaches no handler whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = UPLOAD_LIMIT if _UPLOADS.fullmatch(scope["path"]) else BODY_LIMIT
        refusal = problem(413, "body_too_large", f"the body is larger than {limit // 1024 // 1024} MiB, the limit here")
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await refusal(scope, receive, send)
            return
        read, started, refused = 0, False, False

        async def counted() -> Message:
            nonlocal read, refused
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                # The handler sees a client that went away; what it answers to that is not sent.
                refused = True
                return {"type": "http.disconnect"}
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            if refused and not started:
                return
            started = True
            await send(message)

        await self._app(scope, counted, watched)
        if refused and not started:
            await refusal(scope, receive, send)

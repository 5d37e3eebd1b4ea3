"""How large a request body may be: checked before it is read, and again while it is read."""

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkmoot.web.problems import problem

MEBIBYTE: Final = 1024 * 1024
# Uploads of exports, of knowledge (files alone: a JSON body there is as large as any other), and of the pages.
_UPLOADS: Final = re.compile(
    r"/api/twins/[^/]+/imports|/api/knowledge(/[^/]+)?|/dashboard/_nicegui/client/[^/]+/upload/\d+"
)
# Messages may bring pictures and documents along.
_CHATS: Final = re.compile(r"/api/chat/(message|stream)|/v1/chat/completions")
# What is read and thrown away so that a client that is still sending gets to read its answer.
_DRAINED: Final = 1024 * MEBIBYTE
_DRAIN_SECONDS: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The largest bodies, in bytes: of an ordinary request, of a message with attachments, and of an upload."""

    body: int = 2 * MEBIBYTE
    chat: int = 20 * MEBIBYTE
    upload: int = 1024 * MEBIBYTE


class BodyLimit:
    """ASGI middleware: a body over the limit of its route answers 413 and reaches no handler whole."""

    def __init__(self, app: ASGIApp, *, limits: Limits | None = None) -> None:
        self._app = app
        self._limits = limits or Limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._limit(scope["path"], headers)
        size = f"{limit // MEBIBYTE} MiB" if limit >= MEBIBYTE else f"{limit} bytes"
        refusal = problem(413, "body_too_large", f"the body is larger than {size}, the limit here")
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            # Who asks before sending (`Expect`) has sent nothing that would have to be read first.
            if "expect" not in headers and int(declared) <= _DRAINED:
                await _drain(receive)
            await refusal(scope, receive, send)
            return
        reading = _Reading(receive, send, limit=limit)
        try:
            await self._app(scope, reading.receive, reading.send)
        except ClientDisconnect:
            if not reading.refused:
                raise
        if reading.refused and not reading.started:
            if not reading.ended:
                await _drain(receive)
            await refusal(scope, receive, send)

    def _limit(self, path: str, headers: Headers) -> int:
        if _CHATS.fullmatch(path):
            return max(self._limits.chat, self._limits.body)
        if not _UPLOADS.fullmatch(path):
            return self._limits.body
        form = headers.get("content-type", "").startswith("multipart/")
        return max(self._limits.upload, self._limits.body) if form else self._limits.body


class _Reading:
    """One request on its way in: whether it was too large, whether its body ended, whether an answer has begun."""

    def __init__(self, receive: Receive, send: Send, *, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.refused = False
        self.ended = False
        self.started = False

    async def receive(self) -> Message:
        if self.refused:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            # The handler sees a client that went away; what it answers to that is not sent.
            self.refused, self.ended = True, not message.get("more_body", False)
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if self.refused and not self.started:
            return
        self.started = True
        await self._send(message)


async def _drain(receive: Receive) -> None:
    """Read on until the body ends, within bounds: an answer to a client that still sends is lost on the way."""
    read, more = 0, True
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while more and read <= _DRAINED:
                message = await receive()
                if message["type"] != "http.request":
                    return
                read += len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        return

"""Counts, times and traces every request, and gives it the id that its log lines and its answer bear.

By route and not by path, so that ids do not become labels. A client's own `X-Request-ID` is kept if it looks like one.
"""

import re
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkmoot.kernel import new_id
from folkmoot.telemetry import Metrics, Tracing, bound_to
from folkmoot.telemetry.traces import known_parent

REQUEST_ID: Final = "X-Request-ID"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAULT: Final = 500


class Measuring:
    """ASGI middleware over everything else."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, tracing: Tracing | None = None) -> None:
        self._app = app
        self._metrics = metrics
        self._tracing = tracing or Tracing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _ID.fullmatch(given) else new_id()
        with bound_to(request_id=request_id):
            if scope["type"] == "websocket":
                await self._app(scope, receive, send)
            elif self._tracing.on:
                await self._traced(scope, receive, send, request_id)
            else:
                await self._measured(scope, receive, send, request_id)

    async def _traced(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        with self._tracing.span(
            scope["method"],
            kind="server",
            parent=known_parent(Headers(scope=scope).get("traceparent")),
            **{"http.request.method": scope["method"], "folkmoot.request_id": request_id},
        ) as span:
            status = await self._measured(scope, receive, send, request_id)
            route = _route(scope)
            span.rename(f"{scope['method']} {route}")
            span.put("http.route", route)
            span.put("http.response.status_code", status)
            if status >= _FAULT:
                span.fail(str(status))

    async def _measured(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> int:
        started, status = time.perf_counter(), _FAULT

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).setdefault(REQUEST_ID, request_id)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = _route(scope)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.http_requests.labels(method, route, str(status)).inc()
            self._metrics.http_seconds.labels(route).observe(time.perf_counter() - started)
        return status


def _route(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) and path else "other"

"""Counts and times every request, by route and not by path, so that ids do not become labels."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkmoot.telemetry import Metrics


class Measuring:
    """ASGI middleware over everything else."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.http_requests.labels(scope["method"], route, str(status)).inc()
            self._metrics.http_seconds.labels(route).observe(time.perf_counter() - started)

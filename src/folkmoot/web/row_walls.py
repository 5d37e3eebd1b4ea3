"""Reads of people who are no administrators see their own rows alone, whatever a query forgot: see `storage.acting`."""

from starlette.types import ASGIApp, Receive, Scope, Send

from folkmoot.security import Principal
from folkmoot.storage import only_rows_of


class RowWalls:
    """ASGI middleware, below the one that says who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        principal = scope.get("state", {}).get("principal")
        reads = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}
        if not reads or not isinstance(principal, Principal) or principal.is_admin:
            await self._app(scope, receive, send)
            return
        with only_rows_of(principal.user_id):
            await self._app(scope, receive, send)

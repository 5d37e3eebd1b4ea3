"""Middleware in a row, asked at each point of a message's way by those that have something to say there.

The first is the outermost: it sees a message first when it is sent and handled, and last before it is stored.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from folkmoot.messaging.broker import Delivery, Handler, Reply
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware.middleware import Happening, Middleware
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")


class Chain:
    """What a broker asks. A point at which no middleware does anything costs nothing."""

    def __init__(self, middleware: Sequence[Middleware] = ()) -> None:
        self._sending = _those(middleware, "sending")
        self._storing = _those(middleware, "storing")
        self._reading = _those(middleware, "reading")[::-1]
        self._packing = _those(middleware, "packing")
        self._unpacking = _those(middleware, "unpacking")[::-1]
        self._handling = _those(middleware, "handling")[::-1]
        self._too_late_at = _those(middleware, "too_late_at")
        self._trying_again = _those(middleware, "trying_again")
        self._happened = _those(middleware, "happened")
        self.changes = bool(self._sending)
        """Whether `sending` has anything to do."""
        self.hears = bool(self._happened)
        """Whether anybody is told by `happened`."""
        self.seals = bool(self._storing or self._reading)
        """Whether what is stored may differ from what was sent, or what is handled from what is stored."""

    async def sending(self, message: AgentMessage) -> AgentMessage:
        """See `Middleware.sending`."""
        for change in self._sending:
            message = await change(message)
        return message

    def storing(self, message: AgentMessage) -> AgentMessage:
        """See `Middleware.storing`."""
        for change in self._storing:
            message = change(message)
        return message

    def reading(self, message: AgentMessage) -> AgentMessage:
        """See `Middleware.reading`."""
        for change in self._reading:
            message = change(message)
        return message

    def packing(self, chunk: bytes, message_id: str) -> bytes:
        """See `Middleware.packing`."""
        for change in self._packing:
            chunk = change(chunk, message_id)
        return chunk

    def unpacking(self, chunk: bytes, message_id: str) -> bytes:
        """See `Middleware.unpacking`."""
        for change in self._unpacking:
            chunk = change(chunk, message_id)
        return chunk

    def around(self, handle: Handler) -> Handler:
        """`handle` with every middleware around it."""
        for wrap in self._handling:
            handle = _around(wrap, handle)
        return handle

    def too_late_at(self, message: AgentMessage) -> datetime | None:
        """See `Middleware.too_late_at`."""
        earliest: datetime | None = None
        for ask in self._too_late_at:
            end: datetime | None = self._asked(ask, message)
            if end is not None and (earliest is None or end < earliest):
                earliest = end
        return earliest

    def trying_again(self, message: AgentMessage, attempt: int, error: Exception) -> timedelta | None:
        """See `Middleware.trying_again`."""
        for ask in self._trying_again:
            wait: timedelta | None = self._asked(ask, message, attempt, error)
            if wait is not None:
                return wait
        return None

    def _asked(self, ask: Callable[..., Any], message: AgentMessage, *more: object) -> Any:
        """What a middleware says; nothing where it cannot answer, as its message must end in some way all the same."""
        try:
            return ask(message, *more)
        except Exception:  # noqa: BLE001  # one middleware's fault must not keep a message in hand for ever; it is logged
            _log.exception("middleware_failed", middleware=ask.__qualname__, message_id=message.message_id)
            return None

    def happened(self, what: Happening, message: AgentMessage) -> None:
        """See `Middleware.happened`."""
        for hear in self._happened:
            try:
                hear(what, message)
            except Exception:  # noqa: BLE001  # what happened stands, whoever cannot bear to hear of it; it is logged
                _log.exception("happening_not_told", happening=what.value, message_id=message.message_id)


def _those(middleware: Sequence[Middleware], point: str) -> list[Callable[..., Any]]:
    """The methods of those that do anything at a point."""
    plain = getattr(Middleware, point)
    return [getattr(one, point) for one in middleware if getattr(type(one), point) is not plain]


def _around(wrap: Callable[[Delivery, Handler], Awaitable[Reply]], handle: Handler) -> Handler:
    async def handled(delivery: Delivery) -> Reply:
        return await wrap(delivery, handle)

    return handled

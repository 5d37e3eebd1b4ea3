"""`WS /ws`: everything that happens, as it happens, resumable by event id (SPEC J3).

Frames out are `{type, id, timestamp, subject, ...data}`. `?after=ID` (or `last_event_id`) replays what came after that
event first. Types: `task_*`, `agent_*`, `message_*`, `tool_call` (one waits, began or ended), and what becomes of
consents, imports and twins. In: `ping` answers `pong`, `status` the status, each also as `{"type": ...}`.
"""

import asyncio
import json
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from folkmoot.api.system import status_of
from folkmoot.events import Event
from folkmoot.kernel import rfc3339
from folkmoot.security import NotSignedInError, Principal
from folkmoot.web import Parts, of_socket
from folkmoot.web.ownership import EventSight
from folkmoot.web.principal import NOT_SIGNED_IN

router = APIRouter()
BAD_REQUEST: Final = 4400
TOO_SLOW: Final = 4408
SEND_SECONDS: Final = 20.0
STILL: Final = timedelta(seconds=1)  # how long a socket believes that whoever opened it is who they were


def frame_of(event: Event) -> dict[str, Any]:
    """An event as `/ws` sends it."""
    head = {"type": event.type, "id": event.id, "timestamp": rfc3339(event.timestamp), "subject": event.subject}
    return {**event.data, **head}


@router.websocket("/ws")
async def live(socket: WebSocket) -> None:
    """Follow the event log."""
    await socket.accept()
    wanted = socket.query_params.get("after") or socket.query_params.get("last_event_id")
    if wanted is not None and not (wanted.isdecimal() and len(wanted) <= 18):  # noqa: PLR2004  # fits 64 bits
        await socket.close(BAD_REQUEST, "after is the id of an event: a whole number")
        return
    rooms: Parts = socket.app.state.parts
    principal = await of_socket(socket)
    after = int(wanted) if wanted is not None else await rooms.events.latest_id()
    one_at_a_time = asyncio.Lock()
    listener = _Listener(rooms, principal)

    async def send(frame: dict[str, Any]) -> None:
        async with one_at_a_time, asyncio.timeout(SEND_SECONDS):
            await socket.send_text(json.dumps(frame, ensure_ascii=False, default=str))

    tasks = [
        asyncio.create_task(_tell(rooms, listener, send, after)),
        asyncio.create_task(_listen(rooms, socket, listener, send)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except TimeoutError:
        with suppress(RuntimeError):
            await socket.close(TOO_SLOW, "frames were not taken; come back with ?after=<last id>")
    except NotSignedInError as error:
        with suppress(RuntimeError):
            await socket.close(NOT_SIGNED_IN, error.message[:120])
    except (WebSocketDisconnect, RuntimeError):
        pass  # the client went away: it comes back with the last id it saw
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Listener:
    """Whoever opened the socket, as they are by now: what they may hear changes with their role while it is open."""

    def __init__(self, rooms: Parts, principal: Principal) -> None:
        self._rooms = rooms
        self.principal = principal
        self.sight = EventSight(rooms, principal)

    async def renew(self) -> None:
        """Look anew; raises `NotSignedInError`."""
        renewed = await self._rooms.credentials.renewed(self.principal, believed=STILL)
        if renewed != self.principal:
            self.principal, self.sight = renewed, EventSight(self._rooms, renewed)


async def _tell(rooms: Parts, listener: _Listener, send: Any, after: int) -> None:
    async with aclosing(rooms.events.follow(after=after)) as events:
        async for event in events:
            await listener.renew()
            if await listener.sight.covers(event):
                await send(frame_of(event))


async def _listen(rooms: Parts, socket: WebSocket, listener: _Listener, send: Any) -> None:
    while True:
        text = await socket.receive_text()
        await listener.renew()
        match _wanted(text):
            case "ping":
                await send({"type": "pong", "timestamp": rfc3339(rooms.clock.now())})
            case "status":
                await send({"type": "status", **(await status_of(rooms, listener.principal)).model_dump()})
            case unknown:
                detail = f"unknown frame {unknown[:60]!r}; send ping or status"
                await send({"type": "error", "message": detail, "timestamp": rfc3339(rooms.clock.now())})


def _wanted(text: str) -> str:
    with suppress(json.JSONDecodeError):
        frame = json.loads(text)
        return str(frame.get("type", "")) if isinstance(frame, dict) else str(frame)
    return text.strip()

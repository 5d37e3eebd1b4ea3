"""`WS /ws/{user_id}`: a user's room, open in as many tabs as they like (SPEC E3).

In: `{type: "message", message, conversation_id?, agent?, id?}`, or a plain line of text; without a `conversation_id`
the latest of the room goes on. `{type: "new"}` (the next message begins a new one), `{type: "cancel"}` and
`{type: "ping"}`.
`id` is the client's own: said twice, it is one message.

Out: `system` (the line is open), `typing` (the message is kept, and this agent answers), `chunk` (words of an answer;
`metadata.replaces` when those before are void), `message` (the whole answer), `user_message` (what was said in another
tab), `error`, `pong`. `id` is the place of a frame: with the last one as `?last_event_id=` nothing is missed, and
nothing comes twice. Close codes: 4400 a wrong query, 4401 not signed in, 4404 not your room, 4408 too slow, 4429 a
flood.
"""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from folkmoot.api.chat_shapes import metadata_of
from folkmoot.api.room_frames import BAD_REQUEST, FLOOD, NOT_YOURS, TOO_SLOW, Closing, Seen, said_in, understood
from folkmoot.conversations import ChatMessage, Mark, Moment, Speaker
from folkmoot.conversations.errors import BadSayingError
from folkmoot.conversations.lobby import Listener
from folkmoot.conversations.model import Status
from folkmoot.kernel import FolkmootError, new_id, rfc3339
from folkmoot.security import NotSignedInError, Principal
from folkmoot.web import Parts, of_socket
from folkmoot.web.principal import NOT_SIGNED_IN
from folkmoot.web.speaking import speaker

router = APIRouter()
SEND_SECONDS: Final = 20.0
RATE: Final = 60
PER_SECONDS: Final = 10.0
_MOST_REFUSED: Final = 60
_STILL: Final = timedelta(seconds=1)
_CAUGHT_UP: Final = 200
_LONGEST_FRAME: Final = 64 * 1024
_SYSTEM: Final = "System"
_NOTHING: Final = Mark(0, -1)


@router.websocket("/ws/{user_id}")
async def room(socket: WebSocket, user_id: str) -> None:
    """A user's room."""
    await socket.accept()
    parts: Parts = socket.app.state.parts
    principal = await of_socket(socket)
    try:
        who = speaker(principal, user_id)
    except FolkmootError as error:
        await socket.close(NOT_YOURS, error.message[:120])
        return
    try:
        seen = Seen.parse(socket.query_params.get("last_event_id") or socket.query_params.get("after"))
    except BadSayingError as error:
        await socket.close(BAD_REQUEST, error.message[:120])
        return
    with parts.conversations.lobby.listening(who.owner) as listener:
        tab = _Tab(socket, parts, principal, who, listener, seen)
        tasks = [asyncio.create_task(tab.tell()), asyncio.create_task(tab.listen())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except Closing as closing:
            with suppress(RuntimeError):
                await socket.close(closing.code, closing.reason)
        except NotSignedInError as error:
            with suppress(RuntimeError):
                await socket.close(NOT_SIGNED_IN, error.message[:120])
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client went away: it comes back with the last id it saw
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Tab:
    """One socket of a user."""

    def __init__(
        self,
        socket: WebSocket,
        parts: Parts,
        principal: Principal,
        who: Speaker,
        listener: Listener,
        seen: Seen,
    ) -> None:
        self._socket = socket
        self._parts = parts
        self._desk = parts.conversations
        self._principal = principal
        self._who = who
        self._listener = listener
        self._seen = seen
        self._seq = seen.seq or 0
        self._marks: dict[str, Mark] = {}
        self._announced: set[str] = set()
        self._mine: deque[str] = deque(maxlen=256)
        self._conversation: str | None = None
        self._said: deque[float] = deque()
        self._refused = 0
        self._one_at_a_time = asyncio.Lock()

    async def tell(self) -> None:
        """Send what the tab has missed, then everything as it happens."""
        await self._begin()
        while (moment := await self._listener.next()) is not None:
            await self._renew()
            await self._moment(moment)
        raise Closing(TOO_SLOW, "frames were not taken; come back with ?last_event_id=<the last id you had>")

    async def listen(self) -> None:
        """Take what the tab sends."""
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            await self._renew()
            text = received.get("text")
            if text is None:
                await self._wrong("binary frames are not understood; send JSON or plain text")
            elif len(text) > _LONGEST_FRAME:
                await self._wrong(f"a frame has at most {_LONGEST_FRAME} characters")
            else:
                await self._heard(text)

    async def _begin(self) -> None:
        latest = await self._desk.latest(self._who.owner)
        if self._seen.seq is None:
            self._seq = latest
        await self._send(
            {
                "type": "system",
                "id": self._place(),
                "message": "You are connected.",
                "agent": _SYSTEM,
                "metadata": {"missed": max(latest - self._seq, 0)},
            }
        )
        await self._catch_up()
        for one in await self._desk.under_way(self._who.owner):
            await self._under_way(one)

    async def _catch_up(self) -> None:
        """Send what became visible since, in its order."""
        while True:
            happened = await self._desk.happened(self._who.owner, after=self._seq, limit=_CAUGHT_UP)
            for one in happened:
                await self._happened(one)
            if len(happened) < _CAUGHT_UP:
                return

    async def _under_way(self, one: ChatMessage) -> None:
        """An answer that was being made before this tab came."""
        if one.agent_id is not None:
            await self._typing(one.conversation_id, one.message_id, one.agent_name, one.agent_id, {})
        heard = self._seen.mark if self._seen.answer_id == one.message_id else Mark()
        fits = heard.attempt == one.attempt and heard.offset <= len(one.content)
        offset = heard.offset if fits else 0
        self._marks[one.message_id] = Mark(one.attempt, len(one.content))
        if one.content[offset:]:
            await self._chunk(one.conversation_id, one.message_id, one.content[offset:], replaces=not fits)

    async def _moment(self, moment: Moment) -> None:
        message = moment.message
        if message is not None:
            if message.seq is None or message.seq <= self._seq:
                return  # it was among what had been missed
            if message.seq > self._seq + 1:  # told out of their order: the rows know it
                await self._catch_up()
                return
            await self._happened(message)
            return
        known = self._marks.get(moment.answer_id, _NOTHING)
        if moment.kind != "routed" and (moment.mark.attempt, moment.mark.offset) <= (known.attempt, known.offset):
            return  # it stood there when this tab came
        match moment.kind:
            case "routed":
                told = {k: v for k, v in moment.data.items() if k in ("confidence", "method")}
                agent, agent_id = str(moment.data.get("agent")), str(moment.data.get("agent_id"))
                await self._typing(moment.conversation_id, moment.answer_id, agent, agent_id, told)
            case "chunk":
                self._marks[moment.answer_id] = moment.mark
                await self._chunk(moment.conversation_id, moment.answer_id, moment.text)
            case "reset":
                self._marks[moment.answer_id] = moment.mark
                await self._chunk(moment.conversation_id, moment.answer_id, "", replaces=True)

    async def _happened(self, one: ChatMessage) -> None:
        """Something became visible: it is sent once, and the tab's place moves on."""
        self._seq = one.seq or self._seq
        self._marks.pop(one.message_id, None)
        self._announced.discard(one.message_id)
        if one.role == "user":
            if one.message_id not in self._mine:
                await self._send(self._frame("user_message", one, one.content, "You"))
            return
        if one.status is Status.FAILED:
            await self._send(self._frame("error", one, one.error or "", one.agent_name or _SYSTEM))
            return
        await self._send(self._frame("message", one, one.content, one.agent_name or _SYSTEM))

    def _frame(self, kind: str, one: ChatMessage, message: str, agent: str) -> dict[str, Any]:
        return {
            "type": kind,
            "id": self._place(),
            "message": message,
            "agent": agent,
            "agent_id": one.agent_id,
            "user_id": self._who.owner,
            "conversation_id": one.conversation_id,
            "message_id": one.message_id,
            "timestamp": rfc3339(one.settled_at or one.created_at),
            "metadata": {"status": str(one.status), **metadata_of(one)},
        }

    async def _typing(
        self, conversation_id: str, answer_id: str, agent: str | None, agent_id: str, metadata: dict[str, Any]
    ) -> None:
        if answer_id in self._announced:
            return
        self._announced.add(answer_id)
        await self._send(
            {
                "type": "typing",
                "id": self._place(),
                "message": "",
                "agent": agent,
                "agent_id": agent_id,
                "conversation_id": conversation_id,
                "message_id": answer_id,
                "metadata": metadata,
            }
        )

    async def _chunk(self, conversation_id: str, answer_id: str, text: str, *, replaces: bool = False) -> None:
        await self._send(
            {
                "type": "chunk",
                "id": f"{self._place()}~{answer_id}:{self._marks.get(answer_id, Mark())}",
                "message": text,
                "conversation_id": conversation_id,
                "message_id": answer_id,
                "metadata": {"replaces": True} if replaces else {},
            }
        )

    async def _heard(self, text: str) -> None:
        try:
            frame = understood(text)
        except BadSayingError as error:
            await self._wrong(error.message)
            return
        match frame.get("type", "message"):
            case "message":
                await self._say(frame)
            case "ping":
                await self._send({"type": "pong", "id": self._place(), "timestamp": rfc3339(self._parts.clock.now())})
            case "new":
                self._conversation = new_id("conv")
            case "cancel":
                await self._cancel(frame)
            case "typing":
                pass  # what a person is about to say is nobody's business yet
            case unknown:
                await self._wrong(f"unknown frame type {str(unknown)[:60]!r}; send message, cancel, new or ping")

    async def _say(self, frame: dict[str, Any]) -> None:
        if not self._within_rate():
            self._refused += 1
            if self._refused > _MOST_REFUSED:
                raise Closing(FLOOD, f"more than {RATE} messages in {PER_SECONDS:.0f} s, again and again")
            await self._wrong(f"more than {RATE} messages in {PER_SECONDS:.0f} s; wait a little", code="rate_limited")
            return
        try:
            saying = said_in(frame, who=self._who, goes_on=self._conversation)
            accepted = await self._desk.say(saying, own=self._mine.append)
        except FolkmootError as error:
            await self._wrong(error.message, code=error.code)
            return
        self._conversation = accepted.conversation_id

    async def _cancel(self, frame: dict[str, Any]) -> None:
        conversation = frame.get("conversation_id") or self._conversation
        if not isinstance(conversation, str):
            await self._wrong("there is no conversation to stop an answer of")
            return
        try:
            await self._desk.cancel(conversation, viewer=self._who.owner)
        except FolkmootError as error:
            await self._wrong(error.message, code=error.code)

    def _within_rate(self) -> bool:
        now = self._parts.clock.monotonic()
        while self._said and self._said[0] <= now - PER_SECONDS:
            self._said.popleft()
        if len(self._said) >= RATE:
            return False
        self._said.append(now)
        return True

    async def _wrong(self, said: str, *, code: str = "bad_frame") -> None:
        await self._send(
            {
                "type": "error",
                "id": self._place(),
                "message": said,
                "agent": _SYSTEM,
                "timestamp": rfc3339(self._parts.clock.now()),
                "metadata": {"code": code},
            }
        )

    def _place(self) -> str:
        return str(self._seq)

    async def _renew(self) -> None:
        """Look anew who this is; raises `NotSignedInError`."""
        self._principal = await self._parts.credentials.renewed(self._principal, believed=_STILL)

    async def _send(self, frame: dict[str, Any]) -> None:
        try:
            async with self._one_at_a_time, asyncio.timeout(SEND_SECONDS):
                await self._socket.send_text(orjson.dumps(frame, default=str).decode())
        except TimeoutError as error:
            raise Closing(TOO_SLOW, "frames were not taken; come back with ?last_event_id=<the last id>") from error

"""From a frame that came in to the answer that goes out: a row before anything else, then a turn of a conversation.

The row is what makes an answer owed: whatever ends this process, the next one goes on where it stood. Who asks has no
account here; agents act for nobody, so they may read what everybody may, and change nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

from folkmoot.agents.outside import BridgeEntry
from folkmoot.bridge.frames import (
    FAULT,
    OURS,
    Heard,
    Passed,
    Ping,
    Reason,
    answer,
    digest,
    read,
    skeleton,
    thread_digest,
)
from folkmoot.bridge.loops import LoopGuard
from folkmoot.bridge.model import BridgeLimits, FrameState, Owed
from folkmoot.bridge.outbox import Outbox
from folkmoot.bridge.store import change_frame, count_waiting, insert_frame, select_frames
from folkmoot.conversations import ChatMessage, ConversationError, Saying, Speaker, UnknownConversationError
from folkmoot.conversations.errors import UnknownChatMessageError
from folkmoot.conversations.model import Accepted, Status
from folkmoot.kernel import Clock, FolkmootError, new_id, rfc3339
from folkmoot.registry import UnknownAgentError
from folkmoot.storage import Database
from folkmoot.storage.errors import StorageError
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.bridge")
KIND: Final = "bridge"
_GENERATIONS: Final = 50
_SORRY: Final = "I could not answer this just now; please ask again later."


class Talk(Protocol):
    """What of `folkmoot.conversations.ConversationDesk` bridges use."""

    async def say(self, saying: Saying) -> Accepted:
        """Take a turn."""
        ...

    async def answered(self, accepted: Accepted, *, viewer: str | None) -> ChatMessage:
        """Wait for its answer to settle."""
        ...


def account_of(bridge: str) -> str:
    """For whom agents act that a bridge asks: no id of an account has a colon, so it can be nobody's."""
    return f"bridge:{bridge}"


def conversation_of(entry: BridgeEntry, thread: str, generation: int = 1) -> str:
    """The conversation of a thread; a further generation once an earlier one was deleted."""
    base = f"bridge-{digest(chr(0).join((entry.name, entry.user_id, thread)))[:32]}"
    return base if generation == 1 else f"{base}-{generation}"


class Questions:
    """One bridge's. `count` is told what became of each frame."""

    def __init__(
        self,
        entry: BridgeEntry,
        *,
        database: Database,
        clock: Clock,
        talk: Talk,
        outbox: Outbox,
        loops: LoopGuard,
        limits: BridgeLimits,
        count: Callable[[str], None],
    ) -> None:
        self._entry = entry
        self._database = database
        self._clock = clock
        self._talk = talk
        self._outbox = outbox
        self._loops = loops
        self._limits = limits
        self._count = count
        self._open: dict[str, asyncio.Task[None]] = {}
        self._said_at: dict[str, float] = {}

    @property
    def open(self) -> int:
        """How many are being answered."""
        return len(self._open)

    async def resume(self) -> None:
        """Go on with what is owed an answer since an earlier process."""
        async with self._database.read() as session:
            states = (FrameState.ASKED, FrameState.ANSWERING)
            owed = await select_frames(session, self._entry.name, states)
        for one in owed:
            self._begin(one)

    async def stop(self) -> None:
        """Let go; what is owed is kept."""
        tasks = list(self._open.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._open.clear()

    async def hear(self, raw: bytes) -> dict[str, Any] | None:
        """Take a frame: what is to be said to it at once, None for nothing. A question is kept when this returns."""
        self._count("in")
        heard = read(raw)
        if isinstance(heard, Ping):
            return {"type": "pong", "from": OURS, "timestamp": rfc3339(self._clock.now())}
        if isinstance(heard, Passed):
            self._pass("echo" if self._loops.knows(heard.frame_id) else heard.reason, size=len(raw))
            return None
        thread = thread_digest(heard.thread)
        reason = "busy" if self.open >= self._limits.open_questions else self._loops.judge(heard, thread)
        if reason is None and await self._is_full():
            reason = "full"
        if reason is not None:
            self._pass(reason, size=len(raw))
            return None
        await self._keep(heard, thread)
        return None

    async def _is_full(self) -> bool:
        async with self._database.read() as session:
            return await count_waiting(session, self._entry.name) >= self._limits.waiting

    async def _keep(self, heard: Heard, thread: str) -> None:
        owed = Owed(
            number=0,
            frame_id=new_id("frame"),
            bridge=self._entry.name,
            user_id=self._entry.user_id,
            state=FrameState.ASKED,
            question=heard.text,
            agent=self._entry.agent or heard.agent,
            thread=thread,
            answer_id=None,
            attempts=0,
            frame=skeleton(heard),
            created_at=self._clock.now(),
        )
        async with self._database.write() as session:
            fresh = await insert_frame(session, owed, dedupe=heard.dedupe())
        if not fresh:
            self._count("repeated")
            _log.info("bridge_repeated", bridge=self._entry.name)
            return
        self._count("asked")
        self._begin(owed)

    def _begin(self, owed: Owed) -> None:
        task = asyncio.create_task(self._answer(owed), name=f"bridge-{owed.frame_id}")
        self._open[owed.frame_id] = task
        task.add_done_callback(lambda _done: self._open.pop(owed.frame_id, None))

    async def _answer(self, owed: Owed) -> None:
        while True:
            try:
                await self._through(owed)
            except StorageError as error:  # it is kept: it goes on when the database does
                _log.warning("bridge_waits_for_the_database", bridge=self._entry.name, error=error.message)
                await asyncio.sleep(1)
            else:
                return

    async def _through(self, owed: Owed) -> None:
        try:
            accepted = await self._accepted(owed)
            settled = await self._talk.answered(accepted, viewer=self._entry.user_id)
        except UnknownChatMessageError:
            await self._outbox.drop([owed.frame_id])  # its conversation was deleted meanwhile
            return
        except (ConversationError, UnknownAgentError) as error:
            await self._outbox.ready(owed.frame_id, self._fault(owed, error.message, error.code))
            return
        except StorageError:
            raise
        except FolkmootError as error:
            _log.warning("bridge_question_failed", bridge=self._entry.name, error=error.message)
            await self._outbox.ready(owed.frame_id, self._fault(owed, _SORRY, error.code))
            return
        except Exception:  # noqa: BLE001  # whoever asked is owed a word; it is logged
            _log.exception("bridge_question_failed", bridge=self._entry.name)
            await self._outbox.ready(owed.frame_id, self._fault(owed, _SORRY, "fault"))
            return
        await self._settle(owed, settled)

    async def _settle(self, owed: Owed, settled: ChatMessage) -> None:
        if settled.status is Status.CANCELLED:
            await self._outbox.drop([owed.frame_id])
            return
        if settled.status is not Status.ANSWERED:
            code = str(settled.details.get("error_code") or "answer_failed")
            await self._outbox.ready(owed.frame_id, self._fault(owed, _SORRY, code))
            return
        routing = settled.details.get("routing")
        more = {"agent_id": settled.agent_id, "conversation_id": settled.conversation_id}
        if isinstance(routing, dict) and "confidence" in routing:
            more["confidence"] = routing["confidence"]
        frame = answer(
            owed.frame_id,
            text=settled.content,
            agent=settled.agent_name or settled.agent_id or OURS,
            at=self._clock.now(),
            skeleton={**more, **owed.frame},
        )
        await self._outbox.ready(owed.frame_id, frame)
        self._count("answered")

    async def _accepted(self, owed: Owed) -> Accepted:
        if owed.answer_id is not None:
            return Accepted(conversation_id="", message_id="", answer_id=owed.answer_id, repeated=True)
        accepted = await self._say(owed, owed.agent)
        async with self._database.write() as session:
            await change_frame(
                session,
                owed.frame_id,
                at=self._clock.now(),
                state=FrameState.ANSWERING,
                answer_id=accepted.answer_id,
                question=None,
            )
        return accepted

    async def _say(self, owed: Owed, agent: str | None) -> Accepted:
        for generation in range(1, _GENERATIONS + 1):
            try:
                return await self._talk.say(
                    Saying(
                        speaker=Speaker(owner=self._entry.user_id, account=account_of(self._entry.name)),
                        text=owed.question or "",
                        conversation_id=conversation_of(self._entry, owed.thread, generation),
                        agent=agent,
                        kind=KIND,
                        client_key=owed.frame_id,
                    )
                )
            except UnknownConversationError:
                continue
            except UnknownAgentError:
                if agent is None or agent == self._entry.agent:
                    raise
                return await self._say(owed, None)  # a name that only the other side knows
        raise UnknownConversationError("every conversation of this thread was deleted")

    def _fault(self, owed: Owed, text: str, code: str) -> dict[str, Any]:
        more = {**owed.frame, "code": code}
        return answer(owed.frame_id, text=text, agent=OURS, at=self._clock.now(), skeleton=more, kind=FAULT)

    def _pass(self, reason: Reason, *, size: int) -> None:
        """Count a frame that nobody answers; said in the log once in a while, since there may be many."""
        self._count(reason)
        now = self._clock.monotonic()
        if now - self._said_at.get(reason, float("-inf")) >= 10:  # noqa: PLR2004  # seconds
            self._said_at[reason] = now
            _log.info("bridge_passed_over", bridge=self._entry.name, reason=reason, bytes=size)

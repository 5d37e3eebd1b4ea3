"""Queries in sessions, answered by flows. The query is kept before the flow runs, and the flow runs on when whoever
asked has gone; cancelling the answer in its conversation stops it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from folkmoot.conversations import ChatMessage, Speaker
from folkmoot.conversations.accept import Taken
from folkmoot.conversations.model import Status
from folkmoot.conversations.studio import FlowAnswer, SessionDesk
from folkmoot.kernel import Clock, FolkmootError
from folkmoot.models import Caller, ModelHub, Turn
from folkmoot.telemetry import get_logger
from folkmoot.workflows.flow_document import FlowDocument, read_flow
from folkmoot.workflows.model import FlowLimits
from folkmoot.workflows.run_flow import run_flow

_log = get_logger("folkmoot.workflows")
_REMEMBERED: Final = 20  # messages of the session that the agents are told
_REMEMBERED_SIZE: Final = 16_000


class FlowDesk:
    """Runs flows from `start()` to `stop()`. `settled` is to be told of every answer that has settled."""

    def __init__(self, *, sessions: SessionDesk, models: ModelHub, clock: Clock, limits: FlowLimits) -> None:
        self._sessions = sessions
        self._models = models
        self._clock = clock
        self._limits = limits
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Settle what a process that ended left open: such an answer has failed, visibly."""
        await self.keep_up()

    async def keep_up(self) -> None:
        """Hold on to the answers that are made here, and settle as failed those that nobody makes any more."""
        await self._sessions.keep_up(list(self._running))

    async def stop(self) -> None:
        """Break off every flow; its answer is settled as failed at the next start."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def ask(
        self, speaker: Speaker, session_id: str, content: str, flow_config: Mapping[str, Any] | None = None
    ) -> tuple[ChatMessage, ChatMessage]:
        """Ask in a session, by its own document or by one that is the session's from now on.

        Answers with the query and the settled answer, which may have failed. Raises `BadFlowError`, `BadSayingError`,
        `UnknownConversationError`; then nothing was kept.
        """
        if flow_config is None:
            flow_config = (await self._sessions.session(session_id, owner=speaker.owner)).flow_config
            document, kept = read_flow(flow_config), None
        else:
            document, kept = read_flow(flow_config), flow_config
        taken = await self._sessions.take(speaker, session_id, content, kept)
        answer_id = taken.answer.message_id
        task = asyncio.create_task(self._run(document, taken), name=f"flow-{answer_id}")
        self._running[answer_id] = task
        task.add_done_callback(lambda _task: self._running.pop(answer_id, None))
        await asyncio.wait({task})
        return taken.question, await self._sessions.message(answer_id, owner=speaker.owner)

    def settled(self, answer: ChatMessage) -> None:
        """Stop the flow of an answer that somebody cancelled."""
        task = self._running.get(answer.message_id)
        if task is not None and answer.status is Status.CANCELLED:
            task.cancel()

    async def _run(self, document: FlowDocument, taken: Taken) -> None:
        answer = replace(taken.answer, agent_name=document.name or "Agents")
        caller = Caller(
            user_id=answer.account_id, conversation_id=answer.conversation_id, workflow_id=f"flow_{answer.message_id}"
        )
        try:
            result = await run_flow(
                document,
                taken.question.content,
                models=self._models,
                clock=self._clock,
                caller=caller,
                limits=self._limits,
                history=await self._earlier(taken),
            )
        except FolkmootError as error:
            await self._sessions.failed(answer, error.message, error.code)
        except Exception:  # noqa: BLE001  # an answer that is owed must not stay open; it is logged
            _log.exception("flow_failed", answer_id=answer.message_id)
            await self._sessions.failed(answer, "something went wrong here; the log says what. Ask again", "fault")
        else:
            await self._sessions.answered(answer, FlowAnswer(text=result.summary, record=result.as_record()))

    async def _earlier(self, taken: Taken) -> list[Turn]:
        before = taken.question.number
        said = await self._sessions.earlier(taken.talk.conversation_id, before=before, limit=_REMEMBERED)
        turns: list[Turn] = []
        size = 0
        for one in reversed(said):
            size += len(one.content)
            if size > _REMEMBERED_SIZE:
                break
            if one.content and one.status in (Status.SAID, Status.ANSWERED):
                turns.append(Turn(role="user" if one.role == "user" else "agent", text=one.content))
        return turns[::-1]

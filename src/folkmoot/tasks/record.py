"""The minutes in rows: each answer and message kept once, and told to the log of events as it is kept.

While many tasks are shared out, entries come faster than a disk commits. What comes in during one commit is written
together in the next; each caller waits until its own entry is safe.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.storage import Database
from folkmoot.tasks import events, store
from folkmoot.tasks.model import TaskState
from folkmoot.tasks.situation import Inquiry
from folkmoot.tasks.talk import Consultation, Position, Utterance, Verdict
from folkmoot.telemetry import Metrics


class _Answer(NamedTuple):
    task_id: str
    attempt: int
    answer: Consultation


class _Said(NamedTuple):
    task_id: str
    attempt: int
    messages: tuple[Utterance, ...]


_Entry: TypeAlias = _Answer | _Said | Callable[[store.AsyncSession], Awaitable[None]]


class RecordedMinutes:
    """See `Minutes`."""

    def __init__(self, *, database: Database, log: EventLog, clock: Clock, metrics: Metrics | None = None) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._metrics = metrics
        self._waiting: list[tuple[_Entry, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def answered(self, inquiry: Inquiry) -> Mapping[str, Consultation]:
        async with self._database.read() as session:
            kept = await store.select_consultations(session, inquiry.brief.task_id, inquiry.attempt)
        return {one.agent: one for one in kept}

    async def consulted(self, inquiry: Inquiry, answer: Consultation) -> None:
        await self._write(_Answer(inquiry.brief.task_id, inquiry.attempt, answer))
        if self._metrics is not None and answer.abstained:
            self._metrics.consultation_silent.inc()
        elif self._metrics is not None:
            self._metrics.consultation_confidence.observe(answer.confidence)

    async def negotiating(self, inquiry: Inquiry) -> None:
        task_id = inquiry.brief.task_id

        async def entry(session: store.AsyncSession) -> None:
            task = await store.lock_task(session, task_id)
            if task.attempt != inquiry.attempt or task.status is not TaskState.CONSULTING:
                return
            changed = task.model_copy(update={"status": TaskState.NEGOTIATING})
            kept = await store.save_task(session, changed, at=self._clock.now())
            await self._log.record(session, events.TASK_STATUS, task_id, events.status(kept, str(task.status)))

        await self._write(entry)

    async def said(self, inquiry: Inquiry, messages: Sequence[Utterance]) -> None:
        await self._write(_Said(inquiry.brief.task_id, inquiry.attempt, tuple(messages)))

    async def decided(self, inquiry: Inquiry, verdict: Verdict, positions: Mapping[int, Sequence[Position]]) -> None:
        task_id, attempt = inquiry.brief.task_id, inquiry.attempt

        async def entry(session: store.AsyncSession) -> None:
            if await store.add_verdict(session, task_id, attempt, verdict, positions, at=self._clock.now()):
                data = events.decided(task_id, attempt, verdict)
                await self._log.record(session, events.TASK_DECIDED, task_id, data)

        await self._write(entry)
        if self._metrics is not None:
            self._metrics.negotiation_rounds.observe(len(positions))

    async def _write(self, entry: _Entry) -> None:
        safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, safe))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._commit(), name="tasks-minutes")
        await safe

    async def _commit(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._together(batch)
            except Exception:  # noqa: BLE001  # whose fault it was is found by writing each alone, which raises it again
                for one in batch:
                    await self._alone(*one)

    async def _together(self, batch: Sequence[tuple[_Entry, "asyncio.Future[None]"]]) -> None:
        async with self._database.write() as session:
            await self._enter(session, [entry for entry, _ in batch])
        for _, safe in batch:
            if not safe.done():
                safe.set_result(None)

    async def _enter(self, session: store.AsyncSession, entries: Sequence[_Entry]) -> None:
        """All answers in one statement, all messages in another, then whatever else there is."""
        answers = [(one.task_id, one.attempt, one.answer) for one in entries if isinstance(one, _Answer)]
        fresh = await store.add_consultations(session, answers, at=self._clock.now())
        for task_id, attempt, answer in answers:
            if (task_id, attempt, answer.agent) in fresh:
                data = events.consulted(task_id, attempt, answer)
                await self._log.record(session, events.TASK_CONSULTED, task_id, data)
        said = [(one.task_id, one.attempt, each) for one in entries if isinstance(one, _Said) for each in one.messages]
        new = await store.add_utterances(session, said)
        for task_id, attempt, each in said:
            if each.message_id in new:
                data = events.negotiated(task_id, attempt, each)
                await self._log.record(session, events.TASK_NEGOTIATED, task_id, data)
        for one in entries:
            if not isinstance(one, _Answer | _Said):
                await one(session)

    async def _alone(self, entry: _Entry, safe: "asyncio.Future[None]") -> None:
        try:
            async with self._database.write() as session:
                await self._enter(session, [entry])
        except Exception as error:  # noqa: BLE001  # it is raised where the entry was made
            if not safe.done():
                safe.set_exception(error)
        else:
            if not safe.done():
                safe.set_result(None)

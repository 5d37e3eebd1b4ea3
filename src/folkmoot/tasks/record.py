"""The minutes in rows: each answer and message kept once, and told to the log of events as it is kept."""

from collections.abc import Mapping, Sequence

from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.storage import Database
from folkmoot.tasks import events, store
from folkmoot.tasks.model import TaskState
from folkmoot.tasks.situation import Inquiry
from folkmoot.tasks.talk import Consultation, Position, Utterance, Verdict


class RecordedMinutes:
    """See `Minutes`."""

    def __init__(self, *, database: Database, log: EventLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    async def answered(self, inquiry: Inquiry) -> Mapping[str, Consultation]:
        async with self._database.read() as session:
            kept = await store.select_consultations(session, inquiry.brief.task_id, inquiry.attempt)
        return {one.agent: one for one in kept}

    async def consulted(self, inquiry: Inquiry, answer: Consultation) -> None:
        task_id, attempt = inquiry.brief.task_id, inquiry.attempt
        async with self._database.write() as session:
            if await store.add_consultation(session, task_id, attempt, answer, at=self._clock.now()):
                data = events.consulted(task_id, attempt, answer)
                await self._log.record(session, events.TASK_CONSULTED, task_id, data)

    async def negotiating(self, inquiry: Inquiry) -> None:
        task_id = inquiry.brief.task_id
        async with self._database.write() as session:
            task = await store.lock_task(session, task_id)
            if task.attempt != inquiry.attempt or task.status is not TaskState.CONSULTING:
                return
            changed = task.model_copy(update={"status": TaskState.NEGOTIATING})
            kept = await store.save_task(session, changed, at=self._clock.now())
            await self._log.record(session, events.TASK_STATUS, task_id, events.status(kept, str(task.status)))

    async def said(self, inquiry: Inquiry, messages: Sequence[Utterance]) -> None:
        task_id, attempt = inquiry.brief.task_id, inquiry.attempt
        async with self._database.write() as session:
            for one in messages:
                if await store.add_utterance(session, task_id, attempt, one):
                    data = events.negotiated(task_id, attempt, one)
                    await self._log.record(session, events.TASK_NEGOTIATED, task_id, data)

    async def decided(self, inquiry: Inquiry, verdict: Verdict, positions: Mapping[int, Sequence[Position]]) -> None:
        task_id, attempt = inquiry.brief.task_id, inquiry.attempt
        async with self._database.write() as session:
            if await store.add_verdict(session, task_id, attempt, verdict, positions, at=self._clock.now()):
                data = events.decided(task_id, attempt, verdict)
                await self._log.record(session, events.TASK_DECIDED, task_id, data)

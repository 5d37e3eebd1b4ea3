"""The run that shares out one task: open, consult, negotiate round by round, award, tell.

Each phase is a step. With the durable engine a step that was recorded is not done again after a restart, and within a
step every message has an id of its own that the broker knows: nobody is asked twice, nothing is awarded twice. With
`Straight` the same code runs without an engine, as a replay of a history does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, FolkmootError, rfc3339
from folkmoot.messaging import AgentMessage, MessageIntent, MessagePayload
from folkmoot.messaging.errors import MessagingError
from folkmoot.storage import Database
from folkmoot.tasks import events, store
from folkmoot.tasks.award import Award, no_place_left, overtaken, shortfall_of
from folkmoot.tasks.consult import Candidate, Consult
from folkmoot.tasks.letters import message_id
from folkmoot.tasks.model import Shortfall, Task, TaskState, check_move
from folkmoot.tasks.negotiate import Negotiate, Positions, referee, settled
from folkmoot.tasks.roster import Roster
from folkmoot.tasks.situation import Brief, Inquiry
from folkmoot.tasks.talk import Consultation, Position, Verdict
from folkmoot.tasks.task_types import TaskTypes
from folkmoot.telemetry import Metrics, bound_to, get_logger

RUN_NAME: Final = "share_out_task"
_AWARD_LIFETIME: Final = timedelta(days=7)
_log = get_logger("folkmoot.tasks")


class Steps(Protocol):
    """What records the steps of a run; `folkmoot.runs.Run` is one."""

    async def step(self, name: str, fn: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """`await fn(*args)`, whose answer is JSON."""
        ...


class Straight:
    """Steps that are simply taken."""

    async def step(self, name: str, fn: Callable[..., Awaitable[Any]], *args: Any) -> Any:  # noqa: ARG002  # see `Steps`
        return await fn(*args)


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What both phases came to; no verdict if nobody can do it."""

    answers: list[Consultation]
    verdict: Verdict | None = None
    positions: Mapping[int, Positions] = field(default_factory=dict)  # by round


async def talk_over(
    steps: Steps, inquiry: Inquiry, candidates: Sequence[Candidate], *, consult: Consult, negotiate: Negotiate
) -> Talk:
    """Both phases, each round a step. Who is far ahead gets it without a negotiation."""

    async def ask_all() -> list[dict[str, Any]]:
        return [one.as_json() for one in await consult.everybody(inquiry, candidates)]

    answers = [Consultation.model_validate(one) for one in await steps.step("consult", ask_all)]
    bids = negotiate.invited(inquiry, answers)
    if not bids:
        return Talk(answers=answers)

    async def one_round(number: int, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if number == 1:
            await negotiate.minutes.negotiating(inquiry)
        stood = {one.agent: one for one in map(Position.model_validate, before)}
        return [one.as_json() for one in (await negotiate.round(inquiry, number, bids, stood)).values()]

    rounds: dict[int, dict[str, Position]] = {}
    last: list[dict[str, Any]] = []
    for number in range(1, negotiate.rounds + 1) if len(bids) > 1 else ():
        last = await steps.step(f"round {number}", one_round, number, last)
        rounds[number] = {one.agent: one for one in map(Position.model_validate, last)}
        if settled(rounds[number]):
            break
    return Talk(answers=answers, verdict=referee(inquiry, answers, rounds), positions=rounds)


@dataclass(frozen=True, kw_only=True)
class Distribute:
    """Shares out one task; `run` is what the engine runs under `RUN_NAME`.

    `at_once`: how many tasks are talked over at the same time. More would only wait in the agents' mailboxes, and the
    patience with an answer runs from the question on.
    """

    database: Database
    log: EventLog
    clock: Clock
    roster: Roster
    types: TaskTypes
    consult: Consult
    negotiate: Negotiate
    award: Award
    at_once: int = 12
    metrics: Metrics | None = None
    _turns: asyncio.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_turns", asyncio.Semaphore(self.at_once))

    async def run(self, steps: Steps, launched: dict[str, Any]) -> str:
        """`launched` is `{task_id, attempt}`; answers the state the task came to."""
        async with self._turns:
            task_id = str(launched["task_id"])
            with bound_to(task_id=task_id):
                came_to = await self._run(steps, task_id, int(launched["attempt"]))
        if self.metrics is not None:
            self.metrics.tasks_settled.labels(came_to).inc()
        return came_to

    async def _run(self, steps: Steps, task_id: str, attempt: int) -> str:
        opened = await steps.step("open", self._open, task_id, attempt)
        if opened is None:
            return "overtaken"
        inquiry = Inquiry.model_validate(opened["inquiry"])
        candidates = [Candidate(**one) for one in opened["candidates"]]
        try:
            talk = await talk_over(steps, inquiry, candidates, consult=self.consult, negotiate=self.negotiate)
        except FolkmootError as error:
            _log.exception("sharing out broke down", task_id=task_id, attempt=attempt)
            return str(await steps.step("break off", self._break_off, task_id, attempt, error.message))

        async def award() -> str:
            return await self._award(inquiry, talk)

        return str(await steps.step("award", award))

    async def _open(self, task_id: str, attempt: int) -> dict[str, Any] | None:
        """Begin the consultation: who is asked, about what, as of when. None: there is nothing to share out."""
        now = self.clock.now()
        async with self.database.write() as session:
            task = await store.lock_task(session, task_id)
            if overtaken(task, attempt):
                return None
            if task.status is TaskState.PENDING:
                check_move(task_id, task.status, TaskState.CONSULTING)
                changed = task.model_copy(update={"status": TaskState.CONSULTING})
                kept = await store.save_task(session, changed, at=now)
                await self.log.record(session, events.TASK_STATUS, task_id, events.status(kept, str(task.status)))
        brief = Brief.of(task, capabilities=self.types.capabilities(task.task_type))
        crew = await self.roster.crew()
        workers = [one for one in crew.workers if one.agent_id not in task.declined_by]
        candidates = [
            Candidate(agent_id=one.agent_id, subject=one.subject, name=one.name, online=one.online) for one in workers
        ]
        subjects = tuple(sorted({one.subject for one in candidates}))
        chosen = await self.consult.likeliest(
            candidates, Inquiry(brief=brief, attempt=attempt, at=now, subjects=subjects)
        )
        inquiry = Inquiry(
            brief=brief,
            attempt=attempt,
            at=now,
            subjects=tuple(sorted({one.subject for one in chosen})),
            names={one.agent_id: one.name for one in chosen if one.name},
            manager=crew.manager or "manager",
            created_by=task.created_by,
        )
        return {"inquiry": inquiry.as_json(), "candidates": [vars(one) for one in chosen]}

    async def _award(self, inquiry: Inquiry, talk: Talk) -> str:
        """Decide, give it to whom it goes to, and let them know. Done again, it finds all of that done."""
        task_id, attempt = inquiry.brief.task_id, inquiry.attempt
        if talk.verdict is None:
            async with self.database.read() as session:
                task = await store.find_task(session, task_id)
            shortfall = shortfall_of(talk.answers, task, inquiry.names)
        else:
            positions = {number: list(stood.values()) for number, stood in talk.positions.items()}
            await self.consult.minutes.decided(inquiry, talk.verdict, positions)
            task = await self.award.give(task_id, attempt, talk.verdict)
            shortfall = no_place_left(talk.verdict, inquiry.names)
        if not overtaken(task, attempt):
            task = await self.award.give_up(task_id, attempt, shortfall)
        if task.assignment is not None and task.attempt == attempt:
            for agent_id in (task.assignment.owner, *task.assignment.helpers):
                await self._send_award(task, agent_id, manager=inquiry.manager)
        return str(task.status)

    async def _break_off(self, task_id: str, attempt: int, why: str) -> str:
        """Rather unassigned with the reason than consulting for ever."""
        broken = Shortfall(
            reasons=(f"Sharing it out broke down: {why}",),
            would_help=("See to the fault and share the task out again, or assign it by hand.",),
            for_want_of="order",
        )
        return str((await self.award.give_up(task_id, attempt, broken)).status)

    async def _send_award(self, task: Task, agent_id: str, *, manager: str) -> None:
        assert task.assignment is not None
        now = self.clock.now()
        message = AgentMessage(
            message_id=message_id(f"{task.task_id}:{task.attempt}", "award", agent_id),
            conversation_id=f"{task.task_id}:{task.attempt}",
            sender_id=manager,
            recipient_id=agent_id,
            intent=MessageIntent.AWARD,
            payload=MessagePayload(
                data={
                    "task_id": task.task_id,
                    "title": task.title,
                    "as": "owner" if agent_id == task.assignment.owner else "helper",
                    "owner": task.assignment.owner,
                    "helpers": list(task.assignment.helpers),
                    "reasoning": task.assignment.reasoning,
                    "deadline": rfc3339(task.deadline) if task.deadline else None,
                }
            ),
            timestamp=now,
            expires_at=now + _AWARD_LIFETIME,
        )
        try:
            await self.consult.broker.publish(message)
        except MessagingError as error:
            # The task is theirs all the same; they see it on their desk.
            _log.warning("an award could not be sent", agent=agent_id, task_id=task.task_id, error=error.message)

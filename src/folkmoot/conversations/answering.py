"""The runs of answers: each picks an agent, asks it, keeps its words as they come, and settles.

A run lives on its own: whoever asked may have gone. Answers of one conversation are run in their order. What is not
settled when this process ends is taken over: by the next process in the same home, or, where several share a database,
by one that notices that nobody renews the lease. It is then asked for by the same message id, so that no agent is
asked twice whose reply is known.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from folkmoot.conversations import turns
from folkmoot.conversations.asking import ROUTING, Piece, ask, letter
from folkmoot.conversations.context import Context, read_context, roll_summary
from folkmoot.conversations.decisions import decision_of, routing_of
from folkmoot.conversations.lobby import Lobby
from folkmoot.conversations.model import ChatMessage, Moment, Status
from folkmoot.conversations.pick import Picker
from folkmoot.conversations.routing.model import Decision
from folkmoot.conversations.run import Run, nowhere
from folkmoot.conversations.store import (
    find_conversation,
    find_message,
    renew_leases,
    select_answering,
    take_over,
)
from folkmoot.kernel import Clock, Family, FolkmootError, JsonValue
from folkmoot.messaging import AgentMessage, Broker, MessagePayload
from folkmoot.messaging.errors import HandlingFailedError
from folkmoot.models import Caller
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.conversations")
LEASE: Final = timedelta(seconds=15)
# Which agent and which message that was stands beside it; the code of the fault is for programs.
_BY_WHOM: Final = re.compile(r"^.{1,200}? did not handle message \S+: (?:[a-z_.]+: )?")
_FLUSH_SECONDS: Final = 0.15
_RENEW_EVERY: Final = 30  # flushes
_WAIT_SECONDS: Final = 0.2
_ENDING_SECONDS: Final = 5.0


class Answering:
    """Runs answers from `start()` to `stop()`. `owner` names this process; `alone`: no other shares the database."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        broker: Broker,
        picker: Picker,
        lobby: Lobby,
        owner: str,
        patience: timedelta,
        alone: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._broker = broker
        self._picker = picker
        self._lobby = lobby
        self._owner = owner
        self._patience = patience
        self._alone = alone
        self._runs: dict[str, Run] = {}
        self._queues: dict[str, list[str]] = {}
        self._chores: asyncio.Task[None] | None = None
        self._aside: set[asyncio.Task[None]] = set()
        self.settled: list[Callable[[ChatMessage], None]] = []

    @property
    def owner(self) -> str:
        return self._owner

    def lease(self) -> Any:
        """Until when this process's hold on an answer is believed that it begins now."""
        return self._clock.now() + LEASE

    async def start(self) -> None:
        """Take over what nobody answers any more, and go on doing so."""
        await self._take_over()
        self._chores = asyncio.create_task(self._keep_up(), name="conversations")

    async def stop(self) -> None:
        """Break off every run; what is not settled is kept, and is taken up again."""
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        if self._chores is not None:
            tasks.append(self._chores)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._aside, return_exceptions=True)
        self._runs.clear()

    def begin(self, run: Run) -> None:
        """Run this answer, after those of its conversation that were begun before."""
        self._runs[run.answer.message_id] = run
        self._queues.setdefault(run.answer.conversation_id, []).append(run.answer.message_id)
        run.task = asyncio.create_task(self._run(run), name=f"answer-{run.answer.message_id}")

    def running(self, answer_id: str) -> Run | None:
        """The run of an answer in this process."""
        return self._runs.get(answer_id)

    async def cancel(self, answer: ChatMessage) -> None:
        """Stop an answer: its words so far are kept, and the agent is told to stop."""
        run = self._runs.get(answer.message_id)
        if run is not None and run.task is not None:
            run.cancelled = True
            run.task.cancel()
            await asyncio.wait({run.task}, timeout=_ENDING_SECONDS)
            return
        await self._settle(
            Run(answer=answer, question=answer, talk=nowhere(answer), text=answer.content), Status.CANCELLED
        )
        if answer.message_id in self._runs:  # it was begun meanwhile
            await self.cancel(answer)

    async def settle(
        self,
        answer: ChatMessage,
        status: Status,
        *,
        text: str,
        error: str | None = None,
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        """Let an answer that was made elsewhere stand so, and tell whoever listens; one that has settled stays."""
        run = Run(answer=answer, question=answer, talk=nowhere(answer), text=text)
        await self._settle(run, status, error=error, details=details)

    async def _run(self, run: Run) -> None:
        try:
            await self._in_turn(run)
            await self._answer(run)
        except asyncio.CancelledError:
            if not run.cancelled:
                raise
            await self._settle_stopped(run)
            self._beside(self._tell_to_stop(run))
        except FolkmootError as error:
            said = _BY_WHOM.sub("", error.message) if isinstance(error, HandlingFailedError) else error.message
            await self._failed(run, said, error.code, error.family)
        except Exception:  # noqa: BLE001  # an answer that is owed must not stay open; it is logged
            _log.exception("answer_failed", answer_id=run.answer.message_id)
            await self._failed(run, "something went wrong here; the log says what. Ask again", "fault", Family.INTERNAL)
        finally:
            self._over(run)

    async def _answer(self, run: Run) -> None:
        decision, context = await self._prepared(run)
        message = letter(run.answer, run.question, decision, context, clock=self._clock, patience=self._patience)
        details: dict[str, JsonValue] = {}
        async for heard in ask(self._broker, message, patience=self._patience):
            if isinstance(heard, Piece):
                await self._said(run, heard)
            else:
                details = heard.details
        await self._settle(run, Status.ANSWERED, details=details)

    async def _prepared(self, run: Run) -> tuple[Decision, Context]:
        """Who answers, and what it is told. One that was asked already is asked again, and nobody else."""
        answer = run.answer
        if run.context is None:
            read = partial(read_context, conversation_id=answer.conversation_id, before=run.question.number)
            run.context = await self._database.run(read)
            async with self._database.read() as session:
                run.talk = await find_conversation(session, answer.conversation_id, viewer=None)
        asked = None if answer.attempt == 1 else await self._broker.find(answer.message_id)
        routed = asked.message.payload.context.get(ROUTING) if asked is not None else None
        if isinstance(routed, dict):
            decision = decision_of(routed)
            name = await self._picker.name_of(decision.agent_id)
        else:
            caller = Caller(user_id=answer.account_id, conversation_id=answer.conversation_id)
            chosen = answer.details.get("chosen")
            decision, name = await self._picker.pick(run.question.content, talk=run.talk, chosen=chosen, caller=caller)
        details = {**answer.details, "routing": routing_of(decision)}
        run.answer = replace(answer, agent_id=decision.agent_id, agent_name=name, details=details)
        run.dirty = run.dirty or not self._alone  # who listens to another server wants to know too
        self._tell(run, "routed", data={"agent_id": decision.agent_id, "agent": name, **routing_of(decision)})
        return decision, run.context

    async def _said(self, run: Run, piece: Piece) -> None:
        if piece.anew:
            run.answer = replace(run.answer, attempt=run.answer.attempt + 1)
            run.text = ""
            # Before anybody hears of the new attempt: another one must never get its number.
            anew = [replace(run.answer, content="")]
            await self._database.run(partial(turns.keep_words, owner=self._owner, answers=anew))
            self._tell(run, "reset")
        if piece.text:
            run.text += piece.text
            run.dirty = True
            self._tell(run, "chunk", text=piece.text)

    async def _failed(self, run: Run, said: str, code: str, family: Family) -> None:
        with suppress(FolkmootError):
            await self._settle(
                run, Status.FAILED, error=said, details={"error_code": code, "error_family": family.name}
            )

    async def _settle_stopped(self, run: Run) -> None:
        """Let it stand as stopped, also where the database is away for a moment: an open answer would be made."""
        for pause in (0.2, 1.0, 5.0):
            try:
                await self._settle(run, Status.CANCELLED)
            except FolkmootError as error:
                _log.warning("stopped_answer_not_kept", answer_id=run.answer.message_id, error=error.message)
                await asyncio.sleep(pause)
            else:
                return
        await self._settle(run, Status.CANCELLED)

    async def _settle(
        self, run: Run, status: Status, *, error: str | None = None, details: dict[str, JsonValue] | None = None
    ) -> None:
        now = self._clock.now()
        details = {**run.answer.details, **(details or {})}
        answer = replace(run.answer, status=status, content=run.text, error=error, details=details, settled_at=now)
        try:
            seq = await self._database.run(partial(turns.settle, answer=answer, status=status, now=now))
        except turns.AlreadySettledError:  # by somebody else, or by us just before we were stopped: that holds
            if answer.message_id not in self._runs:
                return
            async with self._database.read() as session:
                run.answer = await find_message(session, answer.message_id)
            run.text = run.answer.content
            self._tell_settled(run)
            return
        if status is Status.FAILED:
            _log.warning("answer_failed", answer_id=answer.message_id, agent_id=answer.agent_id, error=error)
        run.answer = replace(answer, seq=seq)
        self._tell_settled(run)

    def _tell_settled(self, run: Run) -> None:
        self._tell(run, "settled", message=run.answer)
        for told in self.settled:
            told(run.answer)

    def _tell(self, run: Run, kind: Any, **more: Any) -> None:
        answer = run.answer
        self._lobby.tell(
            Moment(
                kind=kind,
                user_id=answer.user_id,
                conversation_id=answer.conversation_id,
                answer_id=answer.message_id,
                mark=run.mark,
                **more,
            )
        )

    async def _in_turn(self, run: Run) -> None:
        """Wait until the answers before this one have settled, wherever they are made."""
        conversation_id = run.answer.conversation_id
        while (queue := self._queues[conversation_id])[0] != run.answer.message_id:
            before = self._runs.get(queue[queue.index(run.answer.message_id) - 1])
            if before is None or before.task is None:
                break
            await asyncio.wait({before.task})
        if self._alone:
            return
        while True:
            async with self._database.read() as session:
                open_ones = await select_answering(session, conversation_id=conversation_id)
            if not any(one.number < run.answer.number for one in open_ones):
                return
            await asyncio.sleep(_WAIT_SECONDS)

    def _over(self, run: Run) -> None:
        self._runs.pop(run.answer.message_id, None)
        queue = self._queues.get(run.answer.conversation_id, [])
        if run.answer.message_id in queue:
            queue.remove(run.answer.message_id)
        if not queue:
            self._queues.pop(run.answer.conversation_id, None)
            if run.context is not None and run.context.rolls:
                self._beside(self._roll(run.answer.conversation_id))

    async def _roll(self, conversation_id: str) -> None:
        with suppress(FolkmootError):
            await self._database.run(partial(roll_summary, conversation_id=conversation_id))

    async def _tell_to_stop(self, run: Run) -> None:
        answer = run.answer
        if answer.agent_id is None:
            return
        stop = AgentMessage(
            conversation_id=answer.conversation_id,
            sender_id="system.conversations",
            recipient_id=answer.agent_id,
            intent="custom:stop",
            expires_at=self._clock.now() + timedelta(seconds=30),
            payload=MessagePayload(data={"message_id": answer.message_id}),
        )
        with suppress(FolkmootError):
            await self._broker.publish(stop)

    def _beside(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _keep_up(self) -> None:
        """Keep the words of running answers, renew the leases, take over what was left."""
        turns = 0
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            turns += 1
            try:
                await self._flush()
                if turns % _RENEW_EVERY == 0:
                    await self._renew()
                    await self._take_over()
            except FolkmootError as error:
                _log.warning("answers_not_kept", error=error.message)
            except Exception:  # noqa: BLE001  # without this loop no answer would be taken over; it is logged
                _log.exception("answers_not_kept")

    async def _flush(self) -> None:
        dirty = [run for run in self._runs.values() if run.dirty]
        if not dirty:
            return
        answers = [replace(run.answer, content=run.text) for run in dirty]
        for run in dirty:
            run.dirty = False
        try:
            lost = await self._database.run(partial(turns.keep_words, owner=self._owner, answers=answers))
        except BaseException:
            for run in dirty:
                run.dirty = True
            raise
        self.let_go(lost)

    async def _renew(self) -> None:
        if self._alone or not self._runs:
            return
        async with self._database.write() as session:
            lost = await renew_leases(session, self._owner, until=self.lease(), running=list(self._runs))
        self.let_go(lost)

    def let_go(self, lost: dict[str, Status]) -> None:
        """Stop what was stopped on another server, and what another one took over while this one stood still."""
        for answer_id, status in lost.items():
            run = self._runs.get(answer_id)
            if run is None or run.task is None or run.cancelled or status not in (Status.CANCELLED, Status.ANSWERING):
                continue
            run.cancelled = status is Status.CANCELLED
            run.task.cancel()

    async def _take_over(self) -> None:
        async with self._database.write() as session:
            taken = await take_over(
                session,
                self._owner,
                now=self._clock.now(),
                until=self.lease(),
                alone=self._alone,
                running=list(self._runs),
            )
            runs: list[Run] = []
            for answer in taken:
                question = await find_message(session, answer.parent_id or "")
                talk = nowhere(answer)
                runs.append(Run(answer=answer, question=question, talk=talk))
        for run in runs:
            _log.info("answer_taken_over", answer_id=run.answer.message_id, attempt=run.answer.attempt)
            self.begin(run)
            self._tell(run, "reset")

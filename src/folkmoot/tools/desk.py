"""The desk over which every tool call goes: walls first, then the ledger, then the tool.

Nothing here asks a model and nothing trusts one: what an agent may not call is denied, whatever a prompt or a document
made it ask for. Calls that last run in tasks of the desk's own, so that whoever waits may leave without cutting off an
effect; a person's word about a call is in `decide.py`.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from folkmoot.kernel import Clock, FolkmootError, JsonValue, new_id
from folkmoot.telemetry import Tracing, get_logger
from folkmoot.tools.carry_out import Ended, carry_out
from folkmoot.tools.errors import ToolFailedError
from folkmoot.tools.keys import CallRun
from folkmoot.tools.ledger import Entry, Ledger, Taken
from folkmoot.tools.model import CallStatus, Effect, LoggedCall, ToolContext, ToolOutcome
from folkmoot.tools.registry import ToolRegistry
from folkmoot.tools.specify import Act, Arguments, ToolSpec
from folkmoot.tools.walls import Pace, Walls
from folkmoot.user_files import UserFiles

GRACE: Final = timedelta(seconds=5)
_RECORDING: Final = (0.05, 0.5, 2.0)  # seconds between attempts to write down an outcome
_log = get_logger("folkmoot.tools")

Heard = Callable[[str, CallStatus, timedelta], None]
"""Told of every call that ended: the tool, how, and how long it took."""


def _nobody(_tool: str, _status: CallStatus, _took: timedelta) -> None:
    return


class ToolDesk:
    """Calls tools for agents. `start` with the ledger's `recover`, end with `stop()`."""

    def __init__(
        self,
        *,
        registry: ToolRegistry,
        ledger: Ledger,
        walls: Walls,
        files: UserFiles,
        clock: Clock,
        heard: Heard = _nobody,
        tracing: Tracing | None = None,
    ) -> None:
        self._registry = registry
        self._ledger = ledger
        self._walls = walls
        self._files = files
        self._clock = clock
        self._heard = heard
        self._tracing = tracing or Tracing()
        self._pace = Pace(clock)
        self._running: dict[str, asyncio.Task[ToolOutcome]] = {}
        self._owed: list[tuple[str, Ended]] = []

    async def offered(self, *, agent_id: str, user_id: str | None) -> list[ToolSpec]:
        """The tools that an agent may call on this user's behalf: nothing else is shown to its model."""
        leave = await self._walls.leave(agent_id=agent_id, user_id=user_id)
        return [
            one for one in self._registry.all() if one.effect in leave.effects and self._walls.lists(agent_id, one.name)
        ]

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        agent_id: str,
        user_id: str | None,
        conversation_id: str | None = None,
        key: str | None = None,
        run: CallRun | None = None,
        act: Act | None = None,
        files_of: str | None = None,
    ) -> ToolOutcome:
        """Call a tool for an agent; never raises for what the tool does.

        `key`: the same key again answers the recorded outcome of a call that writes or reaches outside, and does
        nothing. Without one it follows from `run`; without a run every call is a new one. `act` carries the call out
        in the place of the registered function, where the answer depends on who asks. `files_of`: whose files the
        tool is given, where that is not the user's account but a room's user.
        """
        entry = Entry(
            call_id=new_id("call"),
            tool=name,
            agent_id=agent_id,
            user_id=user_id,
            conversation_id=conversation_id,
            cause=run.cause if run else None,
            effect=Effect.READ,
            key=None,
            plain=_plain(arguments),
            at=self._clock.now(),
            files_of=files_of,
        )
        spec = self._registry.get(name)
        if spec is None or not self._walls.lists(agent_id, name):
            known = "there is no such tool" if spec is None else "it is not among the tools of this agent"
            return self._noted(entry, CallStatus.DENIED, f"'{agent_id}' may not call '{name[:100]}': {known}")
        entry = _with(entry, effect=spec.effect)
        leave = await self._walls.leave(agent_id=agent_id, user_id=user_id)
        if spec.effect not in leave.effects:
            return self._noted(entry, CallStatus.DENIED, leave.why)
        try:
            checked = spec.check(arguments)
        except ToolFailedError as error:
            return self._noted(entry, CallStatus.FAILED, error.message)
        entry = _with(entry, plain=checked.plain)
        if not spec.effect.lasting:
            return await self._read(spec, entry, checked, act)
        key = key or (run.key(name, checked.plain) if run else new_id("call"))
        return await self._once(spec, _with(entry, key=key), checked, run, act)

    def carry_on(self, spec: ToolSpec, taken: Taken) -> asyncio.Task[ToolOutcome]:
        """Make a call that a person set going and the ledger has as started; the task belongs to the desk."""
        call = taken.call
        entry = Entry(
            call_id=call.call_id,
            tool=call.tool,
            agent_id=call.agent_id,
            user_id=call.user_id,
            conversation_id=call.conversation_id,
            cause=call.cause,
            effect=call.effect,
            key=taken.key,
            plain=taken.arguments,
            at=call.created_at,
        )
        return self._own(taken.key, self._make(spec, entry, spec.check(taken.arguments), None))

    async def sweep(self) -> None:
        """Write down outcomes that could not be written down before."""
        owed, self._owed = self._owed, []
        for call_id, ended in owed:
            await self._record(call_id, ended)

    async def stop(self) -> None:
        """Give calls at work some seconds; what is cut off then is `unknown`."""
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=GRACE.total_seconds())
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        await self._ledger.stop()

    async def _read(self, spec: ToolSpec, entry: Entry, checked: Arguments, act: Act | None) -> ToolOutcome:
        if not self._pace.allows(spec, entry.agent_id):
            return self._noted(entry, CallStatus.DENIED, _too_often(spec))
        ended = await self._carried_out(spec, entry, checked, act)
        kept = spec.kept(ended.result) if spec.kept and ended.status is CallStatus.SUCCEEDED else ended.result
        self._ledger.note(entry, ended.status, result=kept, error=ended.error, took=ended.took)
        self._heard(spec.name, ended.status, ended.took)
        return ToolOutcome(status=ended.status, call_id=entry.call_id, result=ended.result, error=ended.error)

    async def _once(
        self, spec: ToolSpec, entry: Entry, checked: Arguments, run: CallRun | None, act: Act | None
    ) -> ToolOutcome:
        assert entry.key is not None
        task = self._running.get(entry.key) or self._own(entry.key, self._begin(spec, entry, checked, run, act))
        return await asyncio.shield(task)

    async def _begin(
        self, spec: ToolSpec, entry: Entry, checked: Arguments, run: CallRun | None, act: Act | None
    ) -> ToolOutcome:
        assert entry.key is not None
        keys = run.keys if run else ()
        same, other = await self._ledger.before(entry.key, tool=spec.name, cause=entry.cause, but=keys)
        if same is not None:
            return outcome_of(same)
        why = self._why_wait(spec, entry, other)
        status = CallStatus.STARTED if why is None else CallStatus.WAITING
        if status is CallStatus.STARTED and not self._pace.allows(spec, entry.agent_id):
            return self._noted(_with(entry, key=None), CallStatus.DENIED, _too_often(spec))
        call, new = await self._ledger.open(entry, status=status, error=why)
        if not new or status is CallStatus.WAITING:
            return outcome_of(call)
        return await self._make(spec, entry, checked, act)

    def _why_wait(self, spec: ToolSpec, entry: Entry, other: LoggedCall | None) -> str | None:
        """Why a person has to be asked first; None if nobody has to."""
        if spec.approval or self._walls.asks_first(entry.agent_id, spec.name):
            return f"'{spec.name}' waits for a person's approval"
        if other is not None:
            # A model that is asked again may word the same e-mail anew: only a person can tell whether it is one.
            return (
                f"the message that led to this was handled before, and then '{spec.name}' was called with other "
                f"arguments ({other.call_id}); a person has to say whether this one is wanted too"
            )
        return None

    async def _make(self, spec: ToolSpec, entry: Entry, checked: Arguments, act: Act | None) -> ToolOutcome:
        ended = await self._carried_out(spec, entry, checked, act)
        # Being cancelled now must not lose what came of the call.
        recorded = await asyncio.shield(asyncio.create_task(self._record(entry.call_id, ended)))
        status = ended.status if recorded else CallStatus.UNKNOWN
        self._heard(spec.name, status, ended.took)
        return ToolOutcome(status=status, call_id=entry.call_id, result=ended.result, error=ended.error)

    async def _carried_out(self, spec: ToolSpec, entry: Entry, checked: Arguments, act: Act | None) -> Ended:
        told = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": spec.name,
            "folkmoot.call_id": entry.call_id,
        }
        with self._tracing.span(f"execute_tool {spec.name}", **told) as span:
            ended = await carry_out(spec, checked, self._context(entry), clock=self._clock, act=act)
            span.put("folkmoot.status", str(ended.status))
            if ended.status in {CallStatus.FAILED, CallStatus.UNKNOWN}:
                span.fail(str(ended.status))
        return ended

    async def _record(self, call_id: str, ended: Ended) -> bool:
        for pause in (*_RECORDING, None):
            try:
                await self._ledger.close(call_id, ended.status, result=ended.result, error=ended.error, took=ended.took)
            except FolkmootError as error:
                if pause is None:
                    _log.error("tool_outcome_not_written", call_id=call_id, outcome=ended.status, error=error.message)
                    self._owed.append((call_id, ended))
                    return False
                await asyncio.sleep(pause)
            else:
                return True
        return False

    def _own(self, key: str, work: Any) -> asyncio.Task[ToolOutcome]:
        task: asyncio.Task[ToolOutcome] = asyncio.create_task(work, name=f"tool {key}")
        self._running[key] = task
        task.add_done_callback(lambda _done: self._running.pop(key, None))
        return task

    def _noted(self, entry: Entry, status: CallStatus, error: str) -> ToolOutcome:
        self._ledger.note(entry, status, error=error)
        self._heard(entry.tool if self._registry.get(entry.tool) else "other", status, timedelta(0))
        return ToolOutcome(status=status, call_id=entry.call_id, error=self._ledger.said(error))

    def _context(self, entry: Entry) -> ToolContext:
        return ToolContext(
            agent_id=entry.agent_id,
            user_id=entry.user_id,
            conversation_id=entry.conversation_id,
            call_id=entry.call_id,
            key=entry.key or entry.call_id,
            clock=self._clock,
            files=self._files.area(entry.files_of or entry.user_id),
        )


def outcome_of(call: LoggedCall) -> ToolOutcome:
    """What the log says became of a call."""
    return ToolOutcome(status=call.status, call_id=call.call_id, result=call.result, error=call.error)


def _with(entry: Entry, **changes: Any) -> Entry:
    return Entry(**{**vars(entry), **changes})


def _plain(arguments: Mapping[str, Any]) -> dict[str, JsonValue]:
    plain: dict[str, JsonValue] = json.loads(json.dumps(dict(arguments), default=str))
    return plain


def _too_often(spec: ToolSpec) -> str:
    return f"'{spec.name}' may be called {spec.per_minute} times a minute, and was; try again later"

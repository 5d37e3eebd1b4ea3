"""The one log of every tool call, `agent_logs`: a row before the call, its outcome after.

A call that writes or reaches outside is in the table before it begins, and its key is in there at most once: that is
what keeps a second e-mail from being sent. A call that only reads is noted when it has ended, together with others, so
that answers do not wait for the log. Who may call what is decided in `desk.py`.
"""

import asyncio
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, FolkmootError, JsonValue
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger
from folkmoot.tools.errors import NotWaitingError
from folkmoot.tools.events import TOOL_CALL, TOOL_CALLS, told
from folkmoot.tools.mask import KEPT_BYTES, Masker
from folkmoot.tools.model import ACTION, CallStatus, Effect, LoggedCall
from folkmoot.tools.read_log import LogReader, unknown_call
from folkmoot.tools.seal import Seal
from folkmoot.tools.store import (
    Conflict,
    Session,
    as_call,
    insert_calls,
    mark_abandoned,
    move,
    select_by_key,
    select_caused,
    select_row,
)

GATHER: Final = timedelta(milliseconds=200)
LONGEST_ID: Final = 200
MOST_NOTED: Final = 10_000  # a log that cannot be written must not fill the memory
LOST: Final = "the process that made this call ended before it could say what became of it"
_log = get_logger("folkmoot.tools")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A call as it is about to be made. `key` is None for one that only reads.

    `files_of`: whose files it is given, if not its user's; it is not recorded, so a call that a person sets going later
    is given its user's own.
    """

    call_id: str
    tool: str
    agent_id: str
    user_id: str | None
    conversation_id: str | None
    cause: str | None
    effect: Effect
    key: str | None
    plain: dict[str, JsonValue]
    at: datetime
    files_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A call that a person set going, with its real arguments."""

    call: LoggedCall
    key: str
    arguments: dict[str, JsonValue]


class Ledger(LogReader):
    """The log of one process; `process` is an id that no other process ever has."""

    def __init__(
        self, *, database: Database, clock: Clock, events: EventLog, masker: Masker, seal: Seal, process: str
    ) -> None:
        super().__init__(database=database, clock=clock)
        self._events = events
        self._masker = masker
        self._seal = seal
        self._process = process
        self._noted: list[dict[str, Any]] = []
        self._writing = asyncio.Lock()
        self._soon: asyncio.Task[None] | None = None

    async def open(self, entry: Entry, *, status: CallStatus, error: str | None = None) -> tuple[LoggedCall, bool]:
        """Put a call into the log before it begins. If its key is there, that call and False: it must not be made."""
        row = self._row(entry, status=status, error=error)
        if not self._seal.ready:
            await asyncio.to_thread(self._seal.prepare)
        row["sealed"] = self._seal.close(entry.plain)
        assert entry.key is not None
        try:
            async with self._database.write() as session:
                await insert_calls(session, [row])
                await self._tell(session, row)
        except Conflict:  # the key is unique
            async with self._database.read() as session:
                if (earlier := await select_by_key(session, entry.key)) is None:
                    raise
                return as_call(earlier), False
        return as_call_of(row), True

    async def before(
        self, key: str, *, tool: str, cause: str | None, but: Collection[str] = ()
    ) -> tuple[LoggedCall | None, LoggedCall | None]:
        """The call that has this key; and without one, a call of the tool that the same message led to before.

        Calls with one of the keys `but` do not count, nor any that surely did nothing.
        """
        async with self._database.read() as session:
            if (row := await select_by_key(session, key)) is not None:
                return as_call(row), None
            caused = await select_caused(session, cause, ACTION + tool) if cause is not None else []
        others = [as_call(row) for row in caused if row.key not in but]
        return None, others[0] if others else None

    async def close(
        self,
        call_id: str,
        status: CallStatus,
        *,
        result: JsonValue = None,
        error: str | None = None,
        took: timedelta | None = None,
    ) -> LoggedCall | None:
        """Record the outcome of a call that this process made; None if the log has moved on without it."""
        values: dict[str, Any] = {
            "status": status,
            "result": self.kept(result),
            "error": None if error is None else self._masker.text(error),
            "duration_ms": None if took is None else _milliseconds(took),
            "ended_at": self._clock.now(),
        }
        if status not in {CallStatus.UNKNOWN, CallStatus.WAITING}:
            values["sealed"] = None
        async with self._database.write() as session:
            row = await move(session, call_id, expected=[CallStatus.STARTED], made_by=self._process, **values)
            if row is not None:
                await self._tell_of(session, row.log_id, as_call(row))
            return as_call(row) if row is not None else None

    def note(
        self,
        entry: Entry,
        status: CallStatus,
        *,
        result: JsonValue = None,
        error: str | None = None,
        took: timedelta | None = None,
    ) -> None:
        """Remember a call that has ended and need not be recorded before it is answered."""
        row = self._row(entry, status=status, error=error)
        row |= {
            "result": self.kept(result),
            "duration_ms": None if took is None else _milliseconds(took),
            "ended_at": self._clock.now(),
            "key": None,
        }
        if len(self._noted) >= MOST_NOTED:
            _log.warning("tool_log_lost", count=1, tool=entry.tool)
            return
        self._noted.append(row)
        if self._soon is None or self._soon.done():
            self._soon = asyncio.create_task(self._flush_soon(), name="tool-log")

    async def flush(self) -> None:
        """Write what was noted. What cannot be written now is kept for the next time."""
        async with self._writing:
            batch, self._noted = self._noted, []
            if not batch:
                return
            try:
                async with self._database.write() as session:
                    await insert_calls(session, batch)
                    agents = sorted({one["agent_id"] for one in batch})
                    await self._events.record(session, TOOL_CALLS, agents[0], {"count": len(batch), "agents": agents})
            except Exception as error:
                if not isinstance(error, FolkmootError):
                    # One row that no database takes must not keep the others from the log.
                    _log.error("tool_log_lost", count=len(batch), exc_info=error)
                    return
                self._noted = [*batch, *self._noted]
                raise

    async def stop(self) -> None:
        """Write what was noted, and end."""
        if self._soon is not None:
            self._soon.cancel()
            with suppress(asyncio.CancelledError):
                await self._soon
        with suppress(FolkmootError):
            await self.flush()

    async def recover(self, *, living: Collection[str] = ()) -> int:
        """Say `unknown` of what processes that are gone had begun; how many calls that are. `living`: not gone."""
        async with self._database.write() as session:
            found = await mark_abandoned(session, living={*living, self._process}, error=LOST)
            for row in found:
                await self._tell_of(session, row.log_id, as_call(row))
        if found:
            _log.warning("tool_calls_unknown", count=len(found), calls=[row.log_id for row in found][:20])
        return len(found)

    async def settle(
        self, call_id: str, status: CallStatus, *, expected: CallStatus, by: str, note: str | None, error: str | None
    ) -> LoggedCall:
        """A person's word that ends a call. Raises `UnknownCallError`, `NotWaitingError`."""
        values: dict[str, Any] = {
            "status": status,
            "error": error,
            "sealed": None,
            "decided_by": by,
            "note": None if note is None else self._masker.text(note),
            "ended_at": self._clock.now(),
        }
        async with self._database.write() as session:
            row = await move(session, call_id, expected=[expected], **values)
            if row is None:
                raise await _missing(session, call_id, expected)
            call = as_call(row)
            await self._tell_of(session, call_id, call)
            return call

    async def take(self, call_id: str, *, expected: CallStatus, by: str, note: str | None) -> Taken:
        """A person's word that sets a call going, in this process. Raises as `settle`, or `SealBrokenError`."""
        async with self._database.write() as session:
            row = await select_row(session, call_id)
            if row is None or row.status != expected:
                raise await _missing(session, call_id, expected)
            arguments = await asyncio.to_thread(self._seal.open, row.sealed)
            values: dict[str, Any] = {
                "status": CallStatus.STARTED,
                "process": self._process,
                "decided_by": by,
                "note": None if note is None else self._masker.text(note),
                "attempts": row.attempts + 1,
                "error": None,
                "ended_at": None,
            }
            row = await move(session, call_id, expected=[expected], **values)
            if row is None:
                raise await _missing(session, call_id, expected)
            call = as_call(row)
            await self._tell_of(session, call_id, call)
            return Taken(call=call, key=row.key or call_id, arguments=arguments)

    def kept(self, result: JsonValue) -> JsonValue:
        """A result as the log keeps it."""
        masked = self._masker.value(result, limit=KEPT_BYTES)
        text = json.dumps(masked, ensure_ascii=False)
        return masked if len(text) <= KEPT_BYTES else f"{text[: KEPT_BYTES // 8]}…"

    def said(self, text: str) -> str:
        """A text without secrets."""
        return self._masker.text(text)

    def _row(self, entry: Entry, *, status: CallStatus, error: str | None) -> dict[str, Any]:
        return {
            "log_id": entry.call_id,
            "action": ACTION + self._masker.text(entry.tool, limit=150),
            "agent_id": entry.agent_id[:LONGEST_ID],
            "user_id": entry.user_id,
            "conversation_id": entry.conversation_id and entry.conversation_id[:LONGEST_ID],
            "cause": entry.cause,
            "effect": entry.effect,
            "status": status,
            "key": entry.key,
            "parameters": self._masker.parameters(entry.plain),
            "result": None,
            "error": None if error is None else self._masker.text(error),
            "duration_ms": None,
            "attempts": 1,
            "process": self._process,
            "sealed": None,
            "decided_by": None,
            "note": None,
            "created_at": entry.at,
            "ended_at": None,
        }

    async def _flush_soon(self) -> None:
        await asyncio.sleep(GATHER.total_seconds())
        while self._noted:
            try:
                await self.flush()
            except FolkmootError as error:
                _log.warning("tool_log_waits", count=len(self._noted), error=error.message)
                await asyncio.sleep(1)

    async def _tell(self, session: Session, row: dict[str, Any]) -> None:
        await self._tell_of(session, row["log_id"], as_call_of(row))

    async def _tell_of(self, session: Session, call_id: str, call: LoggedCall) -> None:
        data = told(
            call_id=call_id,
            action=call.action,
            agent_id=call.agent_id,
            user_id=call.user_id,
            status=call.status,
            effect=call.effect,
        )
        await self._events.record(session, TOOL_CALL, call_id, data)


def as_call_of(row: dict[str, Any]) -> LoggedCall:
    """A row that was just written."""
    left = {name: value for name, value in row.items() if name not in {"log_id", "key", "process", "sealed"}}
    return LoggedCall(call_id=row["log_id"], **left)


def _milliseconds(took: timedelta) -> float:
    return round(took.total_seconds() * 1000, 3)


async def _missing(session: Session, call_id: str, expected: CallStatus) -> FolkmootError:
    row = await select_row(session, call_id)
    if row is None:
        return unknown_call(call_id)
    return NotWaitingError(
        f"the call {call_id} is {row.status}, not {expected}; it waits for no such word",
        call_id=call_id,
        status=row.status,
    )

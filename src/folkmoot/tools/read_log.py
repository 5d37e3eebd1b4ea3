"""Reading the log of calls, and dropping what is past its time; what is written there is in `ledger.py`."""

from datetime import timedelta
from typing import Any

from folkmoot.kernel import Clock
from folkmoot.storage import Database
from folkmoot.tools.errors import UnknownCallError
from folkmoot.tools.model import LoggedCall, ToolStats
from folkmoot.tools.store import as_call, delete_calls, filters, select_calls, select_row, select_stats


class LogReader:
    """What there is to read; whoever writes has its `flush` called before."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def flush(self) -> None:
        """Write what is remembered and not written yet; a mere reader remembers nothing."""

    async def find(self, call_id: str, *, user_id: str | None = None) -> LoggedCall:
        """One call; with `user_id` only one made for that user. Raises `UnknownCallError`."""
        await self.flush()
        async with self._database.read() as session:
            row = await select_row(session, call_id, user_id=user_id)
        if row is None:
            raise unknown_call(call_id)
        return as_call(row)

    async def page(self, *, limit: int = 100, offset: int = 0, **wanted: Any) -> tuple[list[LoggedCall], int]:
        """Calls, the newest first, and how many fit: filters `action` (how it begins), `agent_id`, `user_id`,
        `conversation_id`, `statuses`, `since`.
        """
        await self.flush()
        async with self._database.read() as session:
            return await select_calls(session, filters(**wanted), limit=limit, offset=offset)

    async def stats(self, **wanted: Any) -> list[ToolStats]:
        """By tool, of the calls that fit; filters as of `page`."""
        await self.flush()
        async with self._database.read() as session:
            return await select_stats(session, filters(**wanted))

    async def prune(self, *, older_than: timedelta) -> int:
        """Delete calls that ended and are older than that; how many."""
        await self.flush()
        async with self._database.write() as session:
            return await delete_calls(session, before=self._clock.now() - older_than)

    async def forget_agent(self, agent_id: str) -> int:
        """Delete every call of an agent, as when the person behind it is forgotten; how many."""
        await self.flush()
        async with self._database.write() as session:
            return await delete_calls(session, agent_id=agent_id, ended_only=False)


def unknown_call(call_id: str) -> UnknownCallError:
    """The error for a call that is not there, or is somebody else's."""
    return UnknownCallError(f"there is no tool call {call_id[:80]}", call_id=call_id[:80])

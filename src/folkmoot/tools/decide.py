"""A person's word about a call: approve or reject one that waits, say what became of one that nobody knows of.

Who may: the administrator, and the user on whose behalf the call is made; the agent asked, so that user's own word is
enough. A call of the house itself, made for nobody, is the administrator's to decide. Walls are looked at again at that
moment: a role that was lowered, a tool that was taken away or an agent that was silenced since then denies the call.
"""

import asyncio
from datetime import timedelta
from typing import Final

from folkmoot.security import Principal
from folkmoot.tools.desk import ToolDesk
from folkmoot.tools.errors import NotYoursToDecideError, ToolFailedError
from folkmoot.tools.ledger import Ledger
from folkmoot.tools.model import CallStatus, LoggedCall, Resolution
from folkmoot.tools.registry import ToolRegistry
from folkmoot.tools.walls import Walls

PATIENCE: Final = timedelta(seconds=2)


class Decisions:
    """Where people decide. What they set going runs on; its outcome is in the log."""

    def __init__(self, *, desk: ToolDesk, ledger: Ledger, registry: ToolRegistry, walls: Walls) -> None:
        self._desk = desk
        self._ledger = ledger
        self._registry = registry
        self._walls = walls

    async def approve(self, call_id: str, *, by: Principal, note: str | None = None) -> LoggedCall:
        """Let a call be made now, once; answers it as it stands some moments later.

        Raises `UnknownCallError`, `NotYoursToDecideError`, `NotWaitingError`, and `SealBrokenError` when its arguments
        cannot be read any more.
        """
        return await self._set_going(call_id, expected=CallStatus.WAITING, by=by, note=note)

    async def reject(self, call_id: str, *, by: Principal, note: str | None = None) -> LoggedCall:
        """Let a call that waits never be made. Raises as `approve`."""
        await self._checked(call_id, by)
        return await self._ledger.settle(
            call_id,
            CallStatus.DENIED,
            expected=CallStatus.WAITING,
            by=by.user_id,
            note=note,
            error=f"{by.name} rejected it" + (f": {note}" if note else ""),
        )

    async def resolve(
        self, call_id: str, resolution: Resolution, *, by: Principal, note: str | None = None
    ) -> LoggedCall:
        """Say of a call whose outcome is unknown that it happened, that it is to be made again, or to be let be.

        Raises as `approve`.
        """
        if resolution is Resolution.AGAIN:
            return await self._set_going(call_id, expected=CallStatus.UNKNOWN, by=by, note=note)
        await self._checked(call_id, by)
        happened = resolution is Resolution.HAPPENED
        return await self._ledger.settle(
            call_id,
            CallStatus.SUCCEEDED if happened else CallStatus.FAILED,
            expected=CallStatus.UNKNOWN,
            by=by.user_id,
            note=note,
            error=None if happened else f"{by.name} let it be; whether it took place is not known",
        )

    async def _set_going(self, call_id: str, *, expected: CallStatus, by: Principal, note: str | None) -> LoggedCall:
        call = await self._checked(call_id, by)
        spec = self._registry.get(call.tool)
        leave = await self._walls.leave(agent_id=call.agent_id, user_id=call.user_id)
        if spec is None or spec.effect not in leave.effects or not self._walls.lists(call.agent_id, call.tool):
            gone = f"'{call.agent_id}' has no tool '{call.tool}' any more"
            refusal = leave.why if spec is not None and spec.effect not in leave.effects else gone
            return await self._ledger.settle(
                call_id, CallStatus.DENIED, expected=expected, by=by.user_id, note=note, error=refusal
            )
        taken = await self._ledger.take(call_id, expected=expected, by=by.user_id, note=note)
        try:
            task = self._desk.carry_on(spec, taken)
        except ToolFailedError as error:  # the tool takes other arguments than it did when it was asked for
            closed = await self._ledger.close(call_id, CallStatus.FAILED, error=error.message)
            return closed or taken.call
        await asyncio.wait([task], timeout=PATIENCE.total_seconds())
        return await self._ledger.find(call_id)

    async def _checked(self, call_id: str, by: Principal) -> LoggedCall:
        call = await self._ledger.find(call_id, user_id=None if by.is_admin else by.user_id)
        if by.role == "viewer":
            raise NotYoursToDecideError("a viewer decides about no calls; ask an administrator", call_id=call_id)
        return call

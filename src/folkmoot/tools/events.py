"""What is told on the live feed of calls; never their parameters or results."""

from typing import Final

from folkmoot.kernel import JsonValue
from folkmoot.tools.model import ACTION

TOOL_CALL: Final = "tool_call"  # a call that lasts began, waits, ended or was decided about
TOOL_CALLS: Final = "tool_calls"  # so many calls that only read were logged together
EVENTS: Final = (TOOL_CALL, TOOL_CALLS)


def told(
    *, call_id: str, action: str, agent_id: str, user_id: str | None, status: str, effect: str
) -> dict[str, JsonValue]:
    """The data of a `tool_call` event."""
    return {
        "call_id": call_id,
        "tool": action.removeprefix(ACTION),
        "agent_id": agent_id,
        "user_id": user_id,
        "status": str(status),
        "effect": str(effect),
    }

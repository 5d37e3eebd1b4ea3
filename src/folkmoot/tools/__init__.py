"""What agents can call, and the one log of every call.

`specify.py` makes tools of typed functions, `registry.py` knows which there are, `desk.py` calls them: past the walls
of `walls.py`, through the ledger of `ledger.py`, which is the table `agent_logs`. `decide.py` is where people approve a
call, or say what became of one that nobody knows of. Who is asking is known to the agents; what a role permits, to
`folkmoot.security`.
"""

from folkmoot.tools.desk import ToolDesk
from folkmoot.tools.errors import ToolAwayError, ToolFailedError, ToolSkippedError, ToolUncertainError
from folkmoot.tools.model import CallStatus, Effect, ToolContext, ToolOutcome
from folkmoot.tools.registry import ToolRegistry
from folkmoot.tools.specify import ToolSpec, tool

__all__ = [
    "CallStatus",
    "Effect",
    "ToolAwayError",
    "ToolContext",
    "ToolDesk",
    "ToolFailedError",
    "ToolOutcome",
    "ToolRegistry",
    "ToolSkippedError",
    "ToolSpec",
    "ToolUncertainError",
    "tool",
]

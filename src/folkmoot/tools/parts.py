"""What of this room others are given, together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from folkmoot.tools.decide import Decisions
from folkmoot.tools.desk import ToolDesk
from folkmoot.tools.ledger import Ledger
from folkmoot.tools.registry import ToolRegistry
from folkmoot.tools.walls import Walls
from folkmoot.user_files import UserFiles


@dataclass(frozen=True, kw_only=True)
class ToolParts:
    """The tools there are, the desk that calls them, the log of calls, what people decide, and users' files.

    `sources` says of each MCP server why it is away, None of one that is connected.
    """

    registry: ToolRegistry
    desk: ToolDesk
    log: Ledger
    decisions: Decisions
    walls: Walls
    files: UserFiles
    sources: Callable[[], Mapping[str, str | None]]

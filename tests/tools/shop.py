"""A desk with everything behind it, for tests of tools."""

from dataclasses import dataclass, field
from pathlib import Path

from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.storage import Database
from folkmoot.tools import ToolDesk, ToolRegistry, ToolSpec
from folkmoot.tools.ledger import Ledger
from folkmoot.tools.mask import Masker
from folkmoot.tools.seal import Seal
from folkmoot.tools.walls import EVERYTHING, Leave, Walls
from folkmoot.user_files import UserFiles


@dataclass
class Rules:
    """Walls that a test builds: what is listed, what asks first, what there is leave for."""

    listed: dict[str, set[str]] = field(default_factory=dict)
    first: set[str] = field(default_factory=set)
    given: Leave = EVERYTHING

    def lists(self, agent_id: str, tool: str) -> bool:
        return agent_id not in self.listed or tool in self.listed[agent_id]

    def asks_first(self, agent_id: str, tool: str) -> bool:  # noqa: ARG002  # the promise of `Walls`
        return tool in self.first

    async def leave(self, *, agent_id: str, user_id: str | None) -> Leave:  # noqa: ARG002  # the promise of `Walls`
        return self.given


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A desk, and what it works with."""

    registry: ToolRegistry
    ledger: Ledger
    desk: ToolDesk
    rules: Rules
    events: EventLog
    home: Path


def open_shop(
    database: Database,
    clock: Clock,
    home: Path,
    *specs: ToolSpec,
    process: str = "this",
    known: tuple[str, ...] = (),
    walls: Walls | None = None,
) -> Shop:
    """A shop with these tools."""
    events = EventLog(database=database, clock=clock)
    registry, rules = ToolRegistry(), Rules()
    registry.add(*specs)
    ledger = Ledger(
        database=database,
        clock=clock,
        events=events,
        masker=Masker(known=known),
        seal=Seal(home / "tool_calls.key"),
        process=process,
    )
    desk = ToolDesk(
        registry=registry, ledger=ledger, walls=walls or rules, files=UserFiles(home / "users"), clock=clock
    )
    return Shop(registry=registry, ledger=ledger, desk=desk, rules=rules, events=events, home=home)

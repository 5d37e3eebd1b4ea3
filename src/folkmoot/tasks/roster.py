"""Who takes work: what this room needs to know of agents, whoever keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Worker:
    """An agent that takes work. `places`: how many open tasks it takes; None: any number."""

    agent_id: str
    person: str | None = None
    online: bool = True
    availability: str = "available"
    until: datetime | None = None
    places: int | None = 5
    model: str | None = None
    persona: str = ""

    @property
    def subject(self) -> str:
        """How the estimator knows it: its person, else its own id."""
        return self.person or self.agent_id


class Roster(Protocol):
    """The agents that take work: twins and specialists, present or not; never the manager or a user proxy."""

    async def workers(self) -> Sequence[Worker]: ...

    async def worker(self, agent_id: str) -> Worker | None: ...

    async def set_workload(self, agent_id: str, open_tasks: int) -> None:
        """Say how many tasks an agent has in hand. An agent that is gone is passed over."""
        ...

"""What a program that is no agent needs of a workplace: to send letters, and to know who is there.

A broker and a registry in this process keep these promises, and so does a server over HTTP; how a program comes by
either is decided in `folkmoot.assembly`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from folkmoot.kernel import Clock
from folkmoot.messaging import AgentMessage, Receipt
from folkmoot.registry import AgentRecord


class Letters(Protocol):
    """What of `folkmoot.messaging.Broker` programs use; see there for what each promises."""

    async def publish(self, message: AgentMessage) -> Receipt:
        """Accept a message for delivery."""
        ...

    async def request(self, message: AgentMessage, *, timeout: timedelta) -> AgentMessage:
        """Publish and wait for the reply."""
        ...

    async def broadcast(self, message: AgentMessage) -> Mapping[str, Receipt | Exception]:
        """Send to everyone the recipient selects."""
        ...


class Known(Protocol):
    """What of `folkmoot.registry.Registry` programs use."""

    async def get(self, agent_id: str) -> AgentRecord:
        """One agent. Raises `UnknownAgentError`."""
        ...

    async def discover(
        self,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        intent: str | None = None,
        online_only: bool = False,
    ) -> list[AgentRecord]:
        """The agents that fit everything given."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A workplace as a program reaches it."""

    letters: Letters
    known: Known
    clock: Clock


class Joining(Protocol):
    """How a program comes by it."""

    async def open(self) -> Reach:
        """Join; twice is once."""
        ...

    async def close(self) -> None:
        """Leave; twice is once."""
        ...

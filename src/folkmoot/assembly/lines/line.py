"""A line: what a program that is no server has of the house while it runs."""

from collections.abc import Callable, Hashable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from folkmoot.agents import AgentHost
from folkmoot.kernel import Clock
from folkmoot.messaging import Broker
from folkmoot.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Line:
    """Open parts. `host` runs the program's own agents in the program's event loop; `where` names the place."""

    broker: Broker
    registry: Registry
    host: AgentHost
    clock: Clock
    where: str


Opening = Callable[[], AbstractAsyncContextManager[Line]]


@dataclass(frozen=True, kw_only=True)
class LinePlace:
    """A line that can be opened; objects whose `key` is the same share it."""

    key: Hashable
    opening: Opening

"""Who may see whom, and who may send to whom.

An agent says both itself, by selectors (`visible_to`, `reachable_by`). Most agents restrict nothing, so whoever asks
about each message keeps the few that do, and looks at them again once they are half a second old: what changes
elsewhere holds within a second here, and an agent that everybody may address costs one look into a dictionary.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.registry.model import EVERYBODY, PEOPLE, AgentInfo
from folkmoot.registry.select import fits

FRESH_SECONDS: Final = 0.5


def allows(selectors: Collection[str], asker_id: str, asker: AgentInfo | None) -> bool:
    """Whether one of `selectors` means who asks; `asker` is None for somebody who is no agent."""
    return any(_means(selector, asker_id, asker) for selector in selectors)


def _means(selector: str, asker_id: str, asker: AgentInfo | None) -> bool:
    if selector in (EVERYBODY, asker_id):
        return True
    if asker is None:
        return selector == PEOPLE
    kind, _, value = selector.partition(":")
    if kind == "type":
        return asker.type == value
    return kind in ("role", "department", "capability") and fits(asker, **{kind: value})


class Permissions:
    """Answers for one registry: `restricted` reads the agents that restrict something, `find` one agent."""

    def __init__(
        self,
        *,
        restricted: Callable[[], Awaitable[Sequence[AgentInfo]]],
        find: Callable[[str], Awaitable[AgentInfo | None]],
        clock: Clock,
    ) -> None:
        self._read = restricted
        self._find = find
        self._clock = clock
        self._guarded: Mapping[str, AgentInfo] = {}
        self._askers: dict[str, AgentInfo | None] = {}
        self._fresh_until = float("-inf")
        self._changes = 0
        self._reading = asyncio.Lock()

    def forget(self) -> None:
        """Look again at the next question: something has changed here."""
        self._changes += 1
        self._fresh_until = float("-inf")

    def look(self) -> tuple[float, int]:
        """That all agents are being read now, for `learn`."""
        return self._clock.monotonic(), self._changes

    def learn(self, everybody: Sequence[AgentInfo], *, since: tuple[float, int]) -> None:
        """All agents, as somebody read them after `look`: that is as good as a look of our own."""
        began, changes = since
        if changes == self._changes and began + FRESH_SECONDS > self._fresh_until:
            self._guarded = {one.agent_id: one for one in everybody if EVERYBODY not in one.reachable_by}
            self._askers = {}
            self._fresh_until = began + FRESH_SECONDS

    async def may_address(self, sender: str, recipient: str) -> bool:
        """Whether `recipient` takes messages of `sender`; an agent that nobody knows takes them of everybody."""
        if self._clock.monotonic() >= self._fresh_until:
            await self._look()
        guarded = self._guarded.get(recipient)
        if guarded is None or sender == recipient or EVERYBODY in guarded.reachable_by:
            return True
        return allows(guarded.reachable_by, sender, await self.asker(sender))

    async def asker(self, asker_id: str) -> AgentInfo | None:
        """The agent who asks, None for somebody who is none; as of half a second ago at most."""
        if self._clock.monotonic() >= self._fresh_until:
            await self._look()
        known = self._askers
        if asker_id not in known:
            known[asker_id] = await self._find(asker_id)
        return known[asker_id]

    async def _look(self) -> None:
        async with self._reading:
            began, changes = self._clock.monotonic(), self._changes
            if began < self._fresh_until:
                return
            self._guarded = {one.agent_id: one for one in await self._read()}
            self._askers = {}
            # What was read may be older than a change, or than what was learned after it: then it is looked again.
            self._fresh_until = began + FRESH_SECONDS if changes == self._changes else float("-inf")

"""Which agent is to answer: the one that the person chose, else the one that the router finds among those that may."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from folkmoot.agents import AgentDefinition
from folkmoot.conversations.errors import NobodyAnswersError
from folkmoot.conversations.model import Conversation
from folkmoot.conversations.routing import Candidate, Decision, Router
from folkmoot.conversations.routing.replay import Replay, replay
from folkmoot.kernel import Clock
from folkmoot.messaging import MessageIntent
from folkmoot.models import Caller
from folkmoot.registry import AgentRecord, Registry, UnknownAgentError
from folkmoot.registry.permissions import allows

_FRESH_SECONDS: Final = 1.0
_ASKED_EVERY_SECONDS: Final = 5.0
_GENERALISTS: Final = ("general", "chat")


class Picker:
    """`definitions` says what examples and keywords the agents have, `speaks` whether one may answer at all: a twin may
    not without its person's consent, and would only say so.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        routes: Router,
        definitions: Callable[[], Mapping[str, AgentDefinition]],
        clock: Clock,
        speaks: Callable[[AgentRecord], Awaitable[bool]] | None = None,
    ) -> None:
        self._registry = registry
        self._routes = routes
        self._definitions = definitions
        self._clock = clock
        self._speaks = speaks
        self._may_speak: dict[str, tuple[float, bool]] = {}
        self._agents: list[AgentRecord] = []
        self._fresh_until = self._looked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._sets: dict[tuple[str, ...], tuple[Candidate, ...]] = {}

    async def named(self, agent: str, *, account: str) -> AgentRecord:
        """The agent meant by an id, a specialty or a name, if this account may send to it.

        Raises `UnknownAgentError`; one that is offline counts, for its mail waits.
        """
        wanted = agent.strip().casefold()
        known: list[AgentRecord] = []
        for anew in (False, True):
            known = [one for one in await self._known(anew=anew) if allows(one.visible_to, account, None)]
            meant = [
                one
                for one in known
                if wanted in (one.agent_id.casefold(), one.specialty.casefold(), one.name.casefold())
            ]
            meant.sort(key=lambda one: (one.agent_id.casefold() != wanted, one.presence != "online", one.agent_id))
            for one in meant:
                if await self._registry.may_address(account, one.agent_id):
                    return one
        there = ", ".join(sorted(one.agent_id for one in known)[:12])
        raise UnknownAgentError(f"no agent that you may talk to is called {agent[:60]!r}; there are {there}")

    async def offered(self, account: str) -> list[AgentRecord]:
        """Every agent that this account may talk to and that is there, by its id."""
        known = [one for one in await self._known(anew=True) if allows(one.visible_to, account, None)]
        there = [one for one in known if one.presence != "offline" and one.type != "user_proxy"]
        return sorted(
            [one for one in there if await self._registry.may_address(account, one.agent_id)],
            key=lambda one: one.agent_id,
        )

    async def pick(self, text: str, *, talk: Conversation, chosen: str | None, caller: Caller) -> tuple[Decision, str]:
        """Who answers `text` in this conversation, and what people call it.

        Raises `NobodyAnswersError`, and `UnknownAgentError` for a chosen one that is gone.
        """
        wanted = chosen or talk.agent_id
        if wanted is not None:
            one = await self.named(wanted, account=talk.account_id)
            said = f"{one.name} was chosen" + ("" if chosen else " for this conversation")
            decision = Decision(
                agent_id=one.agent_id,
                confidence=1.0,
                in_scope_confidence=1.0,
                method="chosen",
                reasoning=said,
                alternatives=(),
                evidence={},
            )
            return decision, one.name
        there = await self._there(talk.account_id)
        if not there:
            raise NobodyAnswersError(
                "no agent that may answer you is online; start one, or ask an administrator to make one visible to you"
            )
        names = {one.agent_id: one.name for one in there}
        sticky = talk.last_agent if talk.last_agent in names else None
        decision = await self._routes.route(
            text, candidates=self._candidates(there), sticky=sticky, fallback=_fallback(there), caller=caller
        )
        return decision, names[decision.agent_id]

    async def name_of(self, agent_id: str) -> str:
        """What people call an agent; its id where it is gone."""
        try:
            return (await self._registry.get(agent_id)).name
        except UnknownAgentError:
            return agent_id

    async def candidates(self, account: str) -> tuple[Candidate, ...]:
        """Everybody who may answer this account now."""
        return self._candidates(await self._there(account))

    async def prepare(self) -> None:
        """Let the router learn to tell apart all who take a chat, whoever is online."""
        await self._routes.prepare(self._candidates([one for one in await self._known() if one.type != "user_proxy"]))

    async def taught(self, text: str, *, talk: Conversation, chosen: str, instead_of: str | None) -> None:
        """Somebody wanted `chosen` to answer this, and not who was picked."""
        await self._routes.learn(
            text,
            chosen=chosen,
            instead_of=instead_of,
            candidates=await self.candidates(talk.account_id),
            user_id=talk.user_id,
            conversation_id=talk.conversation_id,
        )

    async def replayed(self, text: str, decision: Decision, *, account: str) -> Replay:
        """A decision made again: from its own evidence, and by what the router knows and who is there now."""
        return await replay(text, decision, router=self._routes, candidates=await self.candidates(account))

    async def refresh(self) -> None:
        """Something that was taught has gone."""
        await self._routes.refresh()

    def forget(self) -> None:
        """Agents came or went: look anew."""
        self._fresh_until = float("-inf")
        self._may_speak.clear()

    async def _there(self, account: str) -> list[AgentRecord]:
        found = [
            one
            for one in await self._known()
            if one.presence == "online"
            and one.type != "user_proxy"
            and one.availability != "offline"
            and allows(one.visible_to, account, None)
            and await self._registry.may_address(account, one.agent_id)
        ]
        return [one for one in found if await self._may(one)]

    async def _may(self, one: AgentRecord) -> bool:
        """Whether an agent may answer, as of some seconds ago: if that has changed, it refuses by itself."""
        if self._speaks is None:
            return True
        now = self._clock.monotonic()
        asked, known = self._may_speak.get(one.agent_id, (float("-inf"), False))
        if now - asked >= _ASKED_EVERY_SECONDS:
            known = await self._speaks(one)
            self._may_speak[one.agent_id] = (now, known)
        return known

    async def _known(self, *, anew: bool = False) -> list[AgentRecord]:
        """Everybody who takes a chat, as of a second ago at most."""
        asked = self._clock.monotonic()
        if anew or asked >= self._fresh_until:
            async with self._looking:
                if asked >= self._looked_at:  # else somebody looked while this one waited
                    self._looked_at = self._clock.monotonic()
                    self._agents = await self._registry.discover(intent=MessageIntent.CHAT)
                    self._fresh_until = self._looked_at + _FRESH_SECONDS
        return self._agents

    def _candidates(self, there: Sequence[AgentRecord]) -> tuple[Candidate, ...]:
        """The same objects again and again while nothing changes, so that the router knows them."""
        definitions = self._definitions()
        key = tuple(f"{one.agent_id} {one.name} {id(definitions.get(one.agent_id))}" for one in there)
        if key not in self._sets:
            if len(self._sets) > 64:  # noqa: PLR2004  # as many different sights of the same agents are kept
                self._sets.clear()
            self._sets[key] = tuple(_candidate(one, definitions.get(one.agent_id)) for one in there)
        return self._sets[key]


def _candidate(one: AgentRecord, definition: AgentDefinition | None) -> Candidate:
    aliases = {one.agent_id, one.specialty, one.role, one.person or ""} - {"", one.type, one.name}
    return Candidate(
        agent_id=one.agent_id,
        name=one.name,
        description=one.description,
        keywords=definition.keywords if definition else (),
        examples=definition.examples if definition else (),
        aliases=tuple(sorted(aliases)),
    )


def _fallback(there: Sequence[AgentRecord]) -> str:
    """A generalist, else the manager, else whoever comes first."""

    def rank(one: AgentRecord) -> tuple[int, str]:
        if one.specialty in _GENERALISTS:
            return _GENERALISTS.index(one.specialty), one.agent_id
        return (2 if one.type == "manager" else 3), one.agent_id

    return min(there, key=rank).agent_id

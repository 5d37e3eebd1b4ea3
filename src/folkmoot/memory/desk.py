"""Where knowledge is asked for by somebody: which scopes a search may see, and the search.

The scopes of a search are the agent's (its own, else its role's), as far as the asking principal may see them too. An
`agent_id` or a `role` in a request can only narrow that: whoever names another's finds no more than they may see
themselves. Persons' own messages are never found here; their twin searches them under consent.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

from folkmoot.memory.index import KnowledgeIndex
from folkmoot.memory.model import TWIN_PREFIX, Filters, Findings
from folkmoot.memory.scopes import RoleScopes
from folkmoot.security import Principal


@dataclass(frozen=True, kw_only=True)
class Searcher:
    """What of an agent says what it may search: its own scopes, else those of its role."""

    agent_id: str
    role: str = ""
    scopes: frozenset[str] = frozenset()


class Searchers(Protocol):
    """Who the agents of this workplace are."""

    async def find(self, agent_id: str) -> Searcher | None:
        """The agent of this id, None if nobody knows it."""
        ...


class Askers(Protocol):
    """Who the people of this workplace are (`folkmoot.security.UserDesk`)."""

    async def principal(self, user_id: str | None) -> Principal | None:
        """What a user may do now; None for nobody, an unknown or a disabled one."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What a search may see, and why that is nothing."""

    scopes: frozenset[str]
    notice: str = ""


class KnowledgeDesk:
    """Searches on somebody's behalf."""

    def __init__(
        self, *, index: KnowledgeIndex, roles: RoleScopes, searchers: Searchers, people: Askers | None = None
    ) -> None:
        self._index = index
        self._people = people
        self._searchers = searchers
        self.roles = roles

    async def search(
        self,
        query: str,
        *,
        principal: Principal,
        agent_id: str | None = None,
        role: str | None = None,
        filters: Filters | None = None,
        scopes: Collection[str] | None = None,
        limit: int = 10,
    ) -> Findings:
        """What `principal` may see of what the agent may see, the best first; `scopes` narrows it further.

        A role or an agent that nobody defined finds nothing, and the notice names it. Raises `InvalidSearchError`.
        """
        sight = await self.sight(principal=principal, agent_id=agent_id, role=role)
        within = sight.scopes if scopes is None else sight.scopes & frozenset(scopes)
        findings = await self._index.look_up(query, scopes=within, filters=filters, limit=limit)
        return replace(findings, notice=sight.notice) if sight.notice else findings

    async def sight(self, *, principal: Principal, agent_id: str | None = None, role: str | None = None) -> Sight:
        """Which scopes a search by this agent, in this role, for this principal sees."""
        mine = principal.knowledge_scopes
        narrowed: list[frozenset[str]] = [] if mine is None else [frozenset(mine)]
        notice = ""
        if agent_id:
            agent = await self._searchers.find(agent_id)
            if agent is not None:
                narrowed.append(self.of_agent(agent))
                if not narrowed[-1]:
                    notice = f"the agent '{agent_id}' may search nothing: it has no memory scopes, and its role none"
            elif not role:
                return Sight(scopes=frozenset(), notice=f"there is no agent '{agent_id}'; name one, or a role")
        if role:
            of_role = self.roles.of(role)
            if of_role is None:
                known = ", ".join(sorted(self.roles.roles))
                return Sight(scopes=frozenset(), notice=f"nobody defined the role '{role[:100]}'; known are {known}")
            narrowed.append(of_role)
        if not narrowed:
            narrowed.append(frozenset(await self._index.scopes()))
        seen = frozenset.intersection(*narrowed)
        if not seen and not notice:
            notice = "nothing may be searched: what the agent and the role may see, whoever asks may not"
        return Sight(scopes=frozenset(one for one in seen if not one.startswith(TWIN_PREFIX)), notice=notice)

    async def scopes_for(self, agent: Searcher, *, user_id: str | None) -> frozenset[str]:
        """What an agent may search while it acts for a user; None is the house itself.

        For a user who is unknown, or disabled meanwhile, that is nothing.
        """
        own = self.of_agent(agent)
        if user_id is None:
            return own
        asker = await self._people.principal(user_id) if self._people is not None else None
        if asker is None:
            return frozenset()
        return own if asker.knowledge_scopes is None else own & asker.knowledge_scopes

    def of_agent(self, agent: Searcher) -> frozenset[str]:
        """What an agent may search: its memory scopes, else those of its role."""
        return agent.scopes or self.roles.of(agent.role) or frozenset()

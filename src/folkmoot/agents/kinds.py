"""The kinds of agent that come with the house: agents like all others, reached by messages (SPEC B8).

What a manager, a twin or a candidate does about tasks comes to them as a behaviour of the room `tasks`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from folkmoot.agents.agent import BaseAgent
from folkmoot.agents.answering import AnsweringAgent, Search
from folkmoot.agents.behalf import in_hand
from folkmoot.agents.disclosing import twin_disclosure
from folkmoot.agents.errors import TwinSilentError
from folkmoot.consent import Purpose, person_key
from folkmoot.memory import Filters, Found, twin_scope
from folkmoot.messaging import AgentMessage, Reply
from folkmoot.models import ModelHandle
from folkmoot.registry import AgentType


class SpecialistAgent(AnsweringAgent):
    """Stands for a job."""


class ManagerAgent(AnsweringAgent):
    """Consults, referees and awards; the handlers for that are given to it."""


class TwinAgent(AnsweringAgent):
    """Stands for a person, says so, and answers from that person's own messages.

    It speaks only from platforms whose consents cover `chat`. A model outside this network is shown texts only from
    those that cover `remote_model` too; without any, the twin asks a model within it, or answers offline, and says why.
    """

    @property
    def person(self) -> str:
        """The person's name as the workplace writes it."""
        return self.definition.person or self.definition.name

    async def instructions(self) -> str:
        return (
            f"You are the AI twin of {self.person}: a program that speaks for them from their own messages. "
            f"Never claim to be {self.person}, and invent nothing they did not say.\n{await super().instructions()}"
        )

    async def may_use(self, handle: ModelHandle) -> tuple[ModelHandle, Search, str]:
        platforms = await self._platforms(Purpose.CHAT)
        if not platforms:
            raise TwinSilentError(
                f"the twin of {self.person} may not answer: no live consent covers 'chat'; "
                f"{self.person} grants it with 'folkmoot consent grant'",
                agent_id=self.agent_id,
            )
        notice = ""
        if handle.remote:
            sendable = platforms & await self._platforms(Purpose.REMOTE_MODEL)
            if sendable:
                platforms = sendable
            else:
                # Of a chain, what stays within this network may be asked; nothing else is in the handle then.
                near = handle.nearby() or await self.context.models.resolve("offline")
                away = ", ".join(one.name for one in handle.members if one.remote)
                instead = "answer offline" if near.offline else f"ask {near.name}"
                notice = f"({away} runs elsewhere, and no consent covers 'remote_model', so I {instead}.)"
                handle = near

        async def search(query: str, limit: int) -> Sequence[Found]:
            return await self._search(query, limit, platforms)

        return handle, search, notice

    def disclosure(self, handle: ModelHandle) -> str:
        now = in_hand()
        return twin_disclosure(self.person, now.message.payload.data if now else None, offline=handle.offline)

    async def search_knowledge(self, query: str, *, limit: int = 5) -> Sequence[Found]:
        """The best of what this twin may speak of now: its person's messages under `chat`, and its memory scopes."""
        return await self._search(query, limit, await self._platforms(Purpose.CHAT))

    async def _search(self, query: str, limit: int, platforms: frozenset[str]) -> Sequence[Found]:
        found = list(await super().search_knowledge(query, limit=limit))
        # Passages rest on the consent they were imported under, which need not be the one that covers `chat`.
        imported = await self.context.consents.live(self.person, Purpose.IMPORT)
        resting_on = frozenset(consent.consent_id for consent in imported if consent.platform in platforms)
        if resting_on:
            found += await self.context.knowledge.search(
                query,
                scopes=[twin_scope(person_key(self.person))],
                limit=limit,
                filters=Filters(consents=resting_on),
            )
        return sorted(found, key=lambda one: -one.score)[:limit]

    async def _platforms(self, purpose: Purpose) -> frozenset[str]:
        return frozenset(consent.platform for consent in await self.context.consents.live(self.person, purpose))


class UserProxyAgent(BaseAgent):
    """Stands for the human in a workflow: whatever is said to it waits for a person's answer."""

    async def handle_chat(self, message: AgentMessage) -> Reply:
        return await self.context.people.ask(await self.info(), message)

    async def handle_request_knowledge(self, message: AgentMessage) -> Reply:
        return await self.context.people.ask(await self.info(), message)

    async def handle_request_review(self, message: AgentMessage) -> Reply:
        return await self.context.people.ask(await self.info(), message)

    async def handle_notification(self, message: AgentMessage) -> Reply:
        return await self.context.people.ask(await self.info(), message)


KINDS: Final[Mapping[AgentType, type[BaseAgent]]] = MappingProxyType(
    {"twin": TwinAgent, "specialist": SpecialistAgent, "manager": ManagerAgent, "user_proxy": UserProxyAgent}
)

"""The parts that agents lean on, real ones: broker, registry, consents, knowledge, models."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from folkmoot.agents import AgentContext, AgentDefinition
from folkmoot.consent import ConsentLedger, Purpose, person_key
from folkmoot.kernel import SimulatedClock, new_id
from folkmoot.memory import KnowledgeIndex, Passage, twin_scope
from folkmoot.messaging import AgentMessage, MessagePayload
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.registry import Registry
from folkmoot.storage import Database

PATIENCE = timedelta(seconds=60)  # the first question imports the model libraries, on a machine that may be busy


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything a test of agents needs; `context` is what agents get."""

    database: Database
    clock: SimulatedClock
    registry: Registry
    broker: EmbeddedBroker
    ledger: ConsentLedger
    knowledge: KnowledgeIndex
    context: AgentContext

    async def ask(self, recipient: str, intent: str, **data: Any) -> dict[str, Any]:
        """What an agent replies."""
        reply = await self.broker.request(self.letter(recipient, intent, **data), timeout=PATIENCE)
        return reply.payload.data

    def letter(self, recipient: str, intent: str, **data: Any) -> AgentMessage:
        """A message from nobody in particular."""
        return AgentMessage(
            sender_id="somebody", recipient_id=recipient, intent=intent, payload=MessagePayload(data=data)
        )

    async def grant(self, person: str, *purposes: Purpose, platform: str = "whatsapp") -> str:
        """A consent for a month; its id."""
        granted = await self.ledger.grant(
            person,
            email="p@acme.example",
            platform=platform,
            purposes=[purpose.value for purpose in purposes],
            expires_at=self.clock.now() + timedelta(days=30),
        )
        return granted.consent.consent_id

    async def remember(self, person: str, text: str, consent_id: str, *, source: str = "whatsapp") -> None:
        """Let a twin have a message of its person."""
        passage = Passage(
            id=new_id(), scope=twin_scope(person_key(person)), source=source, text=text, consent_id=consent_id
        )
        async with self.database.write() as session:
            await self.knowledge.add(session, [passage])


def definition(agent_id: str, **fields: Any) -> AgentDefinition:
    """An agent as data."""
    return AgentDefinition.model_validate({"agent_id": agent_id, **fields})

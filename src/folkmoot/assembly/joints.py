"""Where rooms of one floor meet: what one needs, in the terms of the other.

Each class here keeps a Protocol that a room states and asks another room for the answer; nothing is decided here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from folkmoot.agents import AgentDefinition, AgentHost
from folkmoot.consent import Consent, ConsentGate, Purpose, person_key
from folkmoot.kernel import excerpt
from folkmoot.messaging import Broker, MessageIntent
from folkmoot.skills import Declared, Evidence
from folkmoot.skills.estimates import Estimates
from folkmoot.storage import as_the_house
from folkmoot.tasks.mind import Character
from folkmoot.tasks.outcomes import Outcomes
from folkmoot.tasks.talk import Quotation
from folkmoot.tasks.task_types import DEFAULT_TASK_TYPES, TaskTypes
from folkmoot.twins import Twin, TwinRoster
from folkmoot.twins.permission import permitted

IN_WORDS: Final = (MessageIntent.CHAT, MessageIntent.REQUEST_KNOWLEDGE)


class CurrentTypes(TaskTypes):
    """The task types of the team that is up now."""

    def replace(self, types: Mapping[str, Sequence[str]]) -> None:
        """Use the workplace's map, beside the usual types that it does not name."""
        super().__init__({**DEFAULT_TASK_TYPES, **types})


class HostCharacters:
    """What the definitions of the agents say, for rooms that know no definitions."""

    def __init__(self) -> None:
        self._host: AgentHost | None = None

    def follow(self, host: AgentHost) -> None:
        """Ask this host; it is made after those who ask."""
        self._host = host

    def character(self, agent_id: str) -> Character | None:
        one = self._host.definitions.get(agent_id) if self._host else None
        if one is None:
            return None
        return Character(model=one.model, persona=one.persona, person=one.person)

    def declared(self, person: str) -> Declared | None:
        """What is declared of a person by key, None for somebody without an agent here."""
        agents = self._host.definitions.values() if self._host else ()
        found = (declared_of(one) for one in agents if one.person)
        return next((one for one in found if one.person == person), None)


def declared_of(one: AgentDefinition) -> Declared:
    """What a definition says of an agent beforehand, in the estimator's words."""
    return Declared(
        person=person_key(one.person) if one.person else one.agent_id,
        capabilities=dict(one.capabilities),
        role=one.role,
        description=one.description,
    )


class TextShare:
    """The texts' share of the estimator, for `twins`.

    Forgetting a person's texts leaves what is declared of them, and the outcomes of tasks that are still on record.
    """

    def __init__(self, *, estimates: Estimates, outcomes: Outcomes, declared: Callable[[str], Declared | None]) -> None:
        self._estimates = estimates
        self._outcomes = outcomes
        self._declared = declared

    async def learn(self, evidence: Sequence[Evidence]) -> None:
        await self._estimates.learn(evidence)

    async def forget(self, person: str) -> None:
        await self._estimates.forget(person)
        if (declared := self._declared(person)) is not None:
            await self._estimates.declare([declared])
        await self._estimates.learn([one for one in await self._outcomes.known() if one.person == person])


class OutcomesPart:
    """What tasks keep of a person, for `twins` to forget."""

    name = "task outcomes and answers"

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes

    async def forget(self, twin: Twin) -> int:
        return await self._outcomes.forget(agent_id=twin.agent_id, person=twin.person)


class KeptAnswers:
    """The answers in a twin's words that the broker keeps for repeated questions: they go when a consent goes."""

    name = "kept answers"

    def __init__(self, *, broker: Broker, twins: TwinRoster) -> None:
        self._broker = broker
        self._twins = twins

    async def withdrawn(self, consent: Consent) -> None:
        for twin in await self._twins.list():
            if twin.person == consent.person:
                await self.forget(twin)

    async def forget(self, twin: Twin) -> int:
        return await self._broker.forget_replies(twin.agent_id, IN_WORDS)


class TwinTexts:
    """The texts behind the reasons of agents, for `tasks`, as far as consents permit at this moment."""

    def __init__(self, *, twins: TwinRoster, gate: ConsentGate) -> None:
        self._twins = twins
        self._gate = gate

    async def quoted(self, ids: Collection[str], *, person: str | None = None) -> Mapping[str, Quotation]:
        # A consent permits the quotation, not whose text it is.
        with as_the_house():
            return await self._quoted(ids, person)

    async def _quoted(self, ids: Collection[str], person: str | None) -> Mapping[str, Quotation]:
        found: dict[str, Quotation] = {}
        for one in [person] if person is not None else [twin.person for twin in await self._twins.list()]:
            usable = await permitted(self._gate, one, Purpose.PROFILE)
            for message in await self._twins.messages(one, ids) if usable else ():
                if message.own and message.consent_id in usable:
                    text = excerpt(message.text, 300)
                    found[message.message_id] = Quotation(id=message.message_id, text=text, at=message.at)
        return found

"""Conversations with real parts: broker, registry, agents with plain handlers, a database of their own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from folkmoot.agents import AgentContext, AgentDefinition, AgentHost, BaseAgent
from folkmoot.consent import ConsentGate
from folkmoot.conversations import ConversationDesk, Lobby, Mark, Moment, Saying, Speaker, Upload
from folkmoot.conversations.answering import Answering
from folkmoot.conversations.pick import Picker
from folkmoot.conversations.relay import Relay
from folkmoot.conversations.routing.router import Router
from folkmoot.events import EventLog
from folkmoot.kernel import SystemClock, new_id
from folkmoot.memory import KnowledgeIndex
from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.models import ModelHub, ModelSettings
from folkmoot.models.providers import Offline, OpenAICompatible
from folkmoot.registry.on_database import DatabaseRegistry
from folkmoot.storage import Database

IDA = Speaker(owner="ida", account="ida")
BO = Speaker(owner="bo", account="bo")
Handler = Callable[[AgentMessage, Delivery], Awaitable[Reply]]


class PlainAgent(BaseAgent):
    """Answers a chat by what a test gave it, without any model."""

    def __init__(self, definition: AgentDefinition, answer: Handler) -> None:
        super().__init__(definition)
        self._answer = answer

    async def handle_chat(self, message: AgentMessage, delivery: Delivery) -> Reply:
        return await self._answer(message, delivery)


async def echo(message: AgentMessage, _delivery: Delivery) -> Reply:
    """Say the same."""
    return {"status": "success", "answer": f"you said: {message.payload.data['message']}"}


@dataclass
class Words:
    """A handler that says its words one by one, each when it is let."""

    words: tuple[str, ...]
    said: list[int] = field(default_factory=list)
    go: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def __call__(self, _message: AgentMessage, delivery: Delivery) -> Reply:
        at = 0
        for number, word in enumerate(self.words):
            await self.go.acquire()
            await delivery.stream({"chunk": word, "at": at, "attempt": delivery.attempt})
            at += len(word)
            self.said.append(number)
        await self.go.acquire()
        return {"status": "success", "answer": "".join(self.words)}

    def let(self, count: int) -> None:
        for _ in range(count):
            self.go.release()

    def let_all(self) -> None:
        self.let(len(self.words) + 1)


@dataclass(kw_only=True)
class Talkhouse:
    """One server's conversations."""

    database: Database
    registry: DatabaseRegistry
    broker: EmbeddedBroker
    host: AgentHost
    lobby: Lobby
    answering: Answering
    desk: ConversationDesk
    relay: Relay

    async def agent(self, agent_id: str, answer: Handler = echo, **fields: object) -> None:
        """Host an agent with this handler."""
        definition = AgentDefinition.model_validate({"agent_id": agent_id, "name": agent_id.title(), **fields})
        await self.host.add(PlainAgent(definition, answer))

    async def say(self, text: str, *, speaker: Speaker = IDA, **fields: object) -> str:
        """Say something, wait for the answer, and give its text."""
        accepted = await self.desk.say(Saying(speaker=speaker, text=text, **fields))  # type: ignore[arg-type]
        return (await self.desk.answered(accepted, viewer=speaker.owner)).content

    async def heard(self, answer_id: str, *, after: Mark | None = None, viewer: str | None = None) -> list[Moment]:
        """Everything that happens to an answer after that place."""
        return [moment async for moment in self.desk.follow(answer_id, viewer=viewer, after=after)]


@asynccontextmanager
async def talkhouse(
    folder: Path,
    database: Database,
    *,
    alone: bool = True,
    patience: timedelta = timedelta(seconds=20),
    broker: EmbeddedBroker | None = None,
    models: ModelSettings | None = None,
    depth: int = 512,
    agents: Callable[["Talkhouse"], Awaitable[None]] | None = None,
) -> AsyncIterator[Talkhouse]:
    """A server, until the block ends. With a `broker` it shares another's; `agents` are hosted before it starts."""
    clock = SystemClock()
    own_broker = broker is None
    registry = DatabaseRegistry(database=database, clock=clock, events=EventLog(database=database, clock=clock))
    if broker is None:
        broker = EmbeddedBroker(
            journal=folder / "journal.db",
            clock=clock,
            inbox=Inbox(database=database, clock=clock),
            directory=registry,
        )
        await broker.start()
    settings = models or ModelSettings(model="offline")
    hub = ModelHub(settings=settings, providers=[OpenAICompatible(settings), Offline()])
    context = AgentContext(
        broker=broker,
        registry=registry,
        clock=clock,
        models=hub,
        knowledge=KnowledgeIndex(database=database),
        consents=ConsentGate(database=database, clock=clock),
        drain=timedelta(milliseconds=50),
    )
    host = AgentHost(context=context)
    await host.start()
    lobby = Lobby(depth=depth)
    picker = Picker(registry=registry, routes=Router(), definitions=lambda: host.definitions, clock=clock)
    answering = Answering(
        database=database,
        clock=clock,
        broker=broker,
        picker=picker,
        lobby=lobby,
        owner=new_id("server"),
        patience=patience,
        alone=alone,
    )
    desk = ConversationDesk(
        database=database, clock=clock, answering=answering, picker=picker, lobby=lobby, read_text=_read
    )
    relay = Relay(database=database, lobby=lobby, answering=answering, alone=alone)
    house = Talkhouse(
        database=database,
        registry=registry,
        broker=broker,
        host=host,
        lobby=lobby,
        answering=answering,
        desk=desk,
        relay=relay,
    )
    if agents is not None:
        await agents(house)
    await answering.start()
    relay.start()
    try:
        yield house
    finally:
        await relay.stop()
        await answering.stop()
        await host.stop()
        await hub.close()
        if own_broker:
            await broker.stop()


async def _read(upload: Upload) -> str | None:
    return upload.data.decode() if upload.media_type.startswith("text/") else None

"""What the tests of agents share."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.agents import AgentContext, AgentHost
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock, SystemClock
from folkmoot.memory import KnowledgeIndex
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.models import ModelHub, ModelSettings
from folkmoot.models.providers import Offline, Ollama, OpenAICompatible
from folkmoot.registry.on_database import DatabaseRegistry
from folkmoot.storage import Database
from tests.agents.house import House
from tests.stub_model import stub_model

__all__ = ["stub_model"]


@pytest.fixture
async def house(database: Database, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[House]:
    """A running house without agents; its clock stands still but for the broker's."""
    events = EventLog(database=database, clock=clock)
    registry = DatabaseRegistry(database=database, clock=clock, events=events)
    broker = EmbeddedBroker(
        journal=tmp_path / "journal.db",
        clock=SystemClock(),
        inbox=Inbox(database=database, clock=clock),
        directory=registry,
    )
    settings = ModelSettings(model="offline")
    models = ModelHub(
        settings=settings,
        providers=[OpenAICompatible(settings), Ollama(settings, clock=clock), Offline()],
    )
    knowledge = KnowledgeIndex(database=database)
    context = AgentContext(
        broker=broker,
        registry=registry,
        clock=clock,
        models=models,
        knowledge=knowledge,
        consents=ConsentGate(database=database, clock=clock),
        drain=timedelta(milliseconds=500),
    )
    await broker.start()
    yield House(
        database=database,
        clock=clock,
        registry=registry,
        broker=broker,
        ledger=ConsentLedger(database=database, clock=clock, events=events),
        knowledge=knowledge,
        context=context,
    )
    await broker.stop()
    await models.close()


@pytest.fixture
async def host(house: House) -> AsyncIterator[AgentHost]:
    """A running host without agents."""
    host = AgentHost(context=house.context)
    await host.start()
    yield host
    await host.stop()

"""A small workplace for tests: the real broker, registry, log, estimator and desk, and agents that are seated in it."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from folkmoot.consent import person_key
from folkmoot.events import EventLog
from folkmoot.messaging import Broker, Delivery, Reply, Subscription
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.registry import AgentInfo
from folkmoot.registry.on_database import DatabaseRegistry
from folkmoot.skills import CapabilityEstimator, Declared, Evidence
from folkmoot.skills.estimates import Estimates
from folkmoot.storage import Base, Database
from folkmoot.tasks.award import Award
from folkmoot.tasks.behaviour import Contender
from folkmoot.tasks.consult import Consult
from folkmoot.tasks.desk import TaskDesk
from folkmoot.tasks.desks import Desks
from folkmoot.tasks.distribute import Distribute, Straight
from folkmoot.tasks.hand import Hand
from folkmoot.tasks.mind import Minds, Offline
from folkmoot.tasks.model import NewTask, Task
from folkmoot.tasks.negotiate import Negotiate
from folkmoot.tasks.outcomes import Outcomes
from folkmoot.tasks.quotations import Quotations
from folkmoot.tasks.record import RecordedMinutes
from folkmoot.tasks.roster import RegistryRoster, Worker
from folkmoot.tasks.talk import Quotation
from folkmoot.tasks.task_types import TaskTypes


class MondayClock:
    """Monday 2026-01-05, 09:00 UTC, going on from there at the pace of the real clock."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def now(self) -> datetime:
        return datetime(2026, 1, 5, 9, 0, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return time.monotonic() - self._started

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds())


class Inline:
    """Runs launched runs at once, without a record."""

    def __init__(self) -> None:
        self.distribute: Distribute | None = None
        self.launched: list[str] = []
        self._runs: dict[str, asyncio.Task[str]] = {}

    async def launch(self, name: str, run_id: str, input: Any = None) -> str:  # noqa: A002  # see `Launcher`
        assert self.distribute is not None
        if run_id not in self._runs:
            self.launched.append(f"{name}/{run_id}")
            self._runs[run_id] = asyncio.create_task(self.distribute.run(Straight(), input))
        return run_id

    async def over(self) -> None:
        """Wait for all runs; raises what one of them raised."""
        await asyncio.gather(*self._runs.values())


class Shelf:
    """The texts that may be shown."""

    def __init__(self) -> None:
        self.texts: dict[str, Evidence] = {}

    async def quoted(self, ids: Collection[str], *, person: str | None = None) -> dict[str, Quotation]:
        found = [self.texts[one] for one in ids if one in self.texts]
        return {one.id: Quotation(id=one.id, text=one.text, at=one.at) for one in found if person in {None, one.person}}


class House:
    """Everything of this room, joined as `assembly` does it."""

    def __init__(self, *, database: Database, folder: Path, minds: Minds | None = None, **limits: Any) -> None:
        self.database = database
        self.clock = MondayClock()
        self.log = EventLog(database=database, clock=self.clock)
        self.registry = DatabaseRegistry(
            database=database, clock=self.clock, events=self.log, heartbeat_interval=timedelta(hours=1)
        )
        self.broker: Broker = EmbeddedBroker(
            journal=folder / "journal.db", clock=self.clock, inbox=Inbox(database=database, clock=self.clock),
            directory=self.registry,
        )  # fmt: skip
        self.estimates = Estimates(estimator=CapabilityEstimator())
        self.roster = RegistryRoster(registry=self.registry)
        self.minutes = RecordedMinutes(database=database, log=self.log, clock=self.clock)
        self.shelf = Shelf()
        self.quotations = Quotations(database=database, texts=self.shelf)
        self.contender = Contender(
            broker=self.broker,
            estimates=self.estimates,
            situations=Desks(database=database, roster=self.roster),
            minds=minds or Offline(),
            clock=self.clock,
            quotations=self.quotations,
            peer_patience=limits.get("peer_patience", timedelta(seconds=8)),
        )
        self.consult = Consult(
            broker=self.broker,
            estimates=self.estimates,
            clock=self.clock,
            minutes=self.minutes,
            patience=limits.get("patience", timedelta(seconds=20)),
            ask_at_most=limits.get("ask_at_most", 20),
        )
        self.negotiate = Negotiate(
            broker=self.broker,
            clock=self.clock,
            minutes=self.minutes,
            patience=limits.get("patience", timedelta(seconds=30)),
        )
        self.award = Award(database=database, log=self.log, clock=self.clock, roster=self.roster)
        self.distribute = Distribute(
            database=database,
            log=self.log,
            clock=self.clock,
            roster=self.roster,
            types=TaskTypes(),
            consult=self.consult,
            negotiate=self.negotiate,
            award=self.award,
        )
        self.outcomes = Outcomes(database=database, estimates=self.estimates)
        self.hand = Hand(database=database, log=self.log, clock=self.clock, roster=self.roster, outcomes=self.outcomes)
        self.engine = Inline()
        self.engine.distribute = self.distribute
        self.desk = self.desk_with(self.engine)
        self.seats: dict[str, Subscription] = {}

    def desk_with(self, engine: Any) -> TaskDesk:
        return TaskDesk(
            database=self.database,
            log=self.log,
            clock=self.clock,
            engine=engine,
            hand=self.hand,
            outcomes=self.outcomes,
            quotations=self.quotations,
        )

    async def join(self, agent_id: str, *, person: str | None = None, places: int = 5, **skills: float) -> None:
        """Seat an agent: known to the registry, declared with these skills, and taking its mail."""
        await self.join_with(agent_id, skills, person=person, places=places)

    async def join_with(
        self, agent_id: str, skills: dict[str, float], *, person: str | None = None, places: int = 5
    ) -> None:
        """The same with the skills in a map."""
        info = AgentInfo(
            agent_id=agent_id,
            name=agent_id.title(),
            type="twin" if person else "specialist",
            person=person,
            capabilities=skills,
            max_capacity=places,
        )
        await self.registry.register(info)
        await self.estimates.declare([Declared(person=person_key(person) if person else agent_id, capabilities=skills)])
        await self.seat(info)

    async def seat(self, info: AgentInfo) -> None:
        handlers = self.contender.handlers(info)

        async def handle(delivery: Delivery) -> Reply:
            return await handlers[delivery.message.intent](delivery)

        self.seats[info.agent_id] = await self.broker.subscribe(info.agent_id, handle)

    async def learn(self, person: str, *texts: str) -> None:
        """Let a person have written these, one a day until yesterday."""
        now = self.clock.now()
        learned = [
            Evidence(id=f"{person}-{index}", person=person, text=text, at=now - timedelta(days=len(texts) - index))
            for index, text in enumerate(texts)
        ]
        self.shelf.texts |= {one.id: one for one in learned}
        await self.estimates.learn(learned)

    async def shared_out(self, title: str, **said: Any) -> Task:
        """Create a task and wait until sharing it out has ended."""
        task = await self.desk.create(NewTask(title=title, **said))
        await self.engine.over()
        return await self.desk.find(task.task_id)

    async def hold(self, agent_id: str, *, count: int = 1, **said: Any) -> Sequence[Task]:
        """Let an agent have tasks in hand."""
        held = []
        for index in range(count):
            worker = await self.roster.worker(agent_id)
            assert isinstance(worker, Worker)
            task = await self._stored(NewTask(title=f"Earlier work {index + 1} of {agent_id}", **said))
            held.append((await self.hand.assign(task.task_id, agent_id)).task)
        return held

    async def _stored(self, new: NewTask) -> Task:
        async with self.database.write() as session:
            return await self.desk._insert(session, new, f"task_{new.title.replace(' ', '_')}")

    async def event_types(self, subject: str) -> list[str]:
        return [event.type for event in await self.log.read(subject=subject)]


@asynccontextmanager
async def open_house(folder: Path, **parts: Any) -> AsyncIterator[House]:
    """A house with an empty database and a running broker."""
    database = Database(f"sqlite:///{folder / 'house.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    house = House(database=database, folder=folder, **parts)
    await house.broker.start()
    try:
        yield house
    finally:
        await house.engine.over()
        await house.outcomes.learned()
        await house.broker.stop()
        await database.close()

"""Consulting 50 agents end to end, against 50 bare round trips over the same broker in the same run.

Both ask 50 agents at once over the embedded broker with its journal. The bare one gets an empty answer from an empty
handler; the consultation estimates, looks at every desk, answers with reasons, and writes each answer and its event.
"""

import asyncio
import json
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from folkmoot.events import EventLog
from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery, Handler, MessageIntent, Reply
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.registry import AgentInfo
from folkmoot.registry.on_database import DatabaseRegistry
from folkmoot.skills import CapabilityEstimator, Evidence
from folkmoot.skills.estimates import Estimates
from folkmoot.storage import Base, Database
from folkmoot.tasks import store
from folkmoot.tasks.behaviour import Contender
from folkmoot.tasks.consult import Candidate, Consult
from folkmoot.tasks.desks import Desks
from folkmoot.tasks.mind import Offline
from folkmoot.tasks.model import NewTask
from folkmoot.tasks.record import RecordedMinutes
from folkmoot.tasks.roster import RegistryRoster
from folkmoot.tasks.situation import Brief, Inquiry

AGENTS = 50
TEXTS = 40  # of each agent
ROUNDS = 7
_PATIENCE = timedelta(seconds=60)


def run() -> dict[str, Any]:
    """`{agents, consultation_ms, round_trips_ms, ratio}`: medians of several rounds, and how much dearer it is."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> dict[str, Any]:
    clock = SystemClock()
    database = Database(f"sqlite:///{folder / 'bench.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    log = EventLog(database=database, clock=clock)
    registry = DatabaseRegistry(database=database, clock=clock, events=log, heartbeat_interval=timedelta(hours=1))
    broker = EmbeddedBroker(
        journal=folder / "journal.db", clock=clock, inbox=Inbox(database=database, clock=clock), directory=registry
    )
    await broker.start()
    names = [f"agent-{index:02}" for index in range(AGENTS)]
    estimates = Estimates(estimator=CapabilityEstimator())
    await estimates.fit(_texts(names, clock))
    roster = RegistryRoster(registry=registry)
    contender = Contender(
        broker=broker,
        estimates=estimates,
        situations=Desks(database=database, roster=roster),
        minds=Offline(),
        clock=clock,
    )
    for name in names:
        info = AgentInfo(agent_id=name, name=name)
        await registry.register(info)
        await broker.subscribe(name, _dispatch({**contender.handlers(info), MessageIntent.HEALTH_CHECK.value: _empty}))
    minutes = RecordedMinutes(database=database, log=log, clock=clock)
    consult = Consult(broker=broker, estimates=estimates, clock=clock, minutes=minutes, ask_at_most=AGENTS)
    consulted: list[float] = []
    bare: list[float] = []
    for number in range(ROUNDS + 1):
        consulted.append(await _consultation(consult, names, database, clock, number))
        bare.append(await _round_trips(broker, names))
    await broker.stop()
    await database.close()
    # The first round warms both up.
    slow, fast = statistics.median(consulted[1:]) * 1000, statistics.median(bare[1:]) * 1000
    return {
        "agents": AGENTS,
        "consultation_ms": round(slow, 2),
        "round_trips_ms": round(fast, 2),
        "ratio": round(slow / fast, 2),
    }


async def _consultation(
    consult: Consult, names: list[str], database: Database, clock: SystemClock, number: int
) -> float:
    started = time.perf_counter()
    async with database.write() as session:
        new = NewTask(title=f"Task {number} about topic{number}", description="word3 word5 word7")
        task = await store.insert_task(session, new, task_id=f"task_{number}", at=clock.now())
    inquiry = Inquiry(brief=Brief.of(task), attempt=0, at=clock.now(), subjects=tuple(names))
    answers = await consult.everybody(inquiry, [Candidate(agent_id=name, subject=name) for name in names])
    if any(one.abstained for one in answers):
        raise RuntimeError("an agent stayed silent; the figure would mean nothing")
    return time.perf_counter() - started


async def _round_trips(broker: EmbeddedBroker, names: list[str]) -> float:
    started = time.perf_counter()
    await asyncio.gather(
        *(
            broker.request(
                AgentMessage(sender_id="bench", recipient_id=name, intent=MessageIntent.HEALTH_CHECK),
                timeout=_PATIENCE,
            )
            for name in names
        )
    )
    return time.perf_counter() - started


def _texts(names: list[str], clock: SystemClock) -> list[Evidence]:
    now = clock.now()
    return [
        Evidence(
            id=f"{name}/{number}",
            person=name,
            text=f"topic{index} topic{(index + number) % AGENTS} word{number % 11} word{number % 7}",
            at=now - timedelta(days=TEXTS - number, seconds=index),
        )
        for index, name in enumerate(names)
        for number in range(TEXTS)
    ]


async def _empty(_: Delivery) -> Reply:
    return {}


def _dispatch(handlers: dict[str, Handler]) -> Handler:
    async def handle(delivery: Delivery) -> Reply:
        return await handlers[delivery.message.intent](delivery)

    return handle


if __name__ == "__main__":
    print(json.dumps(run()))

"""Any history of sends, failures, expiries, crashes: the broker and a model of its promises agree after every step."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import AgentMessage, Delivery, Priority, Receipt
from folkmoot.messaging.broker import MessageStatus, Subscription
from folkmoot.messaging.brokers.address import copy_for
from folkmoot.storage import Base, Database
from tests.contracts.rigs import RETRY, EmbeddedRig, MemoryRig, RedisRig, Rig, message
from tests.redis_server import RedisServer

AGENTS = ("ann", "bea", "cyd")
SECOND = timedelta(seconds=1)
agents = st.sampled_from(AGENTS)


@dataclass
class Expected:
    """What the promises say of one message."""

    sent: AgentMessage
    number: int
    failures: int
    status: MessageStatus = MessageStatus.QUEUED
    attempts: int = 0
    due: float = 0.0
    expires: float | None = None


@dataclass
class Model:
    """The promises, in a few lines and without time passing by itself."""

    now: float = 0.0
    messages: dict[str, Expected] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)

    def tick(self) -> None:
        """A second passes."""
        self.now += 1.0
        self.settle()

    def settle(self) -> None:
        """Everything that can happen now, does."""
        for item in self.messages.values():
            if item.status is not MessageStatus.QUEUED:
                continue
            if item.expires is not None and item.expires <= self.now:
                item.status = MessageStatus.EXPIRED
            elif item.sent.recipient_id in self.online and item.due <= self.now:
                self._attempt(item)

    def _attempt(self, item: Expected) -> None:
        item.attempts += 1
        if item.attempts > item.failures:
            item.status = MessageStatus.HANDLED
        elif item.attempts >= RETRY.attempts:
            item.status = MessageStatus.DEAD
        else:
            item.due = self.now + RETRY.delay(item.attempts).total_seconds()


class BrokerMachine(RuleBasedStateMachine):
    """Drives a broker and the model through the same history."""

    make_rig: Callable[[Path, SimulatedClock, Database], Rig]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = SimulatedClock()
        self.database = Database(f"sqlite:///{self.folder.name}/rows.db")
        self.rig = type(self).make_rig(Path(self.folder.name) / "broker", self.clock, self.database)
        self.model = Model()
        self.subscriptions: dict[str, Subscription] = {}
        self.first_attempts: dict[tuple[str, str, Priority], list[int]] = {}
        self.done: list[str] = []
        self.sent_count = 0

    @initialize()
    def begin(self) -> None:
        """Tables and a started broker."""
        self.loop.run_until_complete(self._begin())

    async def _begin(self) -> None:
        async with self.database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await self.rig.start()
        self.rig.directory.staff["everybody"] = list(AGENTS)

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.loop.run_until_complete(self.rig.stop())
        self.loop.run_until_complete(self.database.close())
        self.loop.close()
        self.folder.cleanup()

    @rule(
        recipient=agents,
        sender=agents,
        failures=st.sampled_from([0, 0, 0, 1, 2, 9]),
        priority=st.sampled_from(Priority),
        lifetime=st.sampled_from([None, None, 0.5, 1.5, 4.5]),
    )
    def send(self, recipient: str, sender: str, failures: int, priority: Priority, lifetime: float | None) -> None:
        """A new message."""
        expires = None if lifetime is None else self.clock.now() + timedelta(seconds=lifetime)
        sent = message(recipient, sender, priority=priority, data={"failures": failures}, expires_at=expires)
        self._expect(sent, failures, None if lifetime is None else self.model.now + lifetime)
        receipt = self.loop.run_until_complete(self.rig.broker.publish(sent))
        assert not receipt.duplicate

    @precondition(lambda self: self.model.messages)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """A message that was accepted before: nothing new."""
        item = data.draw(st.sampled_from(list(self.model.messages.values())))
        receipt = self.loop.run_until_complete(self.rig.broker.publish(item.sent))
        assert receipt.duplicate

    @rule(sender=agents)
    def broadcast(self, sender: str) -> None:
        """One message to all the others."""
        sent = message("everybody", sender, data={"failures": 0})
        for recipient in AGENTS:
            if recipient != sender:
                self._expect(copy_for(sent, recipient), 0, None)
        outcomes = self.loop.run_until_complete(self.rig.broker.broadcast(sent))
        assert set(outcomes) == set(AGENTS) - {sender}
        assert all(isinstance(outcome, Receipt) for outcome in outcomes.values())

    @rule(agent=agents)
    def come_or_go(self, agent: str) -> None:
        """An agent goes online, or offline."""
        if agent in self.model.online:
            self.model.online.discard(agent)
            self.loop.run_until_complete(self.subscriptions.pop(agent).cancel())
        else:
            self.model.online.add(agent)
            self._subscribe(agent)

    @rule(seconds=st.integers(1, 4))
    def time_passes(self, seconds: int) -> None:
        """Backoffs end, messages expire."""
        for _ in range(seconds):
            self.clock.advance(SECOND)
            self.model.tick()
            self.agree()

    @rule()
    def crash(self) -> None:
        """The process is killed and started again; in memory the broker is stopped and started."""
        self.loop.run_until_complete(self.rig.revive())
        for agent in self.model.online:
            self._subscribe(agent)

    @precondition(lambda self: any(item.status is MessageStatus.DEAD for item in self.model.messages.values()))
    @rule(data=st.data(), heal=st.booleans())
    def treat_dead_letter(self, data: st.DataObject, heal: bool) -> None:
        """A dead letter is tried again, or dropped."""
        dead = [item for item in self.model.messages.values() if item.status is MessageStatus.DEAD]
        item = data.draw(st.sampled_from(dead))
        if heal:
            self.loop.run_until_complete(self.rig.broker.retry_dead_letter(item.sent.message_id))
            item.status, item.attempts, item.due = MessageStatus.QUEUED, 0, self.model.now
        else:
            self.loop.run_until_complete(self.rig.broker.drop_dead_letter(item.sent.message_id))
            del self.model.messages[item.sent.message_id]

    @invariant()
    def agree(self) -> None:
        """Every message is where the model says, and nothing was handled twice or out of order."""
        self.model.settle()
        self.loop.run_until_complete(self._agree())
        assert len(self.done) == len(set(self.done))
        for order in self.first_attempts.values():
            assert order == sorted(order)

    async def _agree(self) -> None:
        expected = {name: (item.status, item.attempts) for name, item in self.model.messages.items()}
        actual: dict[str, tuple[MessageStatus, int]] = {}
        if not hasattr(self.rig, "broker"):
            return
        for _ in range(500):
            records = await self.rig.broker.messages(limit=10_000)
            actual = {record.message.message_id: (record.status, record.attempts) for record in records}
            if actual == expected:
                break
            await asyncio.sleep(0.005)
        assert actual == expected
        stats = await self.rig.broker.stats()
        statuses = [status for status, _ in expected.values()]
        assert (stats.queued, stats.in_flight) == (statuses.count(MessageStatus.QUEUED), 0)
        assert stats.handled == statuses.count(MessageStatus.HANDLED)
        assert stats.dead == statuses.count(MessageStatus.DEAD)
        assert stats.expired == statuses.count(MessageStatus.EXPIRED)

    def _expect(self, sent: AgentMessage, failures: int, expires: float | None) -> None:
        self.sent_count += 1
        self.model.messages[sent.message_id] = Expected(
            sent, self.sent_count, failures, due=self.model.now, expires=expires
        )

    def _subscribe(self, agent: str) -> None:
        self.subscriptions[agent] = self.loop.run_until_complete(
            self.rig.broker.subscribe(agent, self._handle, concurrency=2)
        )

    async def _handle(self, delivery: Delivery) -> None:
        sent = delivery.message
        item = self.model.messages[sent.message_id]
        if delivery.attempt == 1 and item.failures == 0:
            lane = (sent.sender_id, sent.recipient_id, sent.payload.priority)
            self.first_attempts.setdefault(lane, []).append(item.number)
        if delivery.attempt <= item.failures:
            raise RuntimeError("as planned")
        self.done.append(sent.message_id)


@pytest.mark.slow
def test_the_embedded_broker_and_the_model_agree() -> None:
    _agree(EmbeddedRig, examples=25)


@pytest.mark.slow
def test_the_broker_in_memory_and_the_model_agree() -> None:
    def rig(_folder: Path, clock: SimulatedClock, database: Database) -> MemoryRig:
        return MemoryRig(clock, database)

    _agree(rig, examples=25)


@pytest.mark.slow
def test_the_broker_on_redis_and_the_model_agree(redis_server: RedisServer) -> None:
    def rig(_folder: Path, clock: SimulatedClock, database: Database) -> RedisRig:
        redis_server.empty()
        return RedisRig(redis_server.url, clock, database)

    _agree(rig, examples=15)


def _agree(make_rig: Callable[[Path, SimulatedClock, Database], Rig], *, examples: int) -> None:
    class Machine(BrokerMachine):
        pass

    Machine.make_rig = staticmethod(make_rig)
    Machine.TestCase.settings = settings(
        max_examples=examples,
        phases=[Phase.generate],
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    Machine.TestCase("runTest").runTest()

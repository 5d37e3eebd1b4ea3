"""Agents hosted by `folkmoot agent run`: replicas that share a mailbox, one killed, one asked to end."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from folkmoot.agents import AgentContext
from folkmoot.assembly import Settings
from folkmoot.assembly.lines.line import Line
from folkmoot.assembly.lines.on_redis import redis_line
from folkmoot.messaging import AgentMessage, MessagePayload
from folkmoot.messaging.broker import MessageRecord, MessageStatus
from tests.serving import Hosting, host_agents
from tests.stub_model import StubModel, serving
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
HEARTBEAT = 2.0  # long enough that nobody is taken for dead who only waits for the machine
SLACK = 15.0  # the machine's: other tests wait for the same cores
THINKING = 0.5
AT_ONCE = AgentContext.concurrency  # what an agent has in hand at the most
OWN = ("alice", "ben", "carl")  # each hosted by one process alone, beside helios
MESSAGES = (len(OWN) + 1) * AT_ONCE  # so that each has its hands full when one is killed


@pytest.fixture
def team(tmp_path: Path) -> Path:
    file = tmp_path / "workplace.json"
    agents = [{"agent_id": one, "user_name": one.title(), "role": one} for one in (*OWN, "helios", "nobody")]
    file.write_text(json.dumps({"agents": agents}))
    return file


@pytest.fixture
def model() -> Iterator[StubModel]:
    """A model that takes a moment for each answer."""
    stub = StubModel()
    stub.thinking = THINKING
    with serving(stub):
        yield stub


def question(message_id: str, recipient: str) -> AgentMessage:
    """Each from somebody else, so that many are in hand at once."""
    return AgentMessage(
        message_id=message_id,
        sender_id=f"asker-{message_id}",
        recipient_id=recipient,
        intent="chat",
        payload=MessagePayload(data={"message": message_id}),
    )


async def records(line: Line) -> list[MessageRecord]:
    found = [await line.broker.find(f"question-{number}") for number in range(MESSAGES)]
    return [one for one in found if one is not None]


async def test_what_a_killed_replica_had_is_taken_over_and_what_an_ending_one_has_is_finished(
    tmp_path: Path, redis_url: str, model: StubModel, team: Path
) -> None:
    settings: dict[str, Any] = {
        "REDIS_URL": redis_url,
        "HEARTBEAT_INTERVAL": str(HEARTBEAT),
        "MODEL": "openai:stub-small",
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": model.base_url,
    }
    replicas = [host_agents(team, only=f"{own},helios", home=tmp_path / "home", **settings) for own in OWN]
    try:
        for replica, own in zip(replicas, OWN, strict=True):
            await asyncio.to_thread(replica.wait_until_up, own, "helios")
        async with redis_line(Settings.model_validate({**settings, "FOLKMOOT_HOME": tmp_path})) as line:
            known = {one.agent_id: one.presence for one in await line.registry.discover()}
            assert known == dict.fromkeys((*OWN, "helios"), "online")
            for own in OWN:  # the first answer imports what a model needs
                await line.broker.request(question(own, own), timeout=timedelta(seconds=30))
            for number in range(MESSAGES):
                await line.broker.publish(question(f"question-{number}", "helios"))
            await _one_is_killed_and_one_ends(line, replicas, model)
            done = await records(line)
            assert [one.status for one in done] == [MessageStatus.HANDLED] * MESSAGES
            assert all(one.reply and "You said: question-" in str(one.reply.payload.data) for one in done)
            assert (await line.registry.get("helios")).presence == "online"
            assert await asyncio.to_thread(replicas[2].stop) == 0
            assert (await line.registry.get("helios")).presence == "offline"
    finally:
        for replica in replicas:
            replica.kill()
    assert "Traceback" not in replicas[2].log


async def _one_is_killed_and_one_ends(line: Line, replicas: Sequence[Hosting], model: StubModel) -> None:
    await wait_until(lambda: _handled(line, 10), seconds=30)
    replicas[0].kill()
    killed_at = time.time()
    await wait_until(lambda: bool(asked(model, times=2)), seconds=2 * HEARTBEAT + SLACK)
    assert await asyncio.to_thread(replicas[1].stop) == 0  # while it answers some of what it has just taken over
    await wait_until(lambda: _handled(line, MESSAGES), seconds=60)
    assert not asked(model, times=3), "the ending one did not finish its own"
    taken_over = asked(model, times=2)
    assert len(taken_over) <= AT_ONCE, "more was asked again than the killed one had in hand"
    settled = [one.settled_at for one in await records(line) if one.message.message_id in taken_over]
    latest = max(at.timestamp() for at in settled if at is not None)
    assert latest - killed_at < 2 * HEARTBEAT + 3 * THINKING + SLACK, "not taken over within two heartbeats"


def asked(model: StubModel, *, times: int) -> set[str]:
    """The messages that a model was asked about so often: twice what was in hand where somebody was killed."""
    counted = Counter(str(body["messages"][-1]["content"]) for body in model.requests)
    return {text for text, count in counted.items() if count >= times}


async def _handled(line: Line, count: int) -> bool:
    return Counter(one.status for one in await records(line))[MessageStatus.HANDLED] >= count

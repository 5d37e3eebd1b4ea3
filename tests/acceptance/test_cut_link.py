"""A host in another network namespace is cut off at work: its mail goes on elsewhere, and nothing happens twice."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from folkmoot.assembly import Settings
from folkmoot.assembly.lines.line import Line
from folkmoot.assembly.lines.on_redis import redis_line
from folkmoot.assembly.schema import upgrade
from folkmoot.messaging import AgentMessage
from folkmoot.messaging.broker import MessageStatus
from folkmoot.storage import Database
from tests.acceptance.namespaces import cable_to_a_namespace
from tests.redis_server import running_redis
from tests.serving import Hosting, environment
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
HEARTBEAT = 0.5
WORK = 0.6
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Database]:
    """A database that every process reaches, whatever the network does."""
    database = Database(f"sqlite:///{tmp_path / 'folkmoot.db'}")
    await upgrade(database)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE effects (id TEXT)"))
    yield database
    await database.close()


def clerk(folder: Path, name: str, *, before: tuple[str, ...] = (), **settings: str) -> Hosting:
    log_file = folder / f"{name}.log"
    command = [*before, sys.executable, "-m", "tests.acceptance.ledger_agent", str(folder / f"{name}.begun"), str(WORK)]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, env=environment(folder, **settings), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        )
    return Hosting(process=process, log_file=log_file)


def begun(folder: Path, name: str) -> list[str]:
    file = folder / f"{name}.begun"
    return file.read_text().split() if file.exists() else []


async def note(line: Line, name: str, count: int) -> list[str]:
    ids = [f"{name}-{number}" for number in range(count)]
    for message_id in ids:
        message = AgentMessage(
            message_id=message_id, sender_id=f"sender-{message_id}", recipient_id="clerk", intent="custom:note"
        )
        await line.broker.publish(message)
    return ids


async def handled(line: Line, ids: list[str]) -> bool:
    found = [await line.broker.find(message_id) for message_id in ids]
    return all(one is not None and one.status is MessageStatus.HANDLED for one in found)


async def test_what_a_host_that_is_cut_off_had_in_hand_goes_on_and_takes_effect_once(
    tmp_path: Path, shared: Database
) -> None:
    usual: dict[str, Any] = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'folkmoot.db'}",
        "HEARTBEAT_INTERVAL": str(HEARTBEAT),
    }
    with cable_to_a_namespace() as cable, running_redis("--bind", "0.0.0.0", "--protected-mode", "no") as redis:
        far_url = f"redis://{cable.here}:{redis.port}/0"
        far = clerk(tmp_path, "far", before=cable.inside, REDIS_URL=far_url, **usual)
        near: Hosting | None = None
        settings = Settings.model_validate({**usual, "REDIS_URL": redis.url, "FOLKMOOT_HOME": tmp_path / "home"})
        try:
            await asyncio.to_thread(far.wait_until_up, "clerk")
            async with redis_line(settings) as line:
                before = await note(line, "before", 8)
                await wait_until(lambda: len(begun(tmp_path, "far")) == 8)
                cable.cut()
                near = clerk(tmp_path, "near", REDIS_URL=redis.url, **usual)
                during = await note(line, "during", 8)
                await wait_until(lambda: handled(line, [*before, *during]), seconds=20)
                assert set(begun(tmp_path, "near")) == {*before, *during}, "taken over, all of it"
                await wait_until(lambda: "heartbeat_failed" in far.log, seconds=10)
                cable.mend()
                near.kill()
                last = await note(line, "last", 4)
                await wait_until(lambda: handled(line, last), seconds=20)
                assert set(last) <= set(begun(tmp_path, "far")), "it came back by itself"
            async with shared.read() as session:
                effects = Counter((await session.execute(text("SELECT id FROM effects"))).scalars())
            assert set(effects.values()) == {1}
            assert set(effects) == {*before, *during, *last}
        finally:
            for host in (far, near):
                if host is not None:
                    host.kill()

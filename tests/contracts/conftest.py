"""Every test of this folder runs on every broker."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import Broker
from folkmoot.storage import Database
from tests.contracts.leaks import leaked
from tests.contracts.rigs import EmbeddedRig, KilledRedisRig, MemoryRig, RedisRig, Rig, StaffList
from tests.redis_server import RedisServer, running_redis


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `durable` is not asked of a broker that ends with its process."""
    left_out = [
        item for item in items if item.get_closest_marker("durable") and "memory" in item.name.partition("[")[2]
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(params=["embedded", "memory", "redis", "redis-killed"])
async def rig(
    request: pytest.FixtureRequest, tmp_path: Path, clock: SimulatedClock, database: Database
) -> AsyncIterator[Rig]:
    """A broker that can be crashed, unless it is in memory."""
    rig: Rig
    if request.param == "embedded":
        rig = EmbeddedRig(tmp_path / "broker", clock, database)
    elif request.param == "memory":
        rig = MemoryRig(clock, database)
    elif request.param == "redis-killed":
        server: RedisServer = request.getfixturevalue("careful_redis")
        server.empty()
        rig = KilledRedisRig(server, clock, database)
    else:
        rig = RedisRig(request.getfixturevalue("redis_url"), clock, database)
    await rig.start()
    yield rig
    await rig.stop()
    if isinstance(rig, RedisRig):
        assert await leaked(rig.url) == []


@pytest.fixture(scope="session")
def careful_redis() -> Iterator[RedisServer]:
    """A Redis that writes down what it takes before it says so."""
    with running_redis("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture
def broker(rig: Rig) -> Broker:
    """A started broker."""
    return rig.broker


@pytest.fixture
def staff(rig: Rig) -> StaffList:
    """Its directory."""
    return rig.directory

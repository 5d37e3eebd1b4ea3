"""Every test of this folder runs on every broker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import Broker
from folkmoot.storage import Database
from tests.contracts.rigs import EmbeddedRig, MemoryRig, RedisRig, Rig, StaffList

DURABLE = ("embedded", "redis")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on every broker; one that is marked `durable` on those that outlive their process."""
    if "rig" in metafunc.fixturenames:
        durable = any(metafunc.definition.iter_markers("durable"))
        metafunc.parametrize("rig", [*DURABLE, *(() if durable else ("memory",))], indirect=True)


@pytest.fixture
async def rig(
    request: pytest.FixtureRequest, tmp_path: Path, clock: SimulatedClock, database: Database
) -> AsyncIterator[Rig]:
    """A broker that can be crashed, unless it is in memory."""
    rig: Rig
    if request.param == "embedded":
        rig = EmbeddedRig(tmp_path / "broker", clock, database)
    elif request.param == "memory":
        rig = MemoryRig(clock, database)
    else:
        rig = RedisRig(request.getfixturevalue("redis_url"), clock, database)
    await rig.start()
    yield rig
    await rig.stop()


@pytest.fixture
def broker(rig: Rig) -> Broker:
    """A started broker."""
    return rig.broker


@pytest.fixture
def staff(rig: Rig) -> StaffList:
    """Its directory."""
    return rig.directory

"""Every test of this folder runs on every broker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import Broker
from folkmoot.storage import Database
from tests.contracts.leaks import leaked
from tests.contracts.rigs import EmbeddedRig, RedisRig, Rig, StaffList


@pytest.fixture(params=["embedded", "redis"])
async def rig(
    request: pytest.FixtureRequest, tmp_path: Path, clock: SimulatedClock, database: Database
) -> AsyncIterator[Rig]:
    """A broker that can be crashed."""
    rig: Rig
    if request.param == "embedded":
        rig = EmbeddedRig(tmp_path / "broker", clock, database)
    else:
        rig = RedisRig(request.getfixturevalue("redis_url"), clock, database)
    await rig.start()
    yield rig
    await rig.stop()
    if isinstance(rig, RedisRig):
        assert await leaked(rig.url) == []


@pytest.fixture
def broker(rig: Rig) -> Broker:
    """A started broker."""
    return rig.broker


@pytest.fixture
def staff(rig: Rig) -> StaffList:
    """Its directory."""
    return rig.directory

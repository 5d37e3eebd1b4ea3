"""Every test of this folder that takes a `rig` runs on every registry."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.link import Link, Place
from folkmoot.registry import Registry
from folkmoot.storage import Base, Database
from tests.registry.rigs import OnDatabase, OnRedis, Rig, Told


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres), "redis"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path, clock: SimulatedClock) -> AsyncIterator[Rig]:
    """A fresh registry. On Redis no key is left when every agent was struck off."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/f.db"
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    if request.param == "redis":
        link = Link(Place.of(request.getfixturevalue("redis_url")))
        on_redis = OnRedis(link, database, clock)
        yield on_redis
        await on_redis.settle()
        for one in await on_redis.registry.discover():
            await on_redis.registry.deregister(one.agent_id)
        await on_redis.drain.read()
        left = set(await link.client.keys("*")) - {on_redis.keys.registry("news").encode()}
        await link.close()
        assert not left, f"nobody removes {sorted(left)}"
    else:
        yield OnDatabase(database, clock)
    await database.close()


@pytest.fixture
def registry(rig: Rig) -> Registry:
    return rig.registry


@pytest.fixture
def events(rig: Rig) -> Told:
    return rig.events

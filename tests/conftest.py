"""Fixtures that every room's tests share."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Base, Database
from tests.postgres import PostgresServer, running_server
from tests.redis_server import RedisServer, running_redis
from tests.redis_sets import ClusteredRedis, EncryptedRedis, clustered_redis, encrypted_redis

# As the command line does: threads of numpy would spin beside the other test processes and take their cores. The
# variables are for the processes that a test starts; in this one numpy is there already, brought by a plugin.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
threadpool_limits(limits=1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow ones: one that began last would leave the other test processes with nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def clock() -> SimulatedClock:
    """A clock that stands at Monday 2026-01-05 09:00 UTC until it is advanced."""
    return SimulatedClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty SQLite database with every table whose module the test imported."""
    database = Database(f"sqlite:///{tmp_path / 'folkmoot.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One throw-away PostgreSQL for the whole run; skipped where none is installed, failed in CI."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folkmoot.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def any_database(any_database_url: str) -> AsyncIterator[Database]:
    """Like `database`, once on SQLite and once on PostgreSQL."""
    database = Database(any_database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One throw-away Redis for the whole run; skipped where none is installed, failed in CI."""
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of an empty Redis database. Tests of one process run one after another, so they may share it."""
    redis_server.empty()
    return redis_server.url


@pytest.fixture(scope="session")
def redis_over_tls() -> Iterator[EncryptedRedis]:
    """One Redis that speaks TLS only, for the whole run; tests share what it keeps."""
    with encrypted_redis() as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[ClusteredRedis]:
    """One Cluster of three nodes for the whole run; tests share what it keeps, and leave every node running."""
    with clustered_redis() as cluster:
        yield cluster

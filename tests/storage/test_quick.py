"""Small transactions in great number: together in one commit, and each as if alone, whatever befalls the others."""

import asyncio
from pathlib import Path

import pytest

from folkmoot.storage import Database, Execute, StorageFullError, StorageUnavailableError


def _count(execute: Execute) -> int:
    return int(execute("SELECT count(*) FROM things", {})[0][0])


def _make(execute: Execute) -> None:
    execute("CREATE TABLE things (name TEXT PRIMARY KEY, filler TEXT)", {})


async def _add(database: Database, name: str, *, filler: str = "", fails: bool = False) -> None:
    def added(execute: Execute) -> None:
        execute("INSERT INTO things (name, filler) VALUES (:name, :filler)", {"name": name, "filler": filler})
        if fails:
            raise ValueError(name)

    await database.run(added)


async def test_one_that_fails_takes_nothing_from_the_others(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'things.db'}")
    await database.run(_make)
    done = await asyncio.gather(
        *(_add(database, str(number), fails=number % 3 == 0) for number in range(9)), return_exceptions=True
    )
    assert [isinstance(one, ValueError) for one in done] == [True, False, False] * 3
    assert await database.run(_count) == 6
    await database.close()


async def test_a_full_disk_is_said_to_all_who_wait_and_ends_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'small.db'}")
    await database.run(_make)
    pages = await database.run(lambda execute: execute("PRAGMA page_count", {})[0][0])
    await database.run(lambda execute: execute(f"PRAGMA max_page_count={pages + 2}", {}))
    some = (_add(database, str(number), filler="x" * 4000) for number in range(9))
    async with asyncio.timeout(10):
        done = await asyncio.gather(*some, return_exceptions=True)
    assert StorageFullError in {type(one) for one in done}
    assert {type(one) for one in done} <= {StorageFullError, type(None)}
    assert await database.run(_count) == sum(one is None for one in done)
    await database.run(lambda execute: execute("PRAGMA max_page_count=1000", {}))
    await _add(database, "after", filler="x" * 4000)
    await database.close()


async def test_a_database_that_was_closed_takes_nothing_more(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'things.db'}")
    await database.run(_make)
    await database.close()
    with pytest.raises(StorageUnavailableError):
        await _add(database, "late")

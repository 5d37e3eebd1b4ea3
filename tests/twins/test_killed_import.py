"""`kill -9` in the middle of an import: it goes on behind its last batch and doubles nothing."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from folkmoot.storage import Database
from folkmoot.twins.model import ImportState
from tests.twins.workshop import Workshop, chat

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


async def killed_import(url: str, folder: Path, file: Path, *, pause_at: int) -> None:
    """Import in a process of its own and kill it at the given text."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.twins.import_child", url, str(folder), str(file), str(pause_at)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    assert (await asyncio.wait_for(child.stdout.readline(), 60)).strip() == b"here"
    child.send_signal(signal.SIGKILL)
    await child.wait()


async def stored(database: Database) -> list[tuple[str, str]]:
    async with database.read() as session:
        found = await session.execute(text("SELECT message_id, text FROM twin_messages ORDER BY message_id"))
        return [(row[0], row[1]) for row in found]


@pytest.mark.parametrize("pause_at", [1, 51, 173])
async def test_a_restart_finishes_the_import_as_if_nothing_had_happened(
    workshop: Workshop, any_database_url: str, tmp_path: Path, pause_at: int
) -> None:
    await workshop.grant()
    file = chat(tmp_path / "chat.txt", pairs=100)
    await killed_import(any_database_url, workshop.folder, file, pause_at=pause_at)
    before = await stored(workshop.database)
    assert len(before) == (pause_at - 1) // 50 * 50
    file.unlink()  # an upload is gone after a restart: the copy is what counts
    (result,) = await workshop.imports.resume_running()
    assert (result.state, result.messages, result.own) == (ImportState.DONE, 200, 100)
    assert result.skipped == {}
    after = await stored(workshop.database)
    assert len(after) == 200
    assert set(before) <= set(after)
    assert await workshop.index.count("twin:john smith") == 100
    assert not await asyncio.to_thread(lambda: list(workshop.folder.iterdir()))
    assert await workshop.imports.resume_running() == []
    again = await workshop.imports.run("John Smith", chat(file, pairs=100))
    assert again.messages == 0


async def test_giving_the_same_file_again_takes_the_import_up(
    workshop: Workshop, any_database_url: str, tmp_path: Path
) -> None:
    await workshop.grant()
    file = chat(tmp_path / "chat.txt", pairs=100)
    await killed_import(any_database_url, workshop.folder, file, pause_at=120)
    result = await workshop.imports.run("John Smith", file)
    assert (result.messages, result.own) == (200, 100)
    assert len((await workshop.roster.view("John Smith")).imports) == 1


async def test_an_import_of_another_server_is_left_to_it(
    workshop: Workshop, any_database_url: str, tmp_path: Path
) -> None:
    await workshop.grant()
    await killed_import(any_database_url, tmp_path / "elsewhere", chat(tmp_path / "chat.txt", pairs=100), pause_at=120)
    finished = await workshop.imports.resume_running()
    # A home with an SQLite file has one server: what lies elsewhere is its own, from before it was moved.
    assert len(finished) == (1 if workshop.database.is_sqlite else 0)
    (one,) = (await workshop.roster.view("John Smith")).imports
    assert one.state is (ImportState.DONE if workshop.database.is_sqlite else ImportState.RUNNING)


async def test_a_withdrawal_while_nobody_runs_ends_the_import_and_its_file(
    workshop: Workshop, any_database_url: str, tmp_path: Path
) -> None:
    given = await workshop.grant()
    file = chat(tmp_path / "chat.txt", pairs=100)
    await killed_import(any_database_url, workshop.folder, file, pause_at=120)
    await workshop.ledger.revoke(given.consent_id)
    assert await stored(workshop.database) == []
    assert await workshop.imports.resume_running() == []
    assert not await asyncio.to_thread(lambda: list(workshop.folder.iterdir()))


async def test_a_kept_file_that_was_damaged_fails_its_import_and_no_other(
    workshop: Workshop, any_database_url: str, tmp_path: Path
) -> None:
    await workshop.grant()
    file = chat(tmp_path / "chat.txt", pairs=100)
    await killed_import(any_database_url, workshop.folder, file, pause_at=120)
    (kept,) = await asyncio.to_thread(lambda: list(workshop.folder.iterdir()))
    kept.write_bytes(b"")
    assert await workshop.imports.resume_running() == []
    (failed,) = (await workshop.roster.view("John Smith")).imports
    assert failed.state is ImportState.FAILED
    assert "empty" in failed.problems[0]
    assert await stored(workshop.database) == []

"""A long history is imported in bounded memory."""

import asyncio
import resource
import sys
from pathlib import Path

import pytest

from folkmoot.storage import Base, Database
from tests.twins.workshop import Workshop, chat

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MANY, FEW = 20_000, 2_000


def peak() -> float:
    """The most memory this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(folder: Path, pairs: int) -> None:
    """Import `2 * pairs` messages and print how many were stored and the peak of memory."""
    database = Database(f"sqlite:///{folder / 'folkmoot.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    workshop = Workshop(database, folder / "uploads", batch=1000)
    workshop.imports._listeners.clear()  # the estimator holds its evidence; the import itself is measured here
    await workshop.grant()
    result = await workshop.imports.run("John Smith", chat(folder / "chat.txt", pairs=pairs, a_day=40))
    await database.close()
    print(result.messages, peak(), flush=True)


@pytest.mark.timeout(600)
async def test_40_000_messages_take_hardly_more_memory_than_4_000(tmp_path: Path) -> None:
    found: dict[int, tuple[int, float]] = {}
    for pairs in (FEW, MANY):
        folder = tmp_path / str(pairs)
        folder.mkdir()
        # In a process each: the peak of a process never falls.
        code = (
            "import asyncio, pathlib; from tests.twins.test_large_import import measure;"
            f"asyncio.run(measure(pathlib.Path({str(folder)!r}), {pairs}))"
        )
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        said, _ = await asyncio.wait_for(child.communicate(), 500)
        messages, memory = said.split()
        found[pairs] = int(messages), float(memory)
    assert [found[pairs][0] for pairs in (FEW, MANY)] == [2 * FEW, 2 * MANY]
    # Under a kilobyte for each message more, as of ten times as many: what would be kept of each is more than that.
    assert (found[MANY][1] - found[FEW][1]) * 1024 < 2 * (MANY - FEW) * 0.83

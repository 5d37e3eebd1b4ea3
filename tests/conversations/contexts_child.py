"""A process that writes a user's file until it is killed: a few turns at a time."""

import asyncio
import sys
from pathlib import Path

from folkmoot.assembly.user_contexts import UserContexts
from folkmoot.conversations.contexts import ContextFiles, writer
from folkmoot.kernel import SystemClock
from folkmoot.storage import Database
from folkmoot.tools.files import UserFiles


async def main(folder: Path) -> None:
    writer._BATCH = 4  # type: ignore[misc]  # so that there is much to be killed in
    database = Database(f"sqlite:///{folder / 'folkmoot.db'}")
    files = ContextFiles(
        database=database,
        clock=SystemClock(),
        files=UserContexts(UserFiles(folder / "users")),
        most_bytes=1024 * 1024,
        alone=True,
    )
    await files.catch_up("ida")
    await asyncio.sleep(60)


asyncio.run(main(Path(sys.argv[1])))

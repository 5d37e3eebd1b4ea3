"""A process that appends records to a user's file until it is killed: `writer_child.py FOLDER`."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from folkmoot.user_files import UserFiles


async def main(folder: Path) -> None:
    files = UserFiles(folder)
    for number in count():
        # More than one page, so that a plain write could be torn in the middle.
        await files.append("ida", "log.txt", f"{number} {'x' * 9000} end\n", drop_oldest=True)
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

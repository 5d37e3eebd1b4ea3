"""A process that imports, to be killed in the middle: `python import_child.py URL FOLDER FILE PAUSE_AT`."""

import asyncio
import sys
import time
from pathlib import Path

from folkmoot.security.redaction import Redacted, Redactor
from folkmoot.storage import Database
from tests.twins.workshop import Workshop


class Pausing:
    """Redacts, and at the given text says so and waits to be killed."""

    def __init__(self, pause_at: int) -> None:
        self._redactor = Redactor()
        self._left = pause_at

    def redact(self, text: str) -> Redacted:
        self._left -= 1
        if self._left == 0:
            print("here", flush=True)
            time.sleep(60)
        return self._redactor.redact(text)


async def main(url: str, folder: str, file: str, pause_at: str) -> None:
    database = Database(url)
    workshop = Workshop(database, Path(folder), redactor=Pausing(int(pause_at)), batch=50)
    await workshop.imports.run("John Smith", Path(file))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

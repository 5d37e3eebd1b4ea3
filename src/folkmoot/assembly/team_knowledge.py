"""The documents that a workplace brings along: read from beside its file, kept like others, gone when it drops them.

They belong to the source `workplace`, so that the library leads whoever wants to change one to its file. The same words
again are not read again.
"""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Final

from folkmoot.agents import Workplace, WorkplaceInvalidError
from folkmoot.agents.place import Fault
from folkmoot.kernel import FolkmootError
from folkmoot.memory.documents import Ingest, Library
from folkmoot.memory.documents.model import Document, Order
from folkmoot.security.model import administrator
from folkmoot.telemetry import get_logger

SOURCE: Final = "workplace"
PATIENCE: Final = timedelta(seconds=60)
_PAGE: Final = 500
_log = get_logger("folkmoot.team")


def missing_files(workplace: Workplace, folder: Path) -> list[Fault]:
    """Documents that a workplace names and that are not beside it. Blocks."""
    return [
        Fault(file="workplace.yaml", field=f"knowledge[{index}].file", message=f"there is no file {folder / one.file}")
        for index, one in enumerate(workplace.knowledge)
        if not (folder / one.file).is_file()
    ]


class TeamKnowledge:
    """Keeps the library in step with the workplace file."""

    def __init__(self, *, ingest: Ingest, library: Library) -> None:
        self._ingest = ingest
        self._library = library

    async def check(self, workplace: Workplace, folder: Path) -> None:
        """Raises `WorkplaceInvalidError` if a document is not there."""
        if faults := await asyncio.to_thread(missing_files, workplace, folder):
            raise WorkplaceInvalidError(faults)

    async def bring(self, workplace: Workplace, folder: Path) -> None:
        """Take in what is new or changed, and remove what is named no more.

        A document that cannot be read is told in the library, and keeps nobody from working.
        """
        before = await self._all()
        wanted = {(one.scope, one.file) for one in workplace.knowledge}
        gone = [one.document_id for one in before if (one.scope, one.identity) not in wanted]
        if gone:
            await self._ingest.remove(gone)
        await asyncio.gather(*(self._take(folder / file, file, scope) for scope, file in sorted(wanted)))

    async def _take(self, path: Path, file: str, scope: str) -> None:
        order = Order(name=path.name, scope=scope, source_id=SOURCE, identity=file)
        try:
            await self._ingest.put(order, path, wait=PATIENCE)
        except FolkmootError as error:
            _log.warning("a document of the workplace cannot be read", file=file, error=error.message)

    async def _all(self) -> list[Document]:
        found: list[Document] = []
        while True:
            page = await self._library.find(principal=administrator(), source_id=SOURCE, limit=_PAGE, offset=len(found))
            found += page.items
            if not page.items or len(found) >= page.total:
                return found

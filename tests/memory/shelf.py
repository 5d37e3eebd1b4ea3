"""A library on a database, with what it stands on, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.memory import KnowledgeIndex
from folkmoot.memory.documents import Document, Ingest, Library
from folkmoot.reading import DocumentReader, Limits
from folkmoot.security import Principal
from folkmoot.security.model import administrator
from folkmoot.storage import Database

ADMIN = administrator()
LARGEST = 4 * 1024 * 1024


def member(name: str, *scopes: str) -> Principal:
    """Somebody who has these scopes."""
    return Principal(user_id=f"user_{name}", name=name, role="member", knowledge_scopes=frozenset(scopes))


@dataclass
class Shelf:
    """`folder` is where files are kept while they are read."""

    database: Database
    index: KnowledgeIndex
    ingest: Ingest
    library: Library
    folder: Path

    async def add(self, name: str, content: str | bytes, scope: str = "product", **more: Any) -> Document:
        """Take a file in and wait until it is read."""
        path = self.folder.parent / "handed-over"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        more = {"principal": ADMIN, "wait": None, **more}
        return await self.library.add(path, name=name, scope=scope, **more)

    async def texts(self, query: str, *scopes: str) -> list[str]:
        """What a search of these scopes finds."""
        return [one.text for one in await self.index.search(query, scopes=scopes or ["product"])]

    async def passages(self, document_id: str) -> dict[str, int]:
        """The row numbers of a document's passages by their ids: a passage that was written anew has another."""
        from sqlalchemy import text

        async with self.database.read() as session:
            rows = await session.execute(
                text("SELECT passage_id, number FROM knowledge_passages WHERE origin = :origin"),
                {"origin": document_id},
            )
            return {row.passage_id: row.number for row in rows}


@asynccontextmanager
async def shelf_on(
    database: Database, clock: Clock, folder: Path, *, limits: Limits | None = None
) -> AsyncIterator[Shelf]:
    """One for as long as the block runs."""
    index = KnowledgeIndex(database=database, clock=clock)
    ingest = Ingest(
        database=database,
        clock=clock,
        events=EventLog(database=database, clock=clock),
        index=index,
        reader=DocumentReader(processes=1, limits=limits),
        folder=folder / "documents",
        largest=LARGEST,
    )
    yield Shelf(database, index, ingest, Library(database=database, ingest=ingest), folder / "documents")
    await ingest.close()

"""One document, from its kept copy to the index: read apart, compared with what was there, written in small steps.

It is read to its end before anything of it is written, so a file that cannot be read leaves nothing. A passage's id
follows from the document and the words, so that a version that differs in one place touches the passages of that place
alone, and a writing that was interrupted is taken up where it stopped.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Final

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, Family, FolkmootError
from folkmoot.memory.documents.keep_file import KeptDocuments
from folkmoot.memory.documents.model import Document, DocumentStatus, Held, Pending
from folkmoot.memory.documents.store import (
    STEP,
    Session,
    drop_passages,
    drop_some,
    held_passages,
    move_passages,
    select_document,
    update_document,
)
from folkmoot.memory.index import KnowledgeIndex
from folkmoot.memory.model import Passage
from folkmoot.reading import Chunk, DocumentReader, Read, UnreadableDocumentError
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

BATCH: Final = 500
CHANGED: Final = "knowledge_changed"
_TABLES: Final = ("knowledge_passages", "knowledge_documents")
_log = get_logger("folkmoot.memory")


class _SupersededError(Exception):
    """Somebody deleted the document, or handed over a newer version, while this one was being written."""


class Shelving:
    """Writes documents into one database."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        events: EventLog,
        index: KnowledgeIndex,
        reader: DocumentReader,
        files: KeptDocuments,
    ) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._index = index
        self._reader = reader
        self._files = files

    async def take_in(self, document_id: str) -> FolkmootError | None:
        """Read one document and write it; answers what was wrong with it, once its row tells that."""
        async with self._database.read() as session:
            document = await select_document(session, document_id)
        if document is None or document.pending is None:
            return None
        pending = document.pending
        spool = self._files.path(f"{document_id}.chunks")
        try:
            read = await self._read(pending, spool)
            await self._write(document, pending, read, spool)
        except _SupersededError:
            return None
        except FolkmootError as error:
            if error.family is Family.UNAVAILABLE:
                # The disk, the database or the reader is away: the copy stays, and reading is taken up again.
                _log.warning("a document waits to be read", document_id=document_id, error=error.message)
            else:
                await self._fail(document, pending, error.message)
            return error
        except Exception as error:  # noqa: BLE001  # whatever it is must not leave a document that is read for ever
            _log.error("a document could not be taken in", document_id=document_id, exc_info=error)
            fault = UnreadableDocumentError(f"{pending.name} met a fault of the server; its log has the details")
            await self._fail(document, pending, fault.message)
            return fault
        finally:
            await asyncio.to_thread(self._files.drop, spool.name)
        return None

    async def _read(self, pending: Pending, spool: Path) -> Read:
        """Read the copy to its end; the chunks wait in a file, however many they are."""
        with await asyncio.to_thread(self._files.begin, spool.name) as out:

            async def take(chunks: Sequence[Chunk]) -> None:
                lines = b"".join(json.dumps(asdict(one)).encode() + b"\n" for one in chunks)
                await asyncio.to_thread(out.write, lines)

            return await self._reader.read(
                self._files.path(pending.file), take, name=pending.name, media_type=pending.media_type
            )

    async def _write(self, document: Document, pending: Pending, read: Read, spool: Path) -> None:
        async with self._database.read() as session:
            left = await held_passages(session, document.document_id)
        seen: Counter[str] = Counter()
        position = 0
        with await asyncio.to_thread(spool.open, "rb") as lines:
            while batch := await asyncio.to_thread(lambda: [Chunk(**json.loads(one)) for one in islice(lines, BATCH)]):
                fresh: list[Passage] = []
                moved: dict[str, Held] = {}
                for chunk in batch:
                    passage = self._passage(document, pending, read, chunk, seen, position)
                    held = left.pop(passage.id, None)
                    now = Held(position=position, page=chunk.page, line=chunk.line, source=pending.name)
                    if held is None:
                        fresh.append(passage)
                    elif held != now:
                        moved[passage.id] = now
                    position += 1
                if fresh or moved:
                    async with self._database.write() as session:
                        await self._hold(session, document.document_id, pending)
                        await self._index.add(session, fresh)
                        await move_passages(session, moved)
        for ids in _parts(list(left), STEP):
            async with self._database.write() as session:
                await self._hold(session, document.document_id, pending)
                await drop_passages(session, ids)
        await self._done(document, pending, read)
        if left:
            await self.scrub()

    def _passage(
        self, document: Document, pending: Pending, read: Read, chunk: Chunk, seen: Counter[str], position: int
    ) -> Passage:
        seen[chunk.key] += 1
        return Passage(
            id=f"{document.document_id}_{chunk.key}_{seen[chunk.key]}",
            scope=document.scope,
            source=pending.name,
            text=chunk.text,
            position=position,
            origin=document.document_id,
            at=self._clock.now(),
            heading=chunk.heading,
            page=chunk.page,
            line=chunk.line,
            media_type=read.kind.value,
        )

    async def _done(self, document: Document, pending: Pending, read: Read) -> None:
        async with self._database.write() as session:
            await self._hold(session, document.document_id, pending)
            await update_document(
                session,
                document.document_id,
                name=pending.name,
                title=pending.title or read.title,
                media_type=read.kind.value,
                sha256=pending.sha256,
                revision=pending.revision,
                size=pending.size,
                chunks=read.chunks,
                version=document.version + 1,
                status=DocumentStatus.READY,
                error=None,
                notes=read.notes,
                pending=None,
                user_id=pending.user_id,
                updated_at=self._clock.now(),
            )
            told = {"status": "ready", "scope": document.scope, "chunks": read.chunks}
            await self._events.record(session, CHANGED, document.document_id, told)
        await asyncio.to_thread(self._files.drop, pending.file)

    async def _fail(self, document: Document, pending: Pending, said: str) -> None:
        """Nothing of this version is kept; an earlier one stays as it was."""
        earlier = document.version > 0
        async with self._database.write() as session:
            await update_document(
                session,
                document.document_id,
                status=DocumentStatus.READY if earlier else DocumentStatus.FAILED,
                error=f"the newer version was not taken: {said}" if earlier else said,
                pending=None,
                # A source tells the same revision again: it is not fetched a second time to fail the same way.
                revision=pending.revision or document.revision,
                updated_at=self._clock.now(),
            )
            await self._events.record(session, CHANGED, document.document_id, {"status": "failed"})
        if not earlier:
            await self.empty([document.document_id])
        await asyncio.to_thread(self._files.drop, pending.file)

    async def _hold(self, session: Session, document_id: str, pending: Pending) -> None:
        found = await select_document(session, document_id, hold=True)
        if found is None or found.pending != pending:
            raise _SupersededError

    async def empty(self, document_ids: Collection[str]) -> int:
        """Remove every passage of documents, in small steps, so that nobody waits long; how many that were."""
        gone = 0
        for document_id in document_ids:
            while True:
                async with self._database.write() as session:
                    step = await drop_some(session, document_id)
                gone += step
                if step < STEP:
                    break
        return gone

    async def scrub(self) -> None:
        """Leave no word of what was removed in the index and the files."""
        await self._index.compact()
        await self._database.scrub(_TABLES)


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))

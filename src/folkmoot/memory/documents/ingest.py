"""The act of taking a document in: kept, read apart, compared with what was there, written in small steps.

What comes in is accepted once its row and a copy of the file are there; a killed process goes on with it at its next
start. It is read to its end before anything of it is written, so a file that cannot be read leaves nothing. A passage's
id follows from the document and the words, so that a version that differs in one place touches the passages of that
place alone, and a writing that was interrupted is taken up where it stopped.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, Family, FolkmootError, new_id
from folkmoot.memory.documents.errors import UnknownDocumentError
from folkmoot.memory.documents.keep_file import KeptDocuments, digest_of
from folkmoot.memory.documents.model import PREFIX, Document, DocumentStatus, Held, Order, Pending
from folkmoot.memory.documents.store import (
    STEP,
    Session,
    delete_document,
    drop_passages,
    drop_some,
    find_document,
    held_passages,
    insert_document,
    move_passages,
    select_document,
    select_documents,
    update_document,
)
from folkmoot.memory.index import KnowledgeIndex
from folkmoot.memory.model import Passage
from folkmoot.reading import Chunk, DocumentReader, DocumentTooLargeError, Read, UnreadableDocumentError
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

BATCH: Final = 500
CHANGED: Final = "knowledge_changed"
_TABLES: Final = ("knowledge_passages", "knowledge_documents")
_log = get_logger("folkmoot.memory")


class _SupersededError(Exception):
    """Somebody deleted the document, or handed over a newer version, while this one was being written."""


class Ingest:
    """Takes documents into one database. `folder` keeps files while they are read; `largest` is in bytes."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        events: EventLog,
        index: KnowledgeIndex,
        reader: DocumentReader,
        folder: Path,
        largest: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._index = index
        self._reader = reader
        self._files = KeptDocuments(folder)
        self.largest = largest
        self._tasks: dict[str, asyncio.Task[FolkmootError | None]] = {}
        self._accepting = asyncio.Lock()

    @property
    def folder(self) -> Path:
        """Where files are kept while they are read; what else is put there is swept away."""
        return self._files.folder

    async def put(self, order: Order, path: Path, *, wait: timedelta | None = None) -> Document:
        """Accept a file and read it. The same content again changes nothing; a newer version replaces.

        Answers the document once it is read, or as it is after `wait` (None: however long that takes). Raises
        `DocumentTooLargeError`, `StorageFullError`, and what is wrong inside the file if that shows in time: the row
        of the document tells it too.
        """
        sha256, size = await asyncio.to_thread(digest_of, path)
        if size > self.largest:
            raise DocumentTooLargeError(
                f"{order.name} is larger than {self.largest // 2**20} MiB, the limit; split it, or raise "
                "KNOWLEDGE_MAX_MB",
                file=order.name,
                bytes=size,
            )
        async with self._accepting:
            document = await self._begun(order)
            if _is_same(document, order, sha256):
                return await self._noted_again(document, order)
            await self._stop(document.document_id)
            file = await asyncio.to_thread(
                self._files.keep, path, document_id=document.document_id, sha256=sha256, name=order.name
            )
            pending = Pending(
                file=file,
                sha256=sha256,
                size=size,
                name=order.name,
                title=order.title,
                media_type=order.media_type,
                revision=order.revision,
                user_id=order.user_id,
            )
            async with self._database.write() as session:
                await update_document(
                    session, document.document_id, status=DocumentStatus.READING, error=None, pending=pending
                )
            task = self._start(document.document_id)
        fault = await _end_of(task, wait)
        if fault is not None:
            raise fault
        return await self.get(document.document_id)

    async def refuse(self, order: Order, error: FolkmootError) -> Document:
        """Keep record of a document that could not even be fetched, in place of what was there."""
        document = await self._begun(order)
        await self._stop(document.document_id)
        await self._empty([document.document_id])
        async with self._database.write() as session:
            await update_document(
                session,
                document.document_id,
                status=DocumentStatus.FAILED,
                error=error.message,
                revision=order.revision,
                chunks=0,
                version=0,
                pending=None,
            )
        return await self.get(document.document_id)

    async def get(self, document_id: str) -> Document:
        """One document; raises `UnknownDocumentError`."""
        async with self._database.read() as session:
            found = await select_document(session, document_id)
        if found is None:
            raise UnknownDocumentError(f"there is no document '{document_id[:100]}'", document_id=document_id[:100])
        return found

    async def remove(self, document_ids: Collection[str]) -> int:
        """Remove documents to the last word, from the index and the files; how many passages that were."""
        for document_id in document_ids:
            await self._stop(document_id)
            await asyncio.to_thread(self._files.drop_all_of, document_id)
        gone = await self._empty(document_ids)
        async with self._database.write() as session:
            for document_id in document_ids:
                await delete_document(session, document_id)
                await self._events.record(session, CHANGED, document_id, {"status": "deleted"})
        if document_ids:
            await self._scrub()
        return gone

    async def resume_running(self) -> int:
        """At the start of a process: go on with what a killed one was reading; how many documents that are.

        A file that is kept in no folder of ours is another server's, and left to it.
        """
        async with self._database.read() as session:
            waiting, _ = await select_documents(session, status=DocumentStatus.READING)
        ours = [one for one in waiting if one.pending is not None and self._files.path(one.pending.file).is_file()]
        async with self._accepting:
            kept = {one.pending.file for one in ours if one.pending is not None}
            if not self._tasks:
                await asyncio.to_thread(self._files.drop_all_but, kept)
            left = [one for one in ours if one.document_id not in self._tasks]
            for one in left:
                self._start(one.document_id)
        return len(left)

    async def close(self) -> None:
        """Stop reading; the next start goes on with what is unfinished."""
        for document_id in list(self._tasks):
            await self._stop(document_id)
        await self._reader.close()

    def _start(self, document_id: str) -> "asyncio.Task[FolkmootError | None]":
        task = asyncio.create_task(self._work(document_id), name=f"document-{document_id}")
        self._tasks[document_id] = task

        def ended(_task: "asyncio.Task[FolkmootError | None]") -> None:
            if self._tasks.get(document_id) is task:
                del self._tasks[document_id]

        task.add_done_callback(ended)
        return task

    async def _stop(self, document_id: str) -> None:
        task = self._tasks.pop(document_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _begun(self, order: Order) -> Document:
        """The document that an order means, made if there is none."""
        now = self._clock.now()
        fresh = Document(
            document_id=new_id(PREFIX),
            name=order.name,
            title=order.title,
            scope=order.scope,
            source_id=order.source_id,
            identity=order.key,
            user_id=order.user_id,
            created_at=now,
            updated_at=now,
        )
        async with self._database.write() as session:
            found = await find_document(session, scope=order.scope, source_id=order.source_id, identity=order.key)
            if found is None and not await insert_document(session, fresh):
                found = await find_document(session, scope=order.scope, source_id=order.source_id, identity=order.key)
        return found or fresh

    async def _noted_again(self, document: Document, order: Order) -> Document:
        if order.revision != document.revision:
            async with self._database.write() as session:
                await update_document(session, document.document_id, revision=order.revision)
        return replace(document, revision=order.revision)

    async def _work(self, document_id: str) -> FolkmootError | None:
        """Read one document and write it; answers what was wrong with it, once its row tells that."""
        document = await self.get(document_id)
        pending = document.pending
        if pending is None:
            return None
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
            await self._scrub()

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
            await self._empty([document.document_id])
        await asyncio.to_thread(self._files.drop, pending.file)

    async def _hold(self, session: Session, document_id: str, pending: Pending) -> None:
        found = await select_document(session, document_id, hold=True)
        if found is None or found.pending != pending:
            raise _SupersededError

    async def _empty(self, document_ids: Collection[str]) -> int:
        """Remove the passages in small steps, so that nobody waits long."""
        gone = 0
        for document_id in document_ids:
            while True:
                async with self._database.write() as session:
                    step = await drop_some(session, document_id)
                gone += step
                if step < STEP:
                    break
        return gone

    async def _scrub(self) -> None:
        await self._index.compact()
        await self._database.scrub(_TABLES)


async def _end_of(task: "asyncio.Task[FolkmootError | None]", wait: timedelta | None) -> FolkmootError | None:
    """What the reading ended with, None if it does not end in time."""
    try:
        return await asyncio.wait_for(asyncio.shield(task), wait.total_seconds() if wait is not None else None)
    except TimeoutError:
        return None
    except asyncio.CancelledError:
        # A newer version ends the reading of an older one; that is no end of whoever waits for the older.
        if task.cancelled():
            return None
        raise


def _is_same(document: Document, order: Order, sha256: str) -> bool:
    return (
        document.status is DocumentStatus.READY
        and document.sha256 == sha256
        and document.name == order.name
        and order.title in {"", document.title}
        and document.error is None
    )


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))

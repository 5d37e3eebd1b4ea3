"""Taking documents in: accepted, replaced, refused, removed, and gone on with after a restart.

What comes in is accepted once its row and a copy of the file are there; a killed process goes on with it at its next
start. How one document gets from its copy into the index is in `shelve.py`.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, FolkmootError, new_id
from folkmoot.memory.documents.errors import UnknownDocumentError
from folkmoot.memory.documents.keep_file import KeptDocuments, digest_of
from folkmoot.memory.documents.model import PREFIX, Document, DocumentStatus, Order, Pending
from folkmoot.memory.documents.shelve import CHANGED, Shelving
from folkmoot.memory.documents.store import (
    delete_document,
    find_document,
    insert_document,
    select_document,
    select_documents,
    update_document,
)
from folkmoot.memory.index import KnowledgeIndex
from folkmoot.reading import DocumentReader, DocumentTooLargeError
from folkmoot.storage import Database


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
        self._reader = reader
        self._files = KeptDocuments(folder)
        self._shelving = Shelving(
            database=database, clock=clock, events=events, index=index, reader=reader, files=self._files
        )
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
        await self._shelving.empty([document.document_id])
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
        gone = await self._shelving.empty(document_ids)
        async with self._database.write() as session:
            for document_id in document_ids:
                await delete_document(session, document_id)
                await self._events.record(session, CHANGED, document_id, {"status": "deleted"})
        if document_ids:
            await self._shelving.scrub()
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
        task = asyncio.create_task(self._shelving.take_in(document_id), name=f"document-{document_id}")
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

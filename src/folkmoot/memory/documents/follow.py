"""Keeping in step with a folder that is kept elsewhere: new, changed, renamed, deleted, and whose readers changed.

Who may read a file there decides the scopes in which it is found here: each reader named in `readers` brings its
scopes, and a file in several scopes is a document in each. What is withdrawn is removed before anything new is fetched.
The cursor moves only when everything it covers was dealt with: after a crash, or when a file could not be fetched, the
same changes are gone through again, and what is up to date by its revision is passed over.
"""

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from folkmoot.kernel import Clock, Family, FolkmootError
from folkmoot.memory.documents.errors import UnknownSourceError
from folkmoot.memory.documents.ingest import Ingest
from folkmoot.memory.documents.model import Document, DocumentStatus, Order, plain_name
from folkmoot.memory.documents.remote_folder import RemoteChanges, RemoteFile, RemoteFolder
from folkmoot.memory.documents.store import save_source, select_documents, select_source, source_counts
from folkmoot.reading import DocumentTooLargeError
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

ANYBODY: Final = "*"
_WITHDRAWN: Final = frozenset({Family.NOT_FOUND, Family.FORBIDDEN})
_PASSING: Final = frozenset({Family.UNAVAILABLE, Family.LIMITED, Family.TIMEOUT, Family.UNAUTHENTICATED})
_log = get_logger("folkmoot.memory")


@dataclass(frozen=True, kw_only=True)
class FollowedFolder:
    """A folder to follow. `readers`: a reader as the folder names it, or `*` for any file, and the scopes it brings."""

    source_id: str
    name: str
    folder: RemoteFolder
    readers: Mapping[str, Collection[str]]

    def scopes_of(self, file: RemoteFile) -> frozenset[str]:
        """Where a file is to be found."""
        if file.trashed:
            return frozenset()
        theirs = {ANYBODY, *(one.casefold() for one in file.readers)}
        return frozenset(
            scope for reader, scopes in self.readers.items() if reader.casefold() in theirs for scope in scopes
        )

    @property
    def mapping(self) -> str:
        """A digest of `readers`: another one means that every file is to be looked at again."""
        plain = {reader.casefold(): sorted(scopes) for reader, scopes in self.readers.items()}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """How following a folder goes. `error` is what the last attempt met; `failed` documents could not be read."""

    source_id: str
    name: str
    syncing: bool = False
    synced_at: datetime | None = None
    began_at: datetime | None = None
    error: str | None = None
    documents: int | None = 0  # None: not told to whoever sees a part of the scopes alone
    failed: int | None = 0
    scopes: tuple[str, ...] = ()

    def seen(self, scopes: frozenset[str] | None) -> "SourceState | None":
        """The folder as far as somebody with these scopes may see it (None: all); None if nothing of it is theirs.

        Of a folder that brings more than they may see, counts and the words of an error are not told.
        """
        theirs = tuple(one for one in self.scopes if scopes is None or one in scopes)
        if scopes is None or (theirs and theirs == self.scopes):
            return self
        error = "an administrator sees what it met" if self.error else None
        return replace(self, scopes=theirs, documents=None, failed=None, error=error) if theirs else None


@dataclass
class _Sweep:
    """One pass over a folder."""

    met: set[str] = field(default_factory=set)
    late: list[str] = field(default_factory=list)  # what is to be tried again


class FolderFollower:
    """Follows folders into one database."""

    def __init__(
        self, *, database: Database, clock: Clock, ingest: Ingest, folders: Sequence[FollowedFolder] = ()
    ) -> None:
        self._database = database
        self._clock = clock
        self._ingest = ingest
        self._folders = {one.source_id: one for one in folders}
        self._turns = {one.source_id: asyncio.Lock() for one in folders}

    def follow(self, folder: FollowedFolder) -> None:
        """Follow one more folder; its first sync is the next one."""
        self._folders[folder.source_id] = folder
        self._turns.setdefault(folder.source_id, asyncio.Lock())

    async def sources(self) -> list[SourceState]:
        """Every folder that is followed, by name."""
        return [await self.state(one) for one in sorted(self._folders, key=lambda one: self._folders[one].name)]

    async def state(self, source_id: str) -> SourceState:
        """How one of them is; raises `UnknownSourceError`."""
        folder = self._known(source_id)
        async with self._database.read() as session:
            row = await select_source(session, source_id)
            counts = await source_counts(session, source_id)
        return SourceState(
            source_id=source_id,
            name=folder.name,
            syncing=self._turns[source_id].locked(),
            synced_at=row.synced_at if row else None,
            began_at=row.began_at if row else None,
            error=row.error if row else None,
            documents=sum(counts.values()) - counts.get(DocumentStatus.FAILED, 0),
            failed=counts.get(DocumentStatus.FAILED, 0),
            scopes=tuple(sorted({scope for scopes in folder.readers.values() for scope in scopes})),
        )

    async def sync_all(self) -> None:
        """Bring every folder up to date; one that is away stops no other."""
        for source_id in list(self._folders):
            try:
                await self.sync(source_id)
            except FolkmootError as error:
                _log.warning("a folder could not be followed", source=source_id, error=error.message)

    async def sync(self, source_id: str) -> SourceState:
        """Bring one folder up to date; a second call meanwhile waits for the first and then looks again.

        Raises `UnknownSourceError`, or what the folder's service raised: what was dealt with by then stays.
        """
        followed = self._known(source_id)
        async with self._turns[source_id]:
            began = self._clock.now()
            await self._save(source_id, name=followed.name, began_at=began)
            try:
                late, cursor = await self._go_through(followed)
            except FolkmootError as error:
                await self._save(source_id, error=error.message)
                raise
            said = f"{len(late)} files are to be tried again: {'; '.join(late[:3])}" if late else None
            news = {"cursor": cursor, "mapping": followed.mapping} if not late else {}
            await self._save(source_id, error=said, synced_at=self._clock.now(), **news)
        return await self.state(source_id)

    async def _go_through(self, followed: FollowedFolder) -> tuple[list[str], str]:
        async with self._database.read() as session:
            row = await select_source(session, followed.source_id)
        changes: RemoteChanges | None = None
        if row is not None and row.cursor is not None and row.mapping == followed.mapping:
            changes = await followed.folder.changes(row.cursor)
        whole = changes is None
        if changes is None:
            changes = await followed.folder.list()
        sweep = _Sweep()
        gone = list(changes.removed)
        if whole:
            there = {file.id for file in changes.files}
            gone = [one.identity for one in await self._kept(followed) if one.identity not in there]
        # What may no longer be seen goes first, however long the rest takes.
        await self._drop(followed, gone)
        for file in changes.files:
            await self._withdraw(followed, file)
        for file in changes.files:
            await self._take(followed, file, sweep)
        return sweep.late, changes.cursor

    async def _kept(self, followed: FollowedFolder, identity: str | None = None) -> list[Document]:
        async with self._database.read() as session:
            found, _ = await select_documents(session, source_id=followed.source_id, identity=identity)
        return found

    async def _drop(self, followed: FollowedFolder, identities: Collection[str]) -> None:
        ids = [one.document_id for identity in identities for one in await self._kept(followed, identity)]
        if ids:
            await self._ingest.remove(ids)

    async def _withdraw(self, followed: FollowedFolder, file: RemoteFile) -> None:
        """Remove a file from the scopes that its readers no longer bring."""
        scopes = followed.scopes_of(file)
        lost = [one.document_id for one in await self._kept(followed, file.id) if one.scope not in scopes]
        if lost:
            await self._ingest.remove(lost)

    async def _take(self, followed: FollowedFolder, file: RemoteFile, sweep: _Sweep) -> None:
        """Bring a file into the scopes where it is not, or not as it is now."""
        name = plain_name(file.name) or file.id
        current = {
            one.scope
            for one in await self._kept(followed, file.id)
            if one.revision == file.revision and one.name == name and one.status is not DocumentStatus.READING
        }
        missing = sorted(followed.scopes_of(file) - current)
        if not missing:
            return
        orders = [
            Order(
                name=name,
                scope=scope,
                media_type=file.media_type,
                source_id=followed.source_id,
                identity=file.id,
                revision=file.revision,
            )
            for scope in missing
        ]
        try:
            await self._fetch(followed.folder, file, orders)
        except FolkmootError as error:
            if error.family in _WITHDRAWN:
                await self._drop(followed, [file.id])
            elif error.family in _PASSING:
                sweep.late.append(f"{name} ({error.message})")
            else:
                _log.warning("a followed file cannot be read", source=followed.source_id, error=error.message)

    async def _fetch(self, folder: RemoteFolder, file: RemoteFile, orders: Sequence[Order]) -> None:
        with tempfile.TemporaryDirectory(prefix="folkmoot-follow-") as place:
            path = Path(place) / "file"
            try:
                await self._download(folder, file, path)
            except FolkmootError as error:
                if error.family not in _WITHDRAWN | _PASSING:
                    for order in orders:
                        await self._ingest.refuse(order, error)
                raise
            faults: list[FolkmootError] = []
            for order in orders:
                try:
                    await self._ingest.put(order, path)
                except FolkmootError as error:  # each scope has a document of its own that tells it
                    faults.append(error)
            if faults:
                raise faults[0]

    async def _download(self, folder: RemoteFolder, file: RemoteFile, path: Path) -> None:
        size = 0
        with await asyncio.to_thread(path.open, "wb") as out:
            async for piece in folder.read(file):
                size += len(piece)
                if size > self._ingest.largest:
                    raise DocumentTooLargeError(
                        f"{file.name[:100]} is larger than {self._ingest.largest // 2**20} MiB, the limit"
                    )
                await asyncio.to_thread(out.write, piece)

    async def _save(self, source_id: str, **values: object) -> None:
        async with self._database.write() as session:
            await save_source(session, source_id, **values)

    def _known(self, source_id: str) -> FollowedFolder:
        if source_id not in self._folders:
            raise UnknownSourceError(
                f"no folder '{source_id[:100]}' is followed; known are {', '.join(sorted(self._folders)) or 'none'}",
                source_id=source_id[:100],
            )
        return self._folders[source_id]

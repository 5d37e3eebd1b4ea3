"""The act of importing an export: consent, batches, checkpoints, and what happens when it is interrupted or fails.

Each batch is one transaction with the position it reached, under a consent that cannot end before it commits. A killed
import goes on behind its last batch; one that fails takes back what it had stored. Reading, pseudonyms and redaction
are `prepare`'s, in a worker thread.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from folkmoot.consent import Consent, ConsentGate, ConsentMissingError, Purpose, display_name
from folkmoot.events import EventLog
from folkmoot.kernel import Clock, Family, FolkmootError, new_id
from folkmoot.memory import KnowledgeIndex, Passage, twin_scope
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics, get_logger
from folkmoot.twins.importers import Export, open_export
from folkmoot.twins.keep_file import KeptFiles
from folkmoot.twins.model import ImportOptions, ImportResult, ImportState, TwinMessage
from folkmoot.twins.options import from_json, read_options, to_json, zone_of
from folkmoot.twins.prepare import Batch, Cast, Preparer, Redactor, find_cast
from folkmoot.twins.roster import TwinRoster
from folkmoot.twins.store import (
    Session,
    as_result,
    delete_import_messages,
    insert_import,
    insert_messages,
    select_imports,
    select_secret,
    update_import,
)

BATCH: Final = 1000
_log = get_logger("folkmoot.twins")

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes read so far and all bytes (0 where that is unknown), after each batch."""


class OnImported(Protocol):
    """Told when an import is done: profile and estimator follow."""

    async def imported(self, result: ImportResult) -> None: ...


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One import under way: what was decided before its first batch."""

    result: ImportResult
    export: Export
    kept: Path
    batches: Iterator[Batch]
    position: int


class ImportExport:
    """Imports exports into one database. `folder` keeps a copy of each file while its import runs."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        events: EventLog,
        gate: ConsentGate,
        index: KnowledgeIndex,
        roster: TwinRoster,
        redactor: Redactor,
        folder: Path,
        batch: int = BATCH,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._gate = gate
        self._index = index
        self._roster = roster
        self._redactor = redactor
        self._files = KeptFiles(folder)
        self._batch = batch
        self._metrics = metrics
        self._listeners: list[OnImported] = []
        self._active: set[str] = set()

    def listen(self, listener: OnImported) -> None:
        """Have `listener` told of every finished import; for the assembly, before anything runs."""
        self._listeners.append(listener)

    async def run(
        self, person: str, path: Path, options: ImportOptions | None = None, *, progress: Progress | None = None
    ) -> ImportResult:
        """Import one export for a person; the same file again, or one that overlaps, doubles nothing.

        Without a live consent for `import` nothing is read and `ConsentMissingError` raised. `AuthorNeededError` tells
        the authors where it is not clear which is the person; an `ImportFormatError` what is wrong with the file;
        `RedactionFailedError` that a text could not be cleaned. After any of these everything is as it was before.
        An import of this file that was interrupted is taken up where it stopped.
        """
        options = options or ImportOptions()
        await self._permitted(person, options.platform)
        reading = read_options(options)
        zone_of(options)  # a wrong one is told before the file is read
        export = await asyncio.to_thread(open_export, path, platform=options.platform, options=reading)
        consent = await self._gate.require(person, export.platform, Purpose.IMPORT)
        name = display_name(person)
        cast = await asyncio.to_thread(find_cast, export, options.authors, name)
        fingerprint = await asyncio.to_thread(export.fingerprint)
        begun = await self._interrupted(consent.person, fingerprint)
        if begun is not None:
            return await self._resume(begun, progress)
        await self._roster.ensure(name, email=consent.email)
        settled = replace(
            options, platform=export.platform, authors=tuple(sorted(cast.own)), member=export.source.member
        )
        result = self._begun(consent, settled)
        kept = await asyncio.to_thread(self._files.keep, export.source.path, result.import_id)
        self._active.add(result.import_id)
        try:
            async with self._database.write() as session:
                await self._gate.hold(session, consent.consent_id, Purpose.IMPORT)
                await insert_import(session, result, fingerprint=fingerprint, path=str(kept), options=to_json(settled))
            return await self._work(await self._job(result, kept, settled, cast=cast, position=0), progress)
        finally:
            self._active.discard(result.import_id)

    async def resume_running(self) -> list[ImportResult]:
        """At the start of a process: go on with what a killed one left, and drop files that no import waits for.

        An import that cannot go on has failed, which its row tells; it stops nobody else's.
        """
        async with self._database.read() as session:
            waiting = await select_imports(session, state=ImportState.RUNNING)
        left = [row.import_id for row in reversed(waiting) if self._is_left(row.path, row.import_id)]
        await asyncio.to_thread(self._files.drop_all_but, {row.import_id for row in waiting} | self._active)
        finished: list[ImportResult] = []
        for import_id in left:
            try:
                finished.append(await self._resume(import_id, None))
            except FolkmootError as error:
                _log.warning("an interrupted import could not go on", import_id=import_id, error=error.message)
        return finished

    async def withdrawn(self, consent: Consent) -> None:
        """Drop kept files whose imports went with a consent (a listener of the consent ledger)."""
        del consent
        await self.drop_files()

    async def drop_files(self) -> None:
        """Delete every kept file that no running import waits for."""
        async with self._database.read() as session:
            waiting = await select_imports(session, state=ImportState.RUNNING)
        await asyncio.to_thread(self._files.drop_all_but, {row.import_id for row in waiting} | self._active)

    async def _permitted(self, person: str, platform: str | None) -> None:
        if platform is None:
            await self._gate.require_any(person, Purpose.IMPORT)
        else:
            await self._gate.require(person, platform, Purpose.IMPORT)

    async def _interrupted(self, person: str, fingerprint: str) -> str | None:
        async with self._database.read() as session:
            begun = await select_imports(session, person=person, state=ImportState.RUNNING, fingerprint=fingerprint)
        left = [row.import_id for row in begun if self._is_left(row.path, row.import_id)]
        return left[0] if left else None

    def _is_left(self, kept: str | None, import_id: str) -> bool:
        """Whether nobody is at an import, as far as this server may ask: others on PostgreSQL see to their own."""
        if import_id in self._active:
            return False
        return self._database.is_sqlite or not self._files.is_elsewhere(kept, import_id)

    async def _resume(self, import_id: str, progress: Progress | None) -> ImportResult:
        self._active.add(import_id)
        try:
            async with self._database.read() as session:
                (row,) = await select_imports(session, import_id=import_id)
            result, kept, options = as_result(row), Path(row.path or ""), from_json(row.options)
            try:
                job = await self._job(result, kept, options, position=row.position)
            except FolkmootError as error:
                await self._fail(result, kept, error)
                raise
            return await self._work(job, progress)
        finally:
            self._active.discard(import_id)

    def _begun(self, consent: Consent, options: ImportOptions) -> ImportResult:
        notes = []
        if options.timezone is None:
            notes.append("times without a zone were taken as UTC; give --timezone if they are local times")
        return ImportResult(
            import_id=new_id("import"),
            person=consent.person,
            consent_id=consent.consent_id,
            platform=options.platform or "",
            state=ImportState.RUNNING,
            messages=0,
            own=0,
            skipped={},
            redactions={},
            problems=[],
            notes=notes,
            started_at=self._clock.now(),
            finished_at=None,
        )

    async def _job(
        self, result: ImportResult, kept: Path, options: ImportOptions, *, position: int, cast: Cast | None = None
    ) -> _Job:
        reading = read_options(options)
        export = await asyncio.to_thread(open_export, kept, platform=options.platform, options=reading)
        if cast is None:
            cast = await asyncio.to_thread(find_cast, export, options.authors, result.person)
        async with self._database.read() as session:
            secret = await select_secret(session, result.person)
        preparer = Preparer(
            export=export,
            person=result.person,
            consent_id=result.consent_id,
            import_id=result.import_id,
            cast=cast,
            secret=secret,
            zone=zone_of(options),
            redactor=self._redactor,
        )
        batches = preparer.batches(size=self._batch, start_after=position)
        return _Job(result=result, export=export, kept=kept, batches=batches, position=position)

    async def _work(self, job: _Job, progress: Progress | None) -> ImportResult:
        result, position = job.result, job.position
        try:
            while (batch := await asyncio.to_thread(next, job.batches, None)) is not None:
                position = max(position, batch.position)
                async with self._database.write() as session:
                    result = await self._store(session, result, batch)
                    await update_import(session, result, position=position)
                if progress is not None:
                    progress(batch.done, batch.total)
            result = await self._done(job, result, position)
        except Exception as error:
            if not (isinstance(error, FolkmootError) and error.family is Family.UNAVAILABLE):
                await self._fail(result, job.kept, error)
            # Else the disk or the server is away: what is stored stays, and the import can be taken up again.
            raise
        await self._tell(result)
        return result

    async def _store(self, session: Session, result: ImportResult, batch: Batch) -> ImportResult:
        await self._gate.hold(session, result.consent_id, Purpose.IMPORT)
        fresh = await insert_messages(session, result.import_id, batch.messages)
        stored: list[TwinMessage] = []
        known: list[str] = []
        for message in batch.messages:
            if message.message_id in fresh:
                stored.append(message)
            elif message.own:
                known.append(message.message_id)
        own = [message for message in stored if message.own]
        await self._index.add(session, [_passage(message, result.import_id) for message in own])
        await self._index.rest_on(session, known, result.consent_id)
        skipped = Counter(result.skipped) + batch.skipped
        if len(batch.messages) > len(stored):
            skipped["duplicate"] += len(batch.messages) - len(stored)
        return replace(
            result,
            messages=result.messages + len(stored),
            own=result.own + len(own),
            skipped=dict(skipped),
            redactions=dict(Counter(result.redactions) + batch.redactions),
        )

    async def _done(self, job: _Job, result: ImportResult, position: int) -> ImportResult:
        damaged = job.export.source.damaged
        problems = (
            [f"{damaged} lines are not in the text encoding; unreadable characters were replaced"] if damaged else []
        )
        result = replace(
            result,
            state=ImportState.DONE,
            skipped=dict(sorted((Counter(result.skipped) + job.export.account.skipped).items())),
            redactions=dict(sorted(result.redactions.items())),
            problems=[*result.problems, *problems],
            finished_at=self._clock.now(),
        )
        async with self._database.write() as session:
            await self._gate.hold(session, result.consent_id, Purpose.IMPORT)
            await update_import(session, result, position=position)
            told = {"platform": result.platform, "messages": result.messages, "own": result.own}
            await self._events.record(session, "import_done", result.import_id, told)
        await asyncio.to_thread(self._files.drop, job.kept)
        self._count("done")
        return result

    def _count(self, outcome: str) -> None:
        if self._metrics is not None:
            self._metrics.imports.labels(outcome).inc()

    async def _fail(self, result: ImportResult, kept: Path, error: Exception) -> None:
        """Take back what this import stored, and say why it failed."""
        self._count("failed")
        said = error.message if isinstance(error, FolkmootError) else f"an unforeseen {type(error).__name__}"
        failed = replace(
            result,
            state=ImportState.FAILED,
            messages=0,
            own=0,
            skipped={},
            redactions={},
            problems=[said],
            finished_at=self._clock.now(),
        )
        async with self._database.write() as session:
            await delete_import_messages(session, result.import_id)
            await self._index.remove_origin(session, result.import_id)
            await update_import(session, failed, position=0)
            if not isinstance(error, ConsentMissingError):
                await self._events.record(session, "import_failed", result.import_id, {"platform": result.platform})
        await asyncio.to_thread(self._files.drop, kept)

    async def _tell(self, result: ImportResult) -> None:
        for listener in self._listeners:
            try:
                await listener.imported(result)
            except FolkmootError as error:
                # The messages are in; what is learned from them is refreshed at the next start or import.
                _log.warning("an import could not be learned from", import_id=result.import_id, error=error.message)


def _passage(message: TwinMessage, import_id: str) -> Passage:
    return Passage(
        id=message.message_id,
        scope=twin_scope(message.person),
        source=message.platform,
        text=message.text,
        position=message.position,
        origin=import_id,
        consent_id=message.consent_id,
        at=message.at,
    )

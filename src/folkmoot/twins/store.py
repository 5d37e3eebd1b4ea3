"""What twins, imports, messages and profiles read and write. Each function works in its caller's session."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias, cast

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.kernel import JsonValue
from folkmoot.storage import Base
from folkmoot.twins.model import ImportResult, ImportState, Twin, TwinMessage
from folkmoot.twins.tables import ImportRow, ProfileRow, TwinMessageRow, TwinRow

Session: TypeAlias = AsyncSession

# SQLite takes at most 32,766 values in a statement.
_CHUNK = 5000
_MESSAGES = cast(Table, TwinMessageRow.__table__)


async def insert_twin(session: AsyncSession, twin: Twin, *, secret: bytes) -> None:
    await session.execute(
        insert(TwinRow).values(
            person=twin.person,
            name=twin.name,
            email=twin.email,
            agent_id=twin.agent_id,
            secret=secret,
            created_at=twin.created_at,
        )
    )


async def select_twins(session: AsyncSession, person: str | None = None) -> list[Twin]:
    query = select(TwinRow).order_by(TwinRow.person)
    if person is not None:
        query = query.where(TwinRow.person == person)
    return [_twin(row) for row in await session.scalars(query)]


async def select_agent_ids(session: AsyncSession) -> set[str]:
    return set(await session.scalars(select(TwinRow.agent_id)))


async def select_secret(session: AsyncSession, person: str) -> bytes:
    return (await session.execute(select(TwinRow.secret).where(TwinRow.person == person))).scalar_one()


async def update_twin(session: AsyncSession, person: str, **columns: Any) -> None:
    await session.execute(update(TwinRow).where(TwinRow.person == person).values(**columns))


async def select_forgetting(session: AsyncSession) -> list[str]:
    """Who was to be forgotten by a process that died over it."""
    return list(await session.scalars(select(TwinRow.person).where(TwinRow.forgetting_since.is_not(None))))


async def delete_twin(session: AsyncSession, person: str) -> None:
    await session.execute(delete(TwinRow).where(TwinRow.person == person))


async def count_person(session: AsyncSession, person: str) -> dict[str, int]:
    """Rows of a person by table, for every table with a column `person`, in whatever room it is declared."""
    counts: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        if "person" in table.c:
            found = await session.scalar(select(func.count()).select_from(table).where(table.c.person == person))
            counts[table.name] = int(found or 0)
    return counts


async def insert_import(
    session: AsyncSession, result: ImportResult, *, fingerprint: str, path: str, options: Mapping[str, JsonValue]
) -> None:
    await session.execute(
        insert(ImportRow).values(
            import_id=result.import_id,
            person=result.person,
            fingerprint=fingerprint,
            path=path,
            options=dict(options),
            position=0,
            started_at=result.started_at,
            **_progress(result),
        )
    )


async def update_import(session: AsyncSession, result: ImportResult, *, position: int) -> None:
    """Write how far an import got; one that has ended keeps its file no longer."""
    values = _progress(result) | {"position": position}
    if result.state is not ImportState.RUNNING:
        values["path"] = None
    await session.execute(update(ImportRow).where(ImportRow.import_id == result.import_id).values(**values))


async def select_imports(
    session: AsyncSession,
    *,
    person: str | None = None,
    import_id: str | None = None,
    state: ImportState | None = None,
    fingerprint: str | None = None,
) -> list[ImportRow]:
    """Import rows, the newest first; they are read, never changed through the session."""
    query = select(ImportRow).order_by(ImportRow.started_at.desc(), ImportRow.import_id)
    wanted = {"person": person, "import_id": import_id, "state": state, "fingerprint": fingerprint}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(getattr(ImportRow, column) == value)
    return list(await session.scalars(query))


def as_result(row: ImportRow) -> ImportResult:
    return ImportResult(
        import_id=row.import_id,
        person=row.person,
        consent_id=row.consent_id,
        platform=row.platform,
        state=ImportState(row.state),
        messages=row.messages,
        own=row.own,
        skipped=dict(row.skipped),
        redactions=dict(row.redactions),
        problems=list(row.problems),
        notes=list(row.notes),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _progress(result: ImportResult) -> dict[str, Any]:
    return {
        "consent_id": result.consent_id,
        "platform": result.platform,
        "state": result.state.value,
        "messages": result.messages,
        "own": result.own,
        "skipped": result.skipped,
        "redactions": result.redactions,
        "problems": result.problems,
        "notes": result.notes,
        "finished_at": result.finished_at,
    }


async def insert_messages(session: AsyncSession, import_id: str, messages: Sequence[TwinMessage]) -> set[str]:
    """Store what is not stored yet; the ids that were new. Those that were there now rest on the newer consent."""
    if not messages:
        return set()
    sqlite_bound = session.get_bind().dialect.name == "sqlite"
    into = sqlite.insert(_MESSAGES) if sqlite_bound else postgresql.insert(_MESSAGES)
    statement = into.on_conflict_do_nothing(index_elements=["message_id"]).returning(_MESSAGES.c.message_id)
    rows = [_message_columns(message) | {"import_id": import_id} for message in messages]
    fresh = set((await session.execute(statement, rows)).scalars())
    known = [message.message_id for message in messages if message.message_id not in fresh]
    consent_id = messages[0].consent_id
    if known:
        await session.execute(
            update(TwinMessageRow)
            .where(TwinMessageRow.message_id.in_(known), TwinMessageRow.consent_id != consent_id)
            .values(consent_id=consent_id)
        )
    return fresh


async def delete_import_messages(session: AsyncSession, import_id: str) -> None:
    await session.execute(delete(TwinMessageRow).where(TwinMessageRow.import_id == import_id))


async def select_messages(
    session: AsyncSession, person: str, *, ids: Collection[str], own: bool | None = None
) -> list[TwinMessage]:
    """Messages of a person's twin by id, oldest first."""
    wanted = sorted(ids)
    found: list[TwinMessage] = []
    for start in range(0, len(wanted), _CHUNK):
        query = select(TwinMessageRow).where(
            TwinMessageRow.person == person, TwinMessageRow.message_id.in_(wanted[start : start + _CHUNK])
        )
        if own is not None:
            query = query.where(TwinMessageRow.own == own)
        found += [_message(row) for row in await session.scalars(query)]
    return sorted(found, key=lambda message: (message.at is None, message.at, message.message_id))


async def stream_messages(
    session: AsyncSession,
    person: str,
    *,
    consent_ids: Collection[str] | None = None,
    own: bool | None = None,
    import_id: str | None = None,
) -> AsyncIterator[list[TwinMessage]]:
    """Messages in the order of time (those without one first), in pages, without holding them all."""
    query = (
        select(_MESSAGES)
        .where(_MESSAGES.c.person == person)
        .order_by(_MESSAGES.c.at.asc().nulls_first(), _MESSAGES.c.message_id)
    )
    if consent_ids is not None:
        query = query.where(_MESSAGES.c.consent_id.in_(list(consent_ids)))
    if own is not None:
        query = query.where(_MESSAGES.c.own == own)
    if import_id is not None:
        query = query.where(_MESSAGES.c.import_id == import_id)
    result = await session.stream(query.execution_options(yield_per=_CHUNK))
    async for page in result.partitions():
        yield [_message(row) for row in page]


async def select_samples(session: AsyncSession, person: str, *, consent_ids: Collection[str]) -> list[tuple[str, int]]:
    """Ids and lengths of a person's own messages, oldest first."""
    query = (
        select(_MESSAGES.c.message_id, func.length(_MESSAGES.c.text))
        .where(_MESSAGES.c.person == person, _MESSAGES.c.own, _MESSAGES.c.consent_id.in_(list(consent_ids)))
        .order_by(_MESSAGES.c.at.asc().nulls_first(), _MESSAGES.c.message_id)
    )
    return [(row[0], int(row[1])) for row in await session.execute(query)]


async def count_messages(session: AsyncSession, person: str) -> dict[tuple[str, str, bool], int]:
    """How many messages by (platform, consent id, own)."""
    columns = (_MESSAGES.c.platform, _MESSAGES.c.consent_id, _MESSAGES.c.own)
    query = select(*columns, func.count()).where(_MESSAGES.c.person == person).group_by(*columns)
    return {(row[0], row[1], bool(row[2])): int(row[3]) for row in await session.execute(query)}


async def put_profile(
    session: AsyncSession,
    *,
    person: str,
    platform: str,
    consent_id: str,
    profile_consent_id: str,
    data: dict[str, JsonValue],
    computed_at: datetime,
) -> None:
    """Replace what was learned from the messages of one consent."""
    await session.execute(delete(ProfileRow).where(ProfileRow.consent_id == consent_id))
    await session.execute(
        insert(ProfileRow).values(
            person=person,
            platform=platform,
            consent_id=consent_id,
            profile_consent_id=profile_consent_id,
            data=data,
            computed_at=computed_at,
        )
    )


async def select_profiles(session: AsyncSession, person: str) -> list[tuple[str, str, dict[str, JsonValue], datetime]]:
    """(platform, consent id, data, when) of each part of a person's profile."""
    rows = await session.scalars(
        select(ProfileRow).where(ProfileRow.person == person).order_by(ProfileRow.platform, ProfileRow.consent_id)
    )
    return [(row.platform, row.consent_id, row.data, row.computed_at) for row in rows]


async def delete_profiles(session: AsyncSession, person: str, *, keep: Collection[str]) -> None:
    """Delete a person's profile but for the parts of these consents."""
    await session.execute(
        delete(ProfileRow).where(ProfileRow.person == person, ProfileRow.consent_id.not_in(list(keep)))
    )


def _twin(row: TwinRow) -> Twin:
    return Twin(person=row.person, name=row.name, email=row.email, agent_id=row.agent_id, created_at=row.created_at)


def _message_columns(message: TwinMessage) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "person": message.person,
        "consent_id": message.consent_id,
        "platform": message.platform,
        "position": message.position,
        "at": message.at,
        "own": message.own,
        "author": message.author,
        "text": message.text,
        "kind": message.kind,
        "thread": message.thread,
        "paths": list(message.paths),
    }


def _message(row: Any) -> TwinMessage:
    return TwinMessage(
        message_id=row.message_id,
        person=row.person,
        consent_id=row.consent_id,
        platform=row.platform,
        position=row.position,
        at=row.at,
        own=row.own,
        author=row.author,
        text=row.text,
        kind=row.kind,
        thread=row.thread,
        paths=tuple(row.paths),
    )

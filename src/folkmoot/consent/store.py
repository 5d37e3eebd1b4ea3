"""What the ledger and the gate read and write. Each function works in its caller's session."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Table, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.consent.model import Consent, Purpose
from folkmoot.consent.tables import ConsentAuditRow, ConsentKeyRow, ConsentRow
from folkmoot.storage import Base

# The name by which the rest of the room takes a caller's session.
Session: TypeAlias = AsyncSession


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One line of the audit; `person_hash` can be tied to a person only while the person's key exists."""

    at: datetime
    person_hash: str
    action: str  # granted, revoked, expired, forgotten
    consent_id: str
    platform: str
    purposes: tuple[str, ...]


async def insert_consent(session: AsyncSession, consent: Consent, *, token_hash: str | None) -> None:
    await session.execute(insert(ConsentRow).values(**_columns(consent), token_hash=token_hash))


async def end_consent(session: AsyncSession, consent: Consent) -> None:
    """Delete the consent, and by cascade every row derived from it; keep the bare fact that it was given and ended."""
    await session.execute(delete(ConsentRow).where(ConsentRow.consent_id == consent.consent_id))
    await insert_consent(session, consent, token_hash=None)


async def mark_cleared(session: AsyncSession, consent_id: str, now: datetime) -> None:
    await session.execute(update(ConsentRow).where(ConsentRow.consent_id == consent_id).values(cleared_at=now))


async def select_consent(session: AsyncSession, consent_id: str, *, lock: bool = False) -> Consent | None:
    """One consent. With `lock` it cannot end before the caller's transaction does."""
    query = select(ConsentRow).where(ConsentRow.consent_id == consent_id)
    if lock:
        query = query.with_for_update(read=True)
    row = await session.scalar(query)
    return _consent(row) if row else None


async def select_by_token(session: AsyncSession, token_hash: str) -> Consent | None:
    row = await session.scalar(select(ConsentRow).where(ConsentRow.token_hash == token_hash))
    return _consent(row) if row else None


async def select_consents(
    session: AsyncSession, *, person: str | None = None, platform: str | None = None
) -> list[Consent]:
    """Consents, the newest first."""
    query = select(ConsentRow).order_by(ConsentRow.granted_at.desc(), ConsentRow.consent_id)
    if person is not None:
        query = query.where(ConsentRow.person == person)
    if platform is not None:
        query = query.where(ConsentRow.platform == platform)
    return [_consent(row) for row in await session.scalars(query)]


async def select_to_end(session: AsyncSession, now: datetime) -> list[Consent]:
    """What expired and still has its rows, and what ended and was not yet verified to be gone."""
    query = (
        select(ConsentRow)
        .where(
            or_(
                ConsentRow.ended_at.is_(None) & (ConsentRow.expires_at <= now),
                ConsentRow.ended_at.is_not(None) & ConsentRow.cleared_at.is_(None),
            )
        )
        .order_by(ConsentRow.expires_at, ConsentRow.consent_id)
    )
    return [_consent(row) for row in await session.scalars(query)]


async def delete_person(session: AsyncSession, person: str) -> dict[str, int]:
    """Delete a person's consents (and what hangs on them) and the key to their audit lines; rows by table."""
    consents = await session.execute(
        delete(ConsentRow).where(ConsentRow.person == person).returning(ConsentRow.consent_id)
    )
    keys = await session.execute(
        delete(ConsentKeyRow).where(ConsentKeyRow.person == person).returning(ConsentKeyRow.person)
    )
    return {"consents": len(consents.all()), "consent_keys": len(keys.all())}


async def add_audit(session: AsyncSession, *, at: datetime, person: str, action: str, consent: Consent | None) -> None:
    await session.execute(
        insert(ConsentAuditRow).values(
            at=at,
            person_hash=await _person_hash(session, person, make=True),
            action=action,
            consent_id=consent.consent_id if consent else "",
            platform=consent.platform if consent else "",
            purposes=[purpose.value for purpose in consent.purposes] if consent else [],
        )
    )


async def select_audit(session: AsyncSession, person: str | None) -> list[AuditLine]:
    """The audit, oldest first; of one person, nothing if their key is gone."""
    query = select(ConsentAuditRow).order_by(ConsentAuditRow.id)
    if person is not None:
        query = query.where(ConsentAuditRow.person_hash == await _person_hash(session, person, make=False))
    return [
        AuditLine(
            at=row.at,
            person_hash=row.person_hash,
            action=row.action,
            consent_id=row.consent_id,
            platform=row.platform,
            purposes=tuple(row.purposes),
        )
        for row in await session.scalars(query)
    ]


async def count_derived(session: AsyncSession, consent_ids: Sequence[str]) -> dict[str, int]:
    """How many rows of each table that hangs on consents still carry one of these ids; tables with none left out."""
    resting: dict[Table, list[ColumnElement[bool]]] = {}
    for table, column in derived_columns():
        resting.setdefault(table, []).append(table.c[column].in_(consent_ids))
    counts: dict[str, int] = {}
    for table, conditions in resting.items():
        found = await session.scalar(select(func.count()).select_from(table).where(or_(*conditions)))
        if found:
            counts[table.name] = int(found)
    return counts


def derived_columns() -> list[tuple[Table, str]]:
    """Every (table, column) that refers to a consent, in whatever room it is declared."""
    return [
        (table, key.parent.name)
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.target_fullname == "consents.consent_id"
    ]


async def _person_hash(session: AsyncSession, person: str, *, make: bool) -> str:
    key = await session.scalar(select(ConsentKeyRow.key).where(ConsentKeyRow.person == person))
    if key is None:
        if not make:
            return ""
        key = secrets.token_bytes(32)
        await session.execute(insert(ConsentKeyRow).values(person=person, key=key))
    return hmac.new(key, person.encode(), hashlib.sha256).hexdigest()


def _consent(row: ConsentRow) -> Consent:
    return Consent(
        consent_id=row.consent_id,
        person=row.person,
        name=row.name,
        email=row.email,
        platform=row.platform,
        purposes=tuple(Purpose(purpose) for purpose in row.purposes),
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        ended_at=row.ended_at,
        cleared_at=row.cleared_at,
    )


def _columns(consent: Consent) -> dict[str, Any]:
    return {
        "consent_id": consent.consent_id,
        "person": consent.person,
        "name": consent.name,
        "email": consent.email,
        "platform": consent.platform,
        "purposes": [purpose.value for purpose in consent.purposes],
        "granted_at": consent.granted_at,
        "expires_at": consent.expires_at,
        "revoked_at": consent.revoked_at,
        "ended_at": consent.ended_at,
        "cleared_at": consent.cleared_at,
    }

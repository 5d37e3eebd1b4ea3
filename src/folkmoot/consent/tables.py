"""The rows of permissions, their audit, and the keys that tie the audit to people.

Every table whose rows are derived from a person's texts has a column `consent_id` made by `consent_column()`: never
null, and deleted with the consent by the database itself.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import DDL, BigInteger, ForeignKey, Index, Integer, LargeBinary, String, event
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime


class ConsentRow(Base):
    """One grant. A grant that ended keeps its row, without e-mail and token, and without anything derived."""

    __tablename__ = "consents"
    __table_args__ = (Index(None, "person", "platform"),)

    consent_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(400))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    platform: Mapped[str] = mapped_column(String(40))
    purposes: Mapped[list[str]] = mapped_column(JsonColumn)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ConsentKeyRow(Base):
    """The secret that makes a person's audit lines theirs. Without it nobody can tell whose they were."""

    __tablename__ = "consent_keys"

    person: Mapped[str] = mapped_column(String(400), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)


class ConsentAuditRow(Base):
    """What happened to permissions; lines are added, never changed or removed (triggers hold that)."""

    __tablename__ = "consent_audit"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    person_hash: Mapped[str] = mapped_column(String(64), index=True)
    action: Mapped[str] = mapped_column(String(20))
    consent_id: Mapped[str] = mapped_column(String(64))
    platform: Mapped[str] = mapped_column(String(40))
    purposes: Mapped[list[str]] = mapped_column(JsonColumn)


def consent_column() -> Mapped[str]:
    """The column by which a derived row hangs on its consent: NOT NULL, ON DELETE CASCADE, indexed."""
    return mapped_column(ForeignKey("consents.consent_id", ondelete="CASCADE"), nullable=False, index=True)


# What the migration executes too: SQLAlchemy has no words for triggers.
AUDIT_DDL: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER consent_audit_no_{verb.lower()} BEFORE {verb} ON consent_audit "
        "BEGIN SELECT RAISE(ABORT, 'consent_audit is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        """
        CREATE OR REPLACE FUNCTION consent_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'consent_audit is append-only'; END $$
        """,
        """
        CREATE TRIGGER consent_audit_append_only BEFORE UPDATE OR DELETE ON consent_audit
        FOR EACH ROW EXECUTE FUNCTION consent_audit_append_only()
        """,
    ),
}
AUDIT_DROP: Final[dict[str, tuple[str, ...]]] = {
    # Triggers go with their table; the function on PostgreSQL does not.
    "sqlite": (),
    "postgresql": ("DROP FUNCTION IF EXISTS consent_audit_append_only() CASCADE",),
}

for _dialect, _statements in AUDIT_DDL.items():
    for _statement in _statements:
        _ddl = DDL(_statement)  # type: ignore[no-untyped-call]  # SQLAlchemy left it without annotations
        event.listen(ConsentAuditRow.__table__, "after_create", _ddl.execute_if(dialect=_dialect))

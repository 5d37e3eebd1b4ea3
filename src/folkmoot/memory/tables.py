"""The passages, their vectors, and how often they changed; the full-text index beside them is in `full_text.py`."""

from datetime import datetime

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.memory.full_text import SEARCH_DDL, SEARCH_DROP
from folkmoot.storage import Base, UtcDateTime

_Counted = BigInteger().with_variant(Integer(), "sqlite")


class ChangeRow(Base):
    """That passages changed: one counted row on SQLite, a row a statement on PostgreSQL, written by triggers."""

    __tablename__ = "knowledge_changes"

    number: Mapped[int] = mapped_column(_Counted, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class PassageRow(Base):
    """One passage. `number` ties it to its entry in the index and to its vector."""

    __tablename__ = "knowledge_passages"
    __table_args__ = (
        CheckConstraint("scope NOT LIKE 'twin:%' OR consent_id IS NOT NULL", name="twin_consent"),
        Index(None, "scope", "source"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(_Counted, primary_key=True)
    passage_id: Mapped[str] = mapped_column(String(100), unique=True)
    scope: Mapped[str] = mapped_column(String(420))
    source: Mapped[str] = mapped_column(String(300))
    position: Mapped[int] = mapped_column(Integer)
    origin: Mapped[str] = mapped_column(String(100), index=True)
    text: Mapped[str] = mapped_column(Text)
    consent_id: Mapped[str | None] = mapped_column(
        ForeignKey("consents.consent_id", ondelete="CASCADE"), nullable=True, index=True
    )
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heading: Mapped[str] = mapped_column(String(500), server_default="")
    page: Mapped[int | None] = mapped_column(Integer)
    line: Mapped[int | None] = mapped_column(Integer)
    media_type: Mapped[str] = mapped_column(String(100), server_default="")


class VectorRow(Base):
    """A passage as a vector of unit length, half precision, by one embedding model."""

    __tablename__ = "knowledge_vectors"
    __table_args__ = (Index(None, "number", "model", unique=True), {"sqlite_autoincrement": True})

    sequence: Mapped[int] = mapped_column(_Counted, primary_key=True)
    number: Mapped[int] = mapped_column(_Counted, ForeignKey("knowledge_passages.number", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(String(200), index=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class PointRow(Base):
    """That a vector server holds a passage. It outlives the passage, until the server has forgotten it too."""

    __tablename__ = "knowledge_points"

    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    number: Mapped[int] = mapped_column(_Counted, primary_key=True, autoincrement=False)


for _when, _by_dialect in (("after_create", SEARCH_DDL), ("before_drop", SEARCH_DROP)):
    for _dialect, _statements in _by_dialect.items():
        for _statement in _statements:
            _ddl = DDL(_statement)  # type: ignore[no-untyped-call]  # SQLAlchemy left it without annotations
            event.listen(PassageRow.__table__, _when, _ddl.execute_if(dialect=_dialect))

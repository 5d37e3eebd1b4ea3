"""The passages and their full-text index.

The index is what each database does best: an FTS5 table beside the passages on SQLite, kept in step by triggers (they
fire for cascading deletes too), and a GIN index over `to_tsvector` on PostgreSQL. SQLAlchemy has no words for either,
so they are statements, run by `create_all` and by the migration.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, UtcDateTime


class PassageRow(Base):
    """One passage. `number` ties it to its entry in the index."""

    __tablename__ = "knowledge_passages"
    __table_args__ = (
        CheckConstraint("scope NOT LIKE 'twin:%' OR consent_id IS NOT NULL", name="twin_consent"),
        Index(None, "scope", "source"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
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


_FORGET = "INSERT INTO knowledge_fts (knowledge_fts, rowid, text) VALUES ('delete', old.number, old.text);"
_KEEP = "INSERT INTO knowledge_fts (rowid, text) VALUES (new.number, new.text);"

SEARCH_DDL: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": (
        """
        CREATE VIRTUAL TABLE knowledge_fts USING fts5(
            text, content='knowledge_passages', content_rowid='number', tokenize='unicode61 remove_diacritics 2'
        )
        """,
        f"CREATE TRIGGER knowledge_fts_insert AFTER INSERT ON knowledge_passages BEGIN {_KEEP} END",
        f"CREATE TRIGGER knowledge_fts_delete AFTER DELETE ON knowledge_passages BEGIN {_FORGET} END",
        f"CREATE TRIGGER knowledge_fts_update AFTER UPDATE OF text ON knowledge_passages BEGIN {_FORGET} {_KEEP} END",
    ),
    "postgresql": (
        "CREATE INDEX ix_knowledge_passages_text ON knowledge_passages USING gin (to_tsvector('simple', text))",
    ),
}
SEARCH_DROP: Final[dict[str, tuple[str, ...]]] = {
    # Before the passages' own table is dropped.
    "sqlite": ("DROP TABLE IF EXISTS knowledge_fts",),
    "postgresql": (),
}

for _when, _by_dialect in (("after_create", SEARCH_DDL), ("before_drop", SEARCH_DROP)):
    for _dialect, _statements in _by_dialect.items():
        for _statement in _statements:
            _ddl = DDL(_statement)  # type: ignore[no-untyped-call]  # SQLAlchemy left it without annotations
            event.listen(PassageRow.__table__, _when, _ddl.execute_if(dialect=_dialect))

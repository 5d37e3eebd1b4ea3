"""Documents and the folders they are followed in. A document's chunks are passages whose `origin` is its id."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime


class DocumentRow(Base):
    """One document in one scope. `identity` is its name, or its id at the source it is followed from."""

    __tablename__ = "knowledge_documents"
    __table_args__ = (
        CheckConstraint("status IN ('reading', 'ready', 'failed')", name="status"),
        Index(None, "scope", "source_id", "identity", unique=True),
    )

    document_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    scope: Mapped[str] = mapped_column(String(64))
    source_id: Mapped[str] = mapped_column(String(100), server_default="", index=True)
    identity: Mapped[str] = mapped_column(String(300))
    name: Mapped[str] = mapped_column(String(300))
    title: Mapped[str] = mapped_column(String(300), server_default="")
    media_type: Mapped[str] = mapped_column(String(100), server_default="")
    sha256: Mapped[str] = mapped_column(String(64), server_default="")
    revision: Mapped[str] = mapped_column(String(300), server_default="")
    size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    chunks: Mapped[int] = mapped_column(Integer, server_default="0")
    version: Mapped[int] = mapped_column(Integer, server_default="0")
    status: Mapped[str] = mapped_column(String(20))
    error: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[list[str]] = mapped_column(JsonColumn)
    pending: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    user_id: Mapped[str | None] = mapped_column(String(100), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SourceRow(Base):
    """A folder that is followed, and how far."""

    __tablename__ = "knowledge_sources"

    source_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    cursor: Mapped[str | None] = mapped_column(Text)
    mapping: Mapped[str] = mapped_column(String(64), server_default="")
    error: Mapped[str | None] = mapped_column(Text)
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    synced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

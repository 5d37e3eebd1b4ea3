"""The rows of leads: the lead itself, and what happened to it, line by line."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime

# SQLite counts by itself only in a column of the very type INTEGER.
_Counter = BigInteger().with_variant(Integer(), "sqlite")


class LeadRow(Base):
    """A lead. `details` holds what is never searched for; `score` and `priority` are those of the analysis."""

    __tablename__ = "leads"
    __table_args__ = (
        Index(None, "user_id", "number"),
        Index(None, "status", "number"),
        Index(None, "settled"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(_Counter, primary_key=True)
    lead_id: Mapped[str] = mapped_column(String(100), unique=True)
    user_id: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    company: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(60))
    message: Mapped[str] = mapped_column(Text)
    services_interested: Mapped[list[str]] = mapped_column(JsonColumn)
    budget_range: Mapped[str | None] = mapped_column(String(200))
    timeline: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    score: Mapped[float | None] = mapped_column(Float)
    priority: Mapped[str | None] = mapped_column(String(10))
    analysis: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    details: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    round: Mapped[int] = mapped_column(Integer)
    settled: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class LeadEntryRow(Base):
    """One thing that happened to a lead, or was said about it. `user_id` is the lead's, as its walls are."""

    __tablename__ = "lead_history"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(_Counter, primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("leads.lead_id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JsonColumn)

"""The rows of frames that are owed to the outside, and of who holds which bridge."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime

# SQLite counts by itself only in a column of the very type INTEGER.
_Counter = BigInteger().with_variant(Integer(), "sqlite")


class OutboxRow(Base):
    """One frame, from the question to its sending. `dedupe` is what a question that comes again is known by; `question`
    is kept until a conversation has it; `attempts` counts connections that were lost while it was being sent.
    """

    __tablename__ = "bridge_outbox"
    __table_args__ = (
        UniqueConstraint("bridge", "dedupe"),
        Index(None, "bridge", "state", "number"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(_Counter, primary_key=True)
    frame_id: Mapped[str] = mapped_column(String(100), unique=True)
    bridge: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    dedupe: Mapped[str | None] = mapped_column(String(64))
    question: Mapped[str | None] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(String(200))
    thread: Mapped[str] = mapped_column(String(64))
    answer_id: Mapped[str | None] = mapped_column(String(100))
    attempts: Mapped[int] = mapped_column(Integer)
    frame: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LineRow(Base):
    """Which process holds a bridge, and how it stands there.

    `beat` grows as long as that process lives, so that a reader needs no clock in common with it; `redials` grows
    whenever somebody wants it to connect anew.
    """

    __tablename__ = "bridge_lines"

    bridge: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    beat: Mapped[int] = mapped_column(BigInteger)
    redials: Mapped[int] = mapped_column(BigInteger)
    connected: Mapped[bool] = mapped_column(Boolean)
    attempts: Mapped[int] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""The rows of tasks: the task itself, what was answered and said about it, and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime

# SQLite counts by itself only in a column of the very type INTEGER.
_Counter = BigInteger().with_variant(Integer(), "sqlite")


class TaskRow(Base):
    """A task as it stands. `details` holds what is never searched for: skills, dependencies, metadata, shortfall."""

    __tablename__ = "tasks"
    __table_args__ = (Index(None, "status", "number"), Index(None, "owner", "status"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(_Counter, primary_key=True)
    task_id: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(Text)
    task_type: Mapped[str] = mapped_column(String(200))
    priority: Mapped[int] = mapped_column(Integer)
    estimated_hours: Mapped[float] = mapped_column(Float)
    deadline: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str | None] = mapped_column(String(200))
    created_by: Mapped[str | None] = mapped_column(String(64), index=True)  # a user's id; None: the house itself
    details: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    attempt: Mapped[int] = mapped_column(Integer)
    progress: Mapped[float] = mapped_column(Float)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TaskDependencyRow(Base):
    """`task_id` waits for `needs`."""

    __tablename__ = "task_dependencies"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.task_id", ondelete="CASCADE"), primary_key=True)
    needs: Mapped[str] = mapped_column(ForeignKey("tasks.task_id", ondelete="CASCADE"), primary_key=True, index=True)


class ConsultationRow(Base):
    """One agent's answer in one attempt; there is at most one."""

    __tablename__ = "task_consultations"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.task_id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class UtteranceRow(Base):
    """One message of a negotiation; the message's id keeps a resumed run from writing it twice."""

    __tablename__ = "task_utterances"
    __table_args__ = (
        UniqueConstraint("message_id"),
        Index(None, "task_id", "attempt", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(_Counter, primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.task_id", ondelete="CASCADE"))
    attempt: Mapped[int] = mapped_column(Integer)
    round: Mapped[int] = mapped_column(Integer)
    message_id: Mapped[str] = mapped_column(String(200))
    speaker: Mapped[str] = mapped_column(String(200), index=True)
    said: Mapped[dict[str, Any]] = mapped_column(JsonColumn)


class VerdictRow(Base):
    """What the referee decided in one attempt, with everybody's last position."""

    __tablename__ = "task_verdicts"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.task_id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    verdict: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    positions: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class OutcomeRow(Base):
    """What became of a task in somebody's hands: what the estimator learns from, again at every start."""

    __tablename__ = "task_outcomes"
    __table_args__ = (UniqueConstraint("task_id", "agent_id", "kind"), Index(None, "person"))

    outcome_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.task_id", ondelete="CASCADE"))
    agent_id: Mapped[str] = mapped_column(String(200), index=True)
    person: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    hours: Mapped[float | None] = mapped_column(Float)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

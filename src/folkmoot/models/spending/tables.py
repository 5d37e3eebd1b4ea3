"""Rows of use and of budgets. Money is in nano-USD: whole numbers add up."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime


class ModelUsageRow(Base):
    """One request to a model; see `Use`."""

    __tablename__ = "model_usage"
    __table_args__ = (Index(None, "user_id", "at"), Index(None, "agent_id", "at"))

    usage_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    model: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str] = mapped_column(String(50))
    answered_by: Mapped[str | None] = mapped_column(String(200))
    agent_id: Mapped[str | None] = mapped_column(String(200))
    user_id: Mapped[str | None] = mapped_column(String(200))
    conversation_id: Mapped[str | None] = mapped_column(String(200), index=True)
    workflow_id: Mapped[str | None] = mapped_column(String(200))
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger)
    requests: Mapped[int] = mapped_column(Integer)
    cost: Mapped[int | None] = mapped_column(BigInteger)
    duration_ms: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(20))
    estimated: Mapped[bool] = mapped_column(Boolean)
    offline: Mapped[bool] = mapped_column(Boolean)


class BudgetRow(Base):
    """A budget that a person set."""

    __tablename__ = "budgets"
    __table_args__ = (UniqueConstraint("subject", "subject_id", "period"),)

    budget_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(200))
    period: Mapped[str] = mapped_column(String(10))
    tokens: Mapped[int | None] = mapped_column(BigInteger)
    cost: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BudgetSpendingRow(Base):
    """What was used of a budget in a period, and what requests on their way hold of it."""

    __tablename__ = "budget_spending"

    key: Mapped[str] = mapped_column(String(440), primary_key=True)
    period_start: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    tokens: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
    held_tokens: Mapped[int] = mapped_column(BigInteger)
    held_cost: Mapped[int] = mapped_column(BigInteger)
    warned: Mapped[bool] = mapped_column(Boolean)
    exceeded: Mapped[bool] = mapped_column(Boolean)


class BudgetReservationRow(Base):
    """What one request on its way holds: written before it is sent, so that a killed process leaves a trace."""

    __tablename__ = "budget_reservations"

    usage_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tokens: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[list[list[str]]] = mapped_column(JsonColumn)  # [key, period_start] of each budget
    use: Mapped[dict[str, object]] = mapped_column(JsonColumn)  # the `Use` that it becomes if nobody hears of it again

"""The one table of tool calls; its name is contract."""

from datetime import datetime

from sqlalchemy import Float, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.kernel import JsonValue
from folkmoot.storage import Base, JsonColumn, UtcDateTime


class AgentLogRow(Base):
    """One call. `key` is set where the same call must not happen twice; `cause` is the message that led to it.

    `process` is the one that runs or ran it. `sealed`: the whole arguments, encrypted, as long as they are needed.
    """

    __tablename__ = "agent_logs"
    __table_args__ = (
        Index(None, "created_at", "log_id"),
        Index(None, "user_id", "created_at"),
        Index(None, "agent_id", "created_at"),
        Index(None, "action", "created_at"),
        Index(None, "status", "created_at"),
        Index(None, "cause"),
    )

    log_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    action: Mapped[str] = mapped_column(String(200))
    agent_id: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[str | None] = mapped_column(String(200))
    conversation_id: Mapped[str | None] = mapped_column(String(200))
    cause: Mapped[str | None] = mapped_column(String(200))
    effect: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    key: Mapped[str | None] = mapped_column(String(100), unique=True)
    parameters: Mapped[dict[str, JsonValue]] = mapped_column(JsonColumn)
    result: Mapped[JsonValue] = mapped_column(JsonColumn)
    error: Mapped[str | None] = mapped_column(Text)
    duration_ms: Mapped[float | None] = mapped_column(Float)
    attempts: Mapped[int] = mapped_column(Integer)
    process: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    decided_by: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

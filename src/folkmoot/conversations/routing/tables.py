"""The rows of routing: what was decided about messages, and what users taught by picking another agent."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime


class RoutingDecisionRow(Base):
    """Who was to answer a message, with what every stage said; the text is kept so that it can be decided again."""

    __tablename__ = "routing_decisions"
    __table_args__ = (Index(None, "user_id", "created_at"),)

    decision_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(200), index=True)
    message_id: Mapped[str | None] = mapped_column(String(200), index=True)
    user_id: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    decision: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    trained: Mapped[str] = mapped_column(String(50))  # fingerprint of what judged
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RoutingOverrideRow(Base):
    """That a user wanted another agent; `learned` says whether it passed the gate."""

    __tablename__ = "routing_overrides"
    __table_args__ = (Index(None, "user_id", "created_at"),)

    override_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str | None] = mapped_column(String(200), index=True)
    user_id: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    chosen: Mapped[str] = mapped_column(String(200))
    instead_of: Mapped[str | None] = mapped_column(String(200))
    learned: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

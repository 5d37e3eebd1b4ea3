"""The marks of messages whose effect is in the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime


class HandledMessage(Base):
    """`agent_id` handled `message_id`, and its effect committed together with this row; `reply` if it gave one then."""

    __tablename__ = "handled_messages"
    __table_args__ = (Index("ix_handled_messages_at", "at"),)

    agent_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reply: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)

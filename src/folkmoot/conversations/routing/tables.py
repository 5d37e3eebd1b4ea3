"""The rows of routing: what users taught by picking another agent. Decisions stand with the answers they led to."""

from datetime import datetime

from sqlalchemy import Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, UtcDateTime


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

"""The rows of sessions and of the gallery."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime


class SessionRow(Base):
    """A session: a conversation with the document of the flow that answers in it, without the document's secrets."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id", "timestamp"),)

    session_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.conversation_id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(String(200))
    flow_config: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime)


class GalleryRow(Base):
    """A session as it was when its owner published it; `user_id` is that owner's."""

    __tablename__ = "gallery"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(200), index=True)
    session: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    messages: Mapped[list[dict[str, Any]]] = mapped_column(JsonColumn)
    tags: Mapped[list[str]] = mapped_column(JsonColumn)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

"""The rows of shared memory."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime


class SpaceRow(Base):
    """Whose a space is; `user_id` None is the house itself."""

    __tablename__ = "shared_memory_spaces"

    space_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SharedRow(Base):
    """One value; `agent_id` is empty unless one agent alone sees it."""

    __tablename__ = "shared_memory"
    __table_args__ = (
        Index(None, "space_id", "scope", "agent_id", "memory_key", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    space_id: Mapped[str] = mapped_column(ForeignKey("shared_memory_spaces.space_id", ondelete="CASCADE"))
    scope: Mapped[str] = mapped_column(String(20))
    agent_id: Mapped[str] = mapped_column(String(100))
    memory_key: Mapped[str] = mapped_column(String(200))
    memory_value: Mapped[Any] = mapped_column(JsonColumn, nullable=True)
    version: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[str | None] = mapped_column(String(100))
    updated_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

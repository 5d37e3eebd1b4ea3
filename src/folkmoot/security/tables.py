"""Rows of the security room."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, UtcDateTime


class AccessTokenRow(Base):
    """One token that opens the API. Only its argon2 hash is kept."""

    __tablename__ = "access_tokens"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

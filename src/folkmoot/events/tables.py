"""The table of events, and how far those of other machines were read into it."""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.kernel import JsonValue
from folkmoot.storage import Base, JsonColumn, UtcDateTime

LONGEST_TYPE: Final = 100
LONGEST_SUBJECT: Final = 200


class EventRow(Base):
    """One event. Ids are never used twice, also after old events were deleted."""

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "type", "id"),
        Index(None, "subject", "id"),
        {"sqlite_autoincrement": True},
    )

    # SQLite counts by itself only in a column of the very type INTEGER.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    type: Mapped[str] = mapped_column(String(LONGEST_TYPE))
    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT))
    data: Mapped[dict[str, JsonValue]] = mapped_column(JsonColumn)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RelayRow(Base):
    """How far a stream of events was read: it moves in the transaction that records what was read."""

    __tablename__ = "event_relays"

    stream: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[str] = mapped_column(String(50))
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)

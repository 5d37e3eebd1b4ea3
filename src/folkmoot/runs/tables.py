"""Who runs runs at present; the runs themselves are in DBOS's own tables."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, UtcDateTime


class ExecutorRow(Base):
    """One living executor. `beat` grows with every heartbeat, so that a reader needs no clock in common with it."""

    __tablename__ = "run_executors"

    executor_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    beat: Mapped[int] = mapped_column(BigInteger)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime)

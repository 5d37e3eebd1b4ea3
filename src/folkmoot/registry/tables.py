"""The table of agents."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.storage import Base, JsonColumn, UtcDateTime


class AgentRow(Base):
    """One agent: what it is (as registered), what people chose instead, and where it stands."""

    __tablename__ = "agents"

    agent_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(200), index=True)
    department: Mapped[str] = mapped_column(String(200), index=True)
    description: Mapped[str] = mapped_column(Text)
    person: Mapped[str | None] = mapped_column(String(200))
    capabilities: Mapped[dict[str, float]] = mapped_column(JsonColumn)
    supported_intents: Mapped[list[str]] = mapped_column(JsonColumn)
    max_capacity: Mapped[int] = mapped_column(Integer)
    # `metadata` is taken on a declarative class.
    details: Mapped[dict[str, JsonValue]] = mapped_column("metadata", JsonColumn)
    owner: Mapped[str] = mapped_column(String(20))

    # Who may see it and who may address it; `restricted` finds the few agents for which that is not everybody.
    visible_to: Mapped[list[str]] = mapped_column(JsonColumn)
    reachable_by: Mapped[list[str]] = mapped_column(JsonColumn)
    restricted: Mapped[bool] = mapped_column(Boolean, index=True)

    # Set by people; they outlive a restart, in which the agent registers as its definition says.
    chosen_name: Mapped[str | None] = mapped_column(String(200))
    chosen_capacity: Mapped[int | None] = mapped_column(Integer)
    availability: Mapped[str] = mapped_column(String(20))
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Silenced by a person, until a person lifts it.
    silenced_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    silenced_by: Mapped[str | None] = mapped_column(String(64))
    silenced_reason: Mapped[str | None] = mapped_column(String(500))

    # What the last event said; who was silent for too long is offline whatever stands here.
    present: Mapped[bool] = mapped_column(Boolean)
    current_workload: Mapped[int] = mapped_column(Integer)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    last_active: Mapped[datetime | None] = mapped_column(UtcDateTime)

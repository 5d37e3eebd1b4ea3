"""The rows of twins. Whatever was made from a person's texts hangs on the consent it was made under."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.consent.tables import consent_column
from folkmoot.kernel import JsonValue
from folkmoot.storage import Base, JsonColumn, UtcDateTime


class TwinRow(Base):
    """One twin. `secret` makes the ids of its messages: without it they tell nothing of what was written."""

    __tablename__ = "twins"

    person: Mapped[str] = mapped_column(String(400), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    agent_id: Mapped[str] = mapped_column(String(200), unique=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    forgetting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportRow(Base):
    """One import and how far it got: `position` is the last entry whose batch is stored."""

    __tablename__ = "imports"
    __table_args__ = (Index(None, "person", "fingerprint"),)

    import_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("twins.person", ondelete="CASCADE"))
    consent_id: Mapped[str] = consent_column()
    platform: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    # Where the export is kept until the import has ended. Never the name it was given with: that names other people.
    path: Mapped[str | None] = mapped_column(Text)
    options: Mapped[dict[str, JsonValue]] = mapped_column(JsonColumn)
    position: Mapped[int] = mapped_column(Integer)
    messages: Mapped[int] = mapped_column(Integer)
    own: Mapped[int] = mapped_column(Integer)
    skipped: Mapped[dict[str, int]] = mapped_column(JsonColumn)
    redactions: Mapped[dict[str, int]] = mapped_column(JsonColumn)
    problems: Mapped[list[str]] = mapped_column(JsonColumn)
    notes: Mapped[list[str]] = mapped_column(JsonColumn)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TwinMessageRow(Base):
    """One message. The id is made of its content, so that the same message is never stored twice."""

    __tablename__ = "twin_messages"
    __table_args__ = (Index(None, "person", "own", "at"),)

    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("twins.person", ondelete="CASCADE"))
    consent_id: Mapped[str] = consent_column()
    # The import may have rested on an earlier consent than the message rests on now: it does not take it along.
    import_id: Mapped[str | None] = mapped_column(ForeignKey("imports.import_id", ondelete="SET NULL"), index=True)
    platform: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    own: Mapped[bool] = mapped_column(Boolean)
    author: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    thread: Mapped[str] = mapped_column(String(32))
    paths: Mapped[list[str]] = mapped_column(JsonColumn)


class ProfileRow(Base):
    """What was learned from the messages of one consent, under a consent to learn it; gone when either ends."""

    __tablename__ = "profiles"

    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.consent_id", ondelete="CASCADE"), primary_key=True)
    profile_consent_id: Mapped[str] = consent_column()
    person: Mapped[str] = mapped_column(ForeignKey("twins.person", ondelete="CASCADE"), index=True)
    platform: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, JsonValue]] = mapped_column(JsonColumn)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)

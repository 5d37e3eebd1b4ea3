"""The rows of conversations, their messages and what was attached to them. Those of sessions are in `studio`."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from folkmoot.conversations.full_text import SEARCH_DDL, SEARCH_DROP
from folkmoot.storage import Base, JsonColumn, UtcDateTime

# SQLite counts by itself only in a column of the very type INTEGER.
_Counter = BigInteger().with_variant(Integer(), "sqlite")


class RoomRow(Base):
    """One user's place: `seq` counts what has become visible to them. Their file of it reaches to `file_seq`, and is
    right for `file_length` characters: what stands behind them was written by a process that ended at that moment.
    """

    __tablename__ = "rooms"

    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    file_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    file_length: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))


class ConversationRow(Base):
    """A conversation. `summary` says in short what was said up to the message `summarized`, whose number that is."""

    __tablename__ = "conversations"
    __table_args__ = (Index(None, "user_id", "updated_at"),)

    conversation_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    agent_id: Mapped[str | None] = mapped_column(String(200))
    last_agent: Mapped[str | None] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text, default="")
    summarized: Mapped[int] = mapped_column(BigInteger, default=0)
    details: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class MessageRow(Base):
    """A message of a conversation. `user_id` is the conversation's, as its walls are.

    `parent_id` is the message it follows; versions of one place share it, and one of them is `active`. `owner` and
    `lease` say which process answers it, and until when that is believed.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("user_id", "seq"),
        UniqueConstraint("conversation_id", "client_key"),
        Index(None, "conversation_id", "number"),
        Index(None, "status", "lease"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(_Counter, primary_key=True)
    message_id: Mapped[str] = mapped_column(String(100), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.conversation_id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(String(100))
    active: Mapped[bool] = mapped_column(Boolean)
    status: Mapped[str] = mapped_column(String(20))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    agent_id: Mapped[str | None] = mapped_column(String(200))
    agent_name: Mapped[str | None] = mapped_column(String(200))
    client_key: Mapped[str | None] = mapped_column(String(200))
    attempt: Mapped[int] = mapped_column(Integer)
    owner: Mapped[str | None] = mapped_column(String(100))
    lease: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AttachmentRow(Base):
    """Something attached to a message. `text` is what could be read in it; `data` the thing itself."""

    __tablename__ = "attachments"

    attachment_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.message_id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    text: Mapped[str | None] = mapped_column(Text)
    data: Mapped[bytes] = mapped_column(LargeBinary)


for _when, _by_dialect in (("after_create", SEARCH_DDL), ("before_drop", SEARCH_DROP)):
    for _dialect, _statements in _by_dialect.items():
        for _statement in _statements:
            _ddl = DDL(_statement)  # type: ignore[no-untyped-call]  # SQLAlchemy left it without annotations
            event.listen(MessageRow.__table__, _when, _ddl.execute_if(dialect=_dialect))

"""The rows of a turn, as plain statements that are run in one go: what is written for every message of everybody.

Everything else about conversations is read and written in `store.py`. Each function here works within the caller's
`Database.run`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from folkmoot.conversations.context import Context, context_of, shown_before
from folkmoot.conversations.model import ChatMessage, Conversation, Status
from folkmoot.storage import Execute

_COLUMNS: Final = (
    *("message_id", "conversation_id", "user_id", "account_id", "role", "content", "parent_id", "active", "status"),
    *("seq", "agent_id", "agent_name", "client_key", "attempt", "owner", "lease", "error", "details", "created_at"),
    "settled_at",
)
_INSERT_MESSAGE: Final = (
    f"INSERT INTO messages ({', '.join(_COLUMNS)}) "  # noqa: S608  # our own words alone
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) RETURNING number"
)
_NEXT_SEQ: Final = (
    "INSERT INTO rooms (user_id, seq) VALUES (:user_id, 1) "
    "ON CONFLICT (user_id) DO UPDATE SET seq = rooms.seq + 1 RETURNING seq"
)
_FIND: Final = (
    "SELECT user_id, account_id, kind, title, agent_id, last_agent, deleted_at FROM conversations "
    "WHERE conversation_id = :conversation_id"
)
_LATEST: Final = (
    "SELECT conversation_id FROM conversations WHERE user_id = :user_id AND kind = :kind AND deleted_at IS NULL "
    "ORDER BY updated_at DESC LIMIT 1"
)
_BEGIN: Final = (
    "INSERT INTO conversations (conversation_id, user_id, account_id, kind, title, agent_id, last_agent, summary, "
    "summarized, details, created_at, updated_at) VALUES (:conversation_id, :user_id, :account_id, :kind, :title, "
    "NULL, NULL, '', 0, :details, :now, :now) ON CONFLICT (conversation_id) DO NOTHING RETURNING conversation_id"
)
_SETTLE: Final = (
    "UPDATE messages SET status = :status, content = :content, seq = :seq, agent_id = :agent_id, "
    "agent_name = :agent_name, attempt = :attempt, error = :error, details = :details, owner = NULL, lease = NULL, "
    "settled_at = :now WHERE message_id = :message_id AND status = 'answering' RETURNING number"
)
_KEEP_WORDS: Final = (
    "UPDATE messages SET attempt = :attempt, content = :content, agent_id = :agent_id, agent_name = :agent_name, "
    "details = :details WHERE message_id = :message_id AND owner = :owner AND status = 'answering' "
    "AND attempt <= :attempt RETURNING number"
)
_LOST: Final = (
    "SELECT status FROM messages WHERE message_id = :message_id AND (status <> 'answering' OR owner <> :owner)"
)
_TOUCH: Final = (
    "UPDATE conversations SET updated_at = :now, last_agent = COALESCE(:last_agent, last_agent) "
    "WHERE conversation_id = :conversation_id"
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A conversation as a new message of it finds it."""

    talk: Conversation
    deleted: bool
    last_shown: str | None
    context: Context | None


def next_seq(execute: Execute, user_id: str) -> int:
    """The next number of what becomes visible to a user. Whoever takes one commits before the next is given."""
    return int(execute(_NEXT_SEQ, {"user_id": user_id})[0][0])


def find(execute: Execute, conversation_id: str, *, now: datetime, alone: bool) -> Found | None:
    """A conversation, whosever it is, locked until the end; its times are not read. `alone`: nobody else writes."""
    key = {"conversation_id": conversation_id}
    rows = execute(_FIND if alone else f"{_FIND} FOR UPDATE", key)
    if not rows:
        return None
    user_id, account_id, kind, title, agent_id, last_agent, deleted_at = rows[0]
    talk = Conversation(
        conversation_id=conversation_id,
        user_id=user_id,
        account_id=account_id,
        kind=kind,
        title=title,
        agent_id=agent_id,
        last_agent=last_agent,
        created_at=now,
        updated_at=now,
    )
    shown = shown_before(execute, conversation_id)
    # An answer that is being made is for the run to wait for.
    waits = any(one.status is Status.ANSWERING for one in shown)
    context = None if waits else context_of(execute, conversation_id, shown)
    last = shown[-1].message_id if shown else None
    return Found(talk=talk, deleted=deleted_at is not None, last_shown=last, context=context)


def latest_of_kind(execute: Execute, user_id: str, kind: str, *, alone: bool) -> str | None:
    """The conversation of this kind that a user went on with last. While there is none, one looks at a time."""
    key = {"user_id": user_id, "kind": kind}
    rows = execute(_LATEST, key)
    if not rows and not alone:
        # Of two first lines at one moment each would see none, and begin its own.
        execute("SELECT pg_advisory_xact_lock(hashtext(:key))", {"key": f"{kind}:{user_id}"})
        rows = execute(_LATEST, key)
    return str(rows[0][0]) if rows else None


def begin(execute: Execute, talk: Conversation, *, alone: bool) -> Found | None:
    """A new conversation, None; as it is found if there is one of this id, which may have begun at this moment."""
    begun = execute(
        _BEGIN,
        {
            "conversation_id": talk.conversation_id,
            "user_id": talk.user_id,
            "account_id": talk.account_id,
            "kind": talk.kind,
            "title": talk.title,
            "details": talk.details,
            "now": talk.created_at,
        },
    )
    return None if begun else find(execute, talk.conversation_id, now=talk.created_at, alone=alone)


def keep(execute: Execute, row: dict[str, Any]) -> int:
    """A message; its number."""
    return int(execute(_INSERT_MESSAGE, row)[0][0])


def touch(execute: Execute, conversation_id: str, *, now: datetime) -> None:
    """Something was said in a conversation, and nobody has to answer it."""
    execute(_TOUCH, {"conversation_id": conversation_id, "last_agent": None, "now": now})


def attach(execute: Execute, row: dict[str, Any]) -> None:
    """Something that came with a message."""
    execute(
        "INSERT INTO attachments (attachment_id, message_id, user_id, name, media_type, size, text, data) "
        "VALUES (:attachment_id, :message_id, :user_id, :name, :media_type, :size, :text, :data)",
        row,
    )


def repeated(execute: Execute, conversation_id: str, client_key: str) -> tuple[str, str] | None:
    """The ids of the message that has this key of its client's, and of its answer."""
    rows = execute(
        "SELECT q.message_id, a.message_id FROM messages AS q JOIN messages AS a ON a.parent_id = q.message_id "
        "WHERE q.conversation_id = :conversation_id AND q.client_key = :client_key AND a.role = 'assistant' "
        "ORDER BY a.active DESC, a.number DESC LIMIT 1",
        {"conversation_id": conversation_id, "client_key": client_key},
    )
    return (rows[0][0], rows[0][1]) if rows else None


def keep_words(execute: Execute, owner: str, answers: Sequence[ChatMessage]) -> dict[str, Status]:
    """Write how far this owner's answers are: agent, attempt, text so far. An older attempt is never put over a newer
    one. Which of them are not this owner's to answer any more, and how they stand.
    """
    lost: dict[str, Status] = {}
    for one in answers:
        key = {"message_id": one.message_id, "owner": owner}
        kept = execute(
            _KEEP_WORDS,
            {
                **key,
                "attempt": one.attempt,
                "content": one.content,
                "agent_id": one.agent_id,
                "agent_name": one.agent_name,
                "details": one.details,
            },
        )
        if not kept and (stands := execute(_LOST, key)):
            lost[one.message_id] = Status(stands[0][0])
    return lost


def settle(execute: Execute, answer: ChatMessage, status: Status, *, now: datetime) -> int:
    """Settle an answer as it stands; its `seq`. Raises `AlreadySettledError`."""
    # The conversation first, then the number, as when something is said: two must never wait for each other.
    last = answer.agent_id if status is Status.ANSWERED else None
    execute(_TOUCH, {"conversation_id": answer.conversation_id, "last_agent": last, "now": now})
    seq = next_seq(execute, answer.user_id)
    done = execute(
        _SETTLE,
        {
            "message_id": answer.message_id,
            "status": str(status),
            "content": answer.content,
            "seq": seq,
            "agent_id": answer.agent_id,
            "agent_name": answer.agent_name,
            "attempt": answer.attempt,
            "error": answer.error,
            "details": answer.details,
            "now": now,
        },
    )
    if not done:
        raise AlreadySettledError
    return seq


class AlreadySettledError(Exception):
    """Somebody else settled it; nothing of ours is kept."""

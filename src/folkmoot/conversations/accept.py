"""Accepting a turn: what was said and the answer that is owed for it become rows in one transaction."""

import mimetypes
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Protocol

from folkmoot.conversations.errors import AttachmentTooLargeError, BadSayingError
from folkmoot.conversations.model import (
    LONGEST_TITLE,
    ChatMessage,
    Conversation,
    Saying,
    Status,
    Upload,
    checked_id,
    checked_text,
)
from folkmoot.conversations.store import (
    AsyncSession,
    answer_to,
    change_conversation,
    find_by_key,
    insert_attachments,
    insert_conversation,
    insert_messages,
    last_shown,
    lock_conversation,
    maybe_conversation,
    next_seq,
    unknown_conversation,
)
from folkmoot.kernel import excerpt, new_id

MOST_UPLOADS: Final = 10
LARGEST_UPLOAD: Final = 5 * 1024 * 1024
_SHOWN_TEXT: Final = 20_000  # characters of an attachment that go to the agent with the message
_TITLE: Final = 60


class ReadText(Protocol):
    """What reads the text of an attachment; None for one that has none, such as a picture."""

    def __call__(self, upload: Upload) -> Awaitable[str | None]: ...


class Taken:
    """A turn that was accepted: the rows as they stand."""

    def __init__(
        self, talk: Conversation, question: ChatMessage, answer: ChatMessage, *, fresh: bool, repeated: bool
    ) -> None:
        self.talk = talk
        self.question = question
        self.answer = answer
        self.fresh = fresh
        self.repeated = repeated


def check(saying: Saying) -> None:
    """Raise what `saying` is wrong in, before anything is written."""
    checked_text(saying.text)
    if saying.conversation_id is not None:
        checked_id(saying.conversation_id)
    if saying.client_key is not None and not 1 <= len(saying.client_key) <= 200:  # noqa: PLR2004  # the column's width
        raise BadSayingError("the client's own id of a message has 1 to 200 characters", field="client_id")
    if len(saying.uploads) > MOST_UPLOADS:
        raise AttachmentTooLargeError(f"a message takes at most {MOST_UPLOADS} attachments", field="attachments")
    for one in saying.uploads:
        if len(one.data) > LARGEST_UPLOAD:
            raise AttachmentTooLargeError(
                f"'{one.name[:60]}' has {len(one.data)} bytes, more than {LARGEST_UPLOAD}; make it smaller",
                field="attachments",
            )
        if not one.name.strip() or len(one.name) > 200 or any(ord(sign) < 32 for sign in one.name):  # noqa: PLR2004  # see the column
            raise BadSayingError("an attachment needs a name of 1 to 200 characters", field="attachments")


async def attachments_of(uploads: tuple[Upload, ...], read: ReadText) -> list[dict[str, Any]]:
    """The rows of attachments, without their message; raises what a file that cannot be read is wrong in."""
    rows: list[dict[str, Any]] = []
    for one in uploads:
        media_type = one.media_type or mimetypes.guess_type(one.name)[0] or "application/octet-stream"
        rows.append(
            {
                "attachment_id": new_id(),
                "name": one.name,
                "media_type": media_type[:100],
                "size": len(one.data),
                "text": await read(one),
                "data": one.data,
            }
        )
    return rows


async def take(
    session: AsyncSession,
    saying: Saying,
    *,
    attachments: list[dict[str, Any]],
    now: datetime,
    owner: str,
    lease: Callable[[], datetime],
) -> Taken:
    """Write the turn. Raises `UnknownConversationError` for a conversation that is another's or was deleted."""
    found = await maybe_conversation(session, saying.conversation_id) if saying.conversation_id is not None else None
    parent: str | None = None
    if found is None:
        talk = _begun(saying, now)
        await insert_conversation(session, talk)
    else:
        talk, deleted = found
        if deleted or not (talk.user_id == saying.speaker.owner or saying.speaker.anywhere):
            raise unknown_conversation(talk.conversation_id)
        await lock_conversation(session, talk.conversation_id)
        if saying.client_key is not None:
            repeated = await _repeated(session, talk, saying.client_key)
            if repeated is not None:
                return repeated
        last = await last_shown(session, talk.conversation_id)
        parent = last.message_id if last else None
        title = {"title": title_of(saying.text)} if not talk.title else {}
        await change_conversation(session, talk.conversation_id, updated_at=now, **title)
    question, answer = _rows(saying, talk, parent, attachments, now)
    question["seq"] = await next_seq(session, talk.user_id)
    answer |= {"owner": owner, "lease": lease()}
    numbers = await insert_messages(session, [question, answer])
    await insert_attachments(
        session, [one | {"message_id": question["message_id"], "user_id": talk.user_id} for one in attachments]
    )
    fresh = found is None
    kept = [message_of(row, number) for row, number in zip((question, answer), numbers, strict=True)]
    return Taken(talk, kept[0], kept[1], fresh=fresh, repeated=False)


def answer_row(talk: Conversation, question_id: str, now: datetime, details: dict[str, Any]) -> dict[str, Any]:
    """The row of an answer that is owed."""
    return _row(talk, role="assistant", content="", parent_id=question_id, now=now) | {
        "status": Status.ANSWERING,
        "details": details,
    }


def message_of(row: dict[str, Any], number: int) -> ChatMessage:
    """A row that was just written, and got this number."""
    values = {name: value for name, value in row.items() if name not in ("client_key", "owner", "lease")}
    return ChatMessage(number=number, **values)


def title_of(text: str) -> str:
    """A conversation's title, from what was said first."""
    return excerpt(text, _TITLE)


def question_row(
    talk: Conversation, text: str, parent: str | None, now: datetime, details: dict[str, Any]
) -> dict[str, Any]:
    """The row of what a person said, still without its `seq`."""
    return _row(talk, role="user", content=text, parent_id=parent, now=now) | {
        "status": Status.SAID,
        "settled_at": now,
        "details": details,
    }


def _rows(
    saying: Saying, talk: Conversation, parent: str | None, attachments: list[dict[str, Any]], now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    shown = [
        {
            "id": one["attachment_id"],
            "name": one["name"],
            "media_type": one["media_type"],
            "size": one["size"],
            **({"text": one["text"][:_SHOWN_TEXT]} if one["text"] else {}),
        }
        for one in attachments
    ]
    told = {"context": saying.context, "model": saying.model, "attachments": shown}
    details = {name: value for name, value in told.items() if value}
    question = question_row(talk, saying.text, parent, now, details)
    question["client_key"] = saying.client_key
    chosen = {"chosen": saying.agent} if saying.agent else {}
    return question, answer_row(talk, question["message_id"], now, chosen)


def _row(talk: Conversation, *, role: str, content: str, parent_id: str | None, now: datetime) -> dict[str, Any]:
    return {
        "message_id": new_id(),
        "conversation_id": talk.conversation_id,
        "user_id": talk.user_id,
        "account_id": talk.account_id,
        "role": role,
        "content": content,
        "parent_id": parent_id,
        "active": True,
        "seq": None,
        "agent_id": None,
        "agent_name": None,
        "client_key": None,
        "attempt": 1,
        "owner": None,
        "lease": None,
        "error": None,
        "created_at": now,
        "settled_at": None,
    }


def _begun(saying: Saying, now: datetime) -> Conversation:
    return Conversation(
        conversation_id=saying.conversation_id or new_id("conv"),
        user_id=saying.speaker.owner,
        account_id=saying.speaker.account,
        kind=saying.kind,
        title=title_of(saying.text)[:LONGEST_TITLE],
        agent_id=None,
        last_agent=None,
        created_at=now,
        updated_at=now,
    )


async def _repeated(session: AsyncSession, talk: Conversation, client_key: str) -> Taken | None:
    question = await find_by_key(session, talk.conversation_id, client_key)
    answer = await answer_to(session, question.message_id) if question is not None else None
    if question is None or answer is None:
        return None
    return Taken(talk, question, answer, fresh=False, repeated=True)

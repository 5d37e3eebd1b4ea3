"""Accepting a turn: what was said and the answer that is owed for it become rows in one transaction."""

import mimetypes
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from folkmoot.conversations import turns
from folkmoot.conversations.before import BEFORE
from folkmoot.conversations.context import Context
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
from folkmoot.conversations.store import unknown_conversation
from folkmoot.kernel import JsonValue, excerpt, new_id
from folkmoot.storage import Execute

ROOM: Final = "room"
MOST_UPLOADS: Final = 10
LARGEST_UPLOAD: Final = 5 * 1024 * 1024
_SHOWN_TEXT: Final = 20_000  # characters of an attachment that go to the agent with the message
_TITLE: Final = 60
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}(;[ -~]{0,100})?", re.ASCII)


class ReadText(Protocol):
    """What reads the text of an attachment; None for one that has none, such as a picture."""

    def __call__(self, upload: Upload) -> Awaitable[str | None]: ...


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A turn that was accepted, as its rows stand. `context` is what was said before; None if some of it is not said
    yet.
    """

    talk: Conversation
    question: ChatMessage
    answer: ChatMessage
    context: Context | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """A turn that had been accepted before, by its client's key."""

    conversation_id: str
    message_id: str
    answer_id: str


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
        if one.media_type and not _MEDIA_TYPE.fullmatch(one.media_type):
            raise BadSayingError(f"'{one.media_type[:60]}' is no media type, as text/plain is", field="attachments")


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


def take(
    execute: Execute,
    saying: Saying,
    *,
    attachments: list[dict[str, Any]],
    before: dict[str, JsonValue],
    now: datetime,
    owner: str,
    lease: datetime,
    alone: bool,
) -> Taken | Known:
    """Write the turn. Raises `UnknownConversationError` for a conversation that is another's or was deleted."""
    wanted = saying.conversation_id
    if wanted is None and saying.kind == ROOM:
        wanted = turns.latest_of_kind(execute, saying.speaker.owner, ROOM, alone=alone)
    found = turns.find(execute, wanted, now=now, alone=alone) if wanted is not None else None
    talk = _begun(saying, now)
    if found is None:
        found = turns.begin(execute, talk, alone=alone)
    if found is not None:
        talk = found.talk
        if found.deleted or not (talk.user_id == saying.speaker.owner or saying.speaker.anywhere):
            raise unknown_conversation(talk.conversation_id)
        if saying.client_key is not None:
            known = turns.repeated(execute, talk.conversation_id, saying.client_key)
            if known is not None:
                return Known(conversation_id=talk.conversation_id, message_id=known[0], answer_id=known[1])
    question, answer = _rows(saying, talk, found.last_shown if found else None, attachments, before, now)
    question["seq"] = turns.next_seq(execute, talk.user_id)
    answer |= {"owner": owner, "lease": lease}
    kept = [message_of(row, turns.keep(execute, row)) for row in (question, answer)]
    for one in attachments:
        turns.attach(execute, one | {"message_id": question["message_id"], "user_id": talk.user_id})
    context = Context() if found is None else found.context
    return Taken(talk=talk, question=kept[0], answer=kept[1], context=context)


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
    saying: Saying,
    talk: Conversation,
    parent: str | None,
    attachments: list[dict[str, Any]],
    before: dict[str, JsonValue],
    now: datetime,
) -> tuple[dict[str, Any], dict[str, Any]]:
    shown = [
        {
            "id": one["attachment_id"],
            "name": one["name"],
            "media_type": one["media_type"],
            "size": one["size"],
            **({"text": _shown(one["text"])} if one["text"] else {}),
        }
        for one in attachments
    ]
    told = {"context": saying.context, "model": saying.model, "attachments": shown, BEFORE: before}
    details = {name: value for name, value in told.items() if value}
    question = question_row(talk, saying.text, parent, now, details)
    question["client_key"] = saying.client_key
    chosen = {"chosen": saying.agent} if saying.agent else {}
    return question, answer_row(talk, question["message_id"], now, chosen)


def _shown(text: str) -> str:
    rest = len(text) - _SHOWN_TEXT
    return text if rest <= 0 else f"{text[:_SHOWN_TEXT]}\n\n(The rest was left out here: {rest} characters.)"


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
        last_agent=saying.before.last_agent if saying.before else None,
        created_at=now,
        updated_at=now,
    )

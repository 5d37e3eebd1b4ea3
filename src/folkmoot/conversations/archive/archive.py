"""What was said before: found by its words, and taken along as a file."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from folkmoot.conversations.archive.markdown import whole
from folkmoot.conversations.archive.search import Found, wanted
from folkmoot.conversations.archive.store import search, select_attached
from folkmoot.conversations.model import ChatMessage, Conversation, checked_id
from folkmoot.conversations.store import find_conversation, select_all
from folkmoot.kernel import Clock, slug
from folkmoot.storage import Database

FORMAT: Final = "folkmoot.conversation/1"


@dataclass(frozen=True, kw_only=True)
class Export:
    """A conversation with everything in it; `attached` by message, without the data."""

    conversation: Conversation
    messages: tuple[ChatMessage, ...]
    attached: dict[str, list[dict[str, Any]]]
    at: datetime

    @property
    def file_name(self) -> str:
        """Without its suffix."""
        return slug(self.conversation.title)[:60] or self.conversation.conversation_id

    def as_markdown(self) -> str:
        """The branch that is shown."""
        shown = [
            (one, [str(file["name"]) for file in self.attached.get(one.message_id, [])])
            for one in self.messages
            if one.active
        ]
        return whole(self.conversation, shown, at=self.at)

    def as_json(self) -> dict[str, Any]:
        """Every branch: `parent_id` is what a message follows, `shown` whether it is in the branch that is shown."""
        talk = self.conversation
        return {
            "format": FORMAT,
            "exported_at": self.at.isoformat(),
            "conversation": {
                "conversation_id": talk.conversation_id,
                "user_id": talk.user_id,
                "kind": talk.kind,
                "title": talk.title,
                "agent": talk.agent_id,
                "created_at": talk.created_at.isoformat(),
                "updated_at": talk.updated_at.isoformat(),
            },
            "messages": [self._row(one) for one in self.messages],
        }

    def _row(self, one: ChatMessage) -> dict[str, Any]:
        return {
            "message_id": one.message_id,
            "parent_id": one.parent_id,
            "shown": one.active,
            "role": one.role,
            "content": one.content,
            "status": one.status.value,
            "error": one.error,
            "agent_id": one.agent_id,
            "agent": one.agent_name,
            "created_at": one.created_at.isoformat(),
            "settled_at": one.settled_at.isoformat() if one.settled_at else None,
            "attachments": self.attached.get(one.message_id, []),
            "metadata": {name: value for name, value in one.details.items() if name != "attachments"},
        }


class Archive:
    """The archive of one database."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def search(
        self, query: str, *, owner: str, kinds: Collection[str] | None = None, limit: int, offset: int = 0
    ) -> tuple[list[Found], int]:
        """What one user said and was answered, by its words, and how much there is; only in conversations of these
        `kinds`. Raises `BadSayingError`.
        """
        asked = wanted(query)
        async with self._database.read() as session:
            return await search(session, asked, owner=owner, kinds=kinds, limit=limit, offset=offset)

    async def export(self, conversation_id: str, *, viewer: str | None) -> Export:
        """A whole conversation. Raises `UnknownConversationError`."""
        async with self._database.read() as session:
            talk = await find_conversation(session, checked_id(conversation_id), viewer=viewer)
            messages = await select_all(session, conversation_id)
            attached = await select_attached(session, conversation_id)
        return Export(conversation=talk, messages=tuple(messages), attached=attached, at=self._clock.now())

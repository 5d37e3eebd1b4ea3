"""One answer while it is being made."""

import asyncio
from dataclasses import dataclass

from folkmoot.conversations.context import Context
from folkmoot.conversations.model import ChatMessage, Conversation, Mark


@dataclass(kw_only=True)
class Run:
    """One answer while it is being made: the row as it stands, and the words so far. `context`: what was said before,
    if that is known.
    """

    answer: ChatMessage
    question: ChatMessage
    talk: Conversation
    context: Context | None = None
    text: str = ""
    dirty: bool = False
    task: asyncio.Task[None] | None = None
    cancelled: bool = False

    @property
    def mark(self) -> Mark:
        return Mark(self.answer.attempt, len(self.text))


def nowhere(answer: ChatMessage) -> Conversation:
    """A conversation as far as its answer's row tells of it."""
    return Conversation(
        conversation_id=answer.conversation_id,
        user_id=answer.user_id,
        account_id=answer.account_id,
        kind="chat",
        title="",
        agent_id=None,
        last_agent=None,
        created_at=answer.created_at,
        updated_at=answer.created_at,
    )

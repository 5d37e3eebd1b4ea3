"""What an agent says that nobody asked for: it stands in a conversation, and owes no answer."""

from dataclasses import dataclass

from folkmoot.conversations.accept import answer_row, message_of, title_of
from folkmoot.conversations.lobby import Lobby
from folkmoot.conversations.model import ChatMessage, Conversation, Moment, Speaker, Status, checked_id, checked_text
from folkmoot.conversations.store import (
    change_conversation,
    insert_conversation,
    insert_messages,
    last_shown,
    lock_conversation,
    maybe_conversation,
    next_seq,
    unknown_conversation,
)
from folkmoot.kernel import Clock
from folkmoot.storage import Database


@dataclass(frozen=True, kw_only=True)
class Noted:
    """Something said by an agent, or in its name, within the conversations of `speaker.owner`."""

    speaker: Speaker
    conversation_id: str
    text: str
    agent: str
    kind: str = "chat"


class Notes:
    """Keeps what was said, and lets whoever listens hear it."""

    def __init__(self, *, database: Database, clock: Clock, lobby: Lobby) -> None:
        self._database = database
        self._clock = clock
        self._lobby = lobby

    async def note(self, noted: Noted) -> ChatMessage:
        """Keep it; the conversation is begun if there is none.

        Raises `BadSayingError`, and `UnknownConversationError` for one that is another's or was deleted.
        """
        checked_text(noted.text)
        now = self._clock.now()
        async with self._database.write() as session:
            found = await maybe_conversation(session, checked_id(noted.conversation_id))
            parent: str | None = None
            if found is None:
                talk = Conversation(
                    conversation_id=noted.conversation_id,
                    user_id=noted.speaker.owner,
                    account_id=noted.speaker.account,
                    kind=noted.kind,
                    title=title_of(noted.text),
                    agent_id=None,
                    last_agent=None,
                    created_at=now,
                    updated_at=now,
                )
                await insert_conversation(session, talk)
            else:
                talk, deleted = found
                if deleted or talk.user_id != noted.speaker.owner:
                    raise unknown_conversation(noted.conversation_id)
                await lock_conversation(session, talk.conversation_id)
                last = await last_shown(session, talk.conversation_id)
                parent = last.message_id if last else None
                await change_conversation(session, talk.conversation_id, updated_at=now)
            row = answer_row(talk, parent or "", now, {}) | {
                "content": noted.text,
                "parent_id": parent,
                "status": Status.ANSWERED,
                "agent_name": noted.agent[:200],
                "settled_at": now,
                "seq": await next_seq(session, talk.user_id),
            }
            [number] = await insert_messages(session, [row])
        message = message_of(row, number)
        self._lobby.tell(
            Moment(
                kind="settled",
                user_id=message.user_id,
                conversation_id=message.conversation_id,
                answer_id=message.message_id,
                message=message,
            )
        )
        return message

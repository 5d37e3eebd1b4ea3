"""What an agent says that nobody asked for: it stands in a conversation, and owes no answer."""

from dataclasses import dataclass

from folkmoot.conversations import turns
from folkmoot.conversations.accept import answer_row, message_of, title_of
from folkmoot.conversations.lobby import Lobby
from folkmoot.conversations.model import ChatMessage, Conversation, Moment, Speaker, Status, checked_id, checked_text
from folkmoot.conversations.store import unknown_conversation
from folkmoot.kernel import Clock
from folkmoot.storage import Database, Execute


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
        checked_id(noted.conversation_id)
        message = await self._database.run(lambda execute: self._keep(execute, noted))
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

    def _keep(self, execute: Execute, noted: Noted) -> ChatMessage:
        now = self._clock.now()
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
        found = turns.begin(execute, talk, alone=self._database.is_sqlite)
        if found is not None:
            talk = found.talk
            if found.deleted or talk.user_id != noted.speaker.owner:
                raise unknown_conversation(noted.conversation_id)
            turns.touch(execute, talk.conversation_id, now=now)
        row = answer_row(talk, "", now, {}) | {
            "content": noted.text,
            "parent_id": found.last_shown if found else None,
            "status": Status.ANSWERED,
            "agent_name": noted.agent[:200],
            "settled_at": now,
            "seq": turns.next_seq(execute, talk.user_id),
        }
        return message_of(row, turns.keep(execute, row))

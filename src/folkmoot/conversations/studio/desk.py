"""Sessions: begun, listed, asked in, emptied.

What is asked is kept before the flow runs, and so is that an answer is owed. The answer is owned by the process that
runs the flow; when that process is gone, the answer is settled as failed, for half a flow cannot be taken over.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from folkmoot.conversations.accept import Taken, check, take, title_of
from folkmoot.conversations.answering import Answering
from folkmoot.conversations.desk import ConversationDesk
from folkmoot.conversations.errors import UnknownChatMessageError, UnknownConversationError
from folkmoot.conversations.model import ChatMessage, Conversation, Moment, Saying, Speaker, Status
from folkmoot.conversations.store import (
    FLOW,
    find_message,
    lock_conversation,
    renew_leases,
    select_shown,
)
from folkmoot.conversations.studio.model import KIND, FlowAnswer, StudioSession, rows_of, without_secrets
from folkmoot.conversations.studio.store import (
    find_session,
    insert_conversation,
    insert_session,
    keep_first,
    remove_message,
    select_lost,
    select_sessions,
)
from folkmoot.kernel import Clock, JsonValue, new_id
from folkmoot.storage import Database, Execute

MOST_SESSIONS: Final = 1000
MOST_MESSAGES: Final = 5000
RENEWED_EVERY: Final = timedelta(seconds=5)


class SessionDesk:
    """Sessions of one database. `alone`: no other process shares it."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        conversations: ConversationDesk,
        answering: Answering,
        alone: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._conversations = conversations
        self._answering = answering
        self._alone = alone
        self._owner = f"{FLOW}{answering.owner}"

    async def begin(self, speaker: Speaker, flow_config: Mapping[str, Any]) -> StudioSession:
        """Begin a session; the document's secrets are not kept."""
        now = self._clock.now()
        talk = begun(new_id("conv"), speaker, now)
        one = StudioSession(
            session_id=talk.conversation_id,
            user_id=speaker.owner,
            flow_config=without_secrets(flow_config),
            timestamp=now,
        )
        async with self._database.write() as session:
            await insert_conversation(session, talk)
            await insert_session(session, one)
        return one

    async def sessions(self, owner: str) -> list[StudioSession]:
        """A user's sessions, the latest begun first."""
        async with self._database.read() as session:
            return await select_sessions(session, owner, limit=MOST_SESSIONS)

    async def session(self, session_id: str, *, owner: str) -> StudioSession:
        """Raises `UnknownConversationError`, for another's too."""
        async with self._database.read() as session:
            return await find_session(session, session_id, user_id=owner)

    async def messages(self, session_id: str, *, owner: str) -> list[dict[str, Any]]:
        """What was said, a row for each query and each combined answer; nothing for a session that is not there."""
        async with self._database.read() as session:
            try:
                await find_session(session, session_id, user_id=owner)
            except UnknownConversationError:
                return []
            return rows_of(await select_shown(session, session_id, limit=MOST_MESSAGES))

    async def earlier(self, session_id: str, *, before: int, limit: int) -> list[ChatMessage]:
        """What was said last before the message with that number, oldest first."""
        async with self._database.read() as session:
            return await select_shown(session, session_id, before=before, limit=limit)

    async def take(
        self, speaker: Speaker, session_id: str, content: str, flow_config: Mapping[str, Any] | None
    ) -> Taken:
        """Keep a query and that its answer is owed; a document that comes with it is the session's from now on.

        Raises `BadSayingError`, `UnknownConversationError`.
        """
        saying = Saying(speaker=speaker, text=content, conversation_id=session_id, kind=KIND)
        check(saying)
        await self.session(session_id, owner=speaker.owner)
        document = None if flow_config is None else without_secrets(flow_config)
        now, lease = self._clock.now(), self._answering.lease()

        def kept(execute: Execute) -> Taken:
            found = take(
                execute,
                saying,
                attachments=[],
                before={},
                now=now,
                owner=self._owner,
                lease=lease,
                alone=self._database.is_sqlite,
            )
            assert isinstance(found, Taken)  # a query has no key of its client's, by which it could be known
            keep_first(execute, session_id, title=title_of(content), flow_config=document)
            return found

        taken = await self._database.run(kept)
        answer = taken.answer
        self._conversations.lobby.tell(
            Moment(
                kind="said",
                user_id=answer.user_id,
                conversation_id=answer.conversation_id,
                answer_id=answer.message_id,
                message=taken.question,
            )
        )
        return taken

    async def answered(self, answer: ChatMessage, made: FlowAnswer) -> None:
        """Let the answer stand, unless it was cancelled meanwhile."""
        await self._answering.settle(answer, Status.ANSWERED, text=made.text, details={"flow": made.record})

    async def failed(self, answer: ChatMessage, said: str, code: str, record: dict[str, Any] | None = None) -> None:
        """Settle the answer as failed, and why."""
        details: dict[str, JsonValue] = {"error_code": code, **({"flow": record} if record else {})}
        await self._answering.settle(answer, Status.FAILED, text="", error=said, details=details)

    async def message(self, message_id: str, *, owner: str) -> ChatMessage:
        """One message as it stands. Raises `UnknownChatMessageError`."""
        return await self._conversations.message(message_id, viewer=owner)

    async def delete_message(self, session_id: str, message_id: str, *, owner: str) -> None:
        """Take one message out for good; an answer that is on its way is cancelled first.

        Raises `UnknownConversationError`, `UnknownChatMessageError`.
        """
        async with self._database.read() as session:
            await find_session(session, session_id, user_id=owner)
            one = await find_message(session, message_id, conversation_id=session_id)
        if one.status is Status.ANSWERING:
            await self._answering.cancel(one)
        async with self._database.write() as session:
            await lock_conversation(session, session_id)
            try:
                one = await find_message(session, message_id, conversation_id=session_id)
            except UnknownChatMessageError:  # somebody else took it out meanwhile
                return
            await remove_message(session, one)

    async def clear(self, session_id: str | None, *, owner: str) -> None:
        """Delete a session, or all of a user's; each can be brought back as a conversation for a while."""
        if session_id is None:
            wanted = [one.session_id for one in await self.sessions(owner)]
        else:
            wanted = [(await self.session(session_id, owner=owner)).session_id]
        for one in wanted:
            await self._conversations.delete(one, viewer=owner)

    async def keep_up(self, running: Collection[str]) -> None:
        """Hold on to the answers that this process's flows make, and settle as failed those that nobody makes."""
        now = self._clock.now()
        async with self._database.write() as session:
            await renew_leases(session, self._owner, until=self._answering.lease(), running=running)
            lost = await select_lost(session, self._owner, now=now, alone=self._alone, running=running)
        for one in lost:
            await self.failed(one, "the server ended while the agents were at it; ask again", "flow_lost")


def begun(conversation_id: str, speaker: Speaker, now: datetime, *, title: str = "") -> Conversation:
    """A session's conversation, in which nothing was said yet."""
    return Conversation(
        conversation_id=conversation_id,
        user_id=speaker.owner,
        account_id=speaker.account,
        kind=KIND,
        title=title,
        agent_id=None,
        last_agent=None,
        created_at=now,
        updated_at=now,
    )

"""The counter of this room: what is said is taken here, and everything kept is asked for here.

A turn that was accepted has its rows, and will have its answer whether anybody waits for it or not. `viewer` is whose
conversations may be seen; None sees all. What is another's answers exactly as what is not there.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from folkmoot.conversations.accept import (
    Known,
    ReadText,
    Taken,
    attachments_of,
    check,
    take,
)
from folkmoot.conversations.answering import Answering
from folkmoot.conversations.before import kept_before
from folkmoot.conversations.branch import versions_of
from folkmoot.conversations.decisions import decision_of
from folkmoot.conversations.errors import BadSayingError, NotAnswerableError, UnknownChatMessageError
from folkmoot.conversations.following import Following
from folkmoot.conversations.lobby import Lobby
from folkmoot.conversations.model import (
    LONGEST_TITLE,
    Accepted,
    ChatMessage,
    Conversation,
    Mark,
    Moment,
    Saying,
    checked_id,
)
from folkmoot.conversations.pick import Picker
from folkmoot.conversations.rewording import Rewording
from folkmoot.conversations.routing.replay import Replay
from folkmoot.conversations.routing.store import forget
from folkmoot.conversations.run import Run
from folkmoot.conversations.store import (
    Attachment,
    answer_to,
    change_conversation,
    count_shown,
    find_attachment,
    find_conversation,
    find_message,
    latest_seq,
    purge_conversations,
    room_figures,
    select_answering,
    select_conversations,
    select_happened,
    select_shown,
    select_versions,
)
from folkmoot.kernel import Clock
from folkmoot.storage import Database

KEPT_DELETED: Final = timedelta(days=7)
"""How long a deleted conversation can be brought back."""


@dataclass(frozen=True, kw_only=True)
class History:
    """A page of a conversation: shown messages, oldest first; `versions` of those that have others beside them."""

    conversation: Conversation
    messages: tuple[ChatMessage, ...]
    total: int
    before: int | None = None
    """Give it as `before` for the page of what was said earlier; None if that is the beginning."""
    versions: dict[str, list[str]] = field(default_factory=dict)


class ConversationDesk:
    """Conversations of one database. What `read_text` finds in an attachment goes to the agent with the message."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        answering: Answering,
        picker: Picker,
        lobby: Lobby,
        read_text: ReadText,
    ) -> None:
        self._database = database
        self._clock = clock
        self._answering = answering
        self._picker = picker
        self._following = Following(database=database, lobby=lobby, answering=answering)
        self._rewording = Rewording(database=database, clock=clock, answering=answering, picker=picker)
        self._read_text = read_text
        self.lobby = lobby
        self.picker = picker

    async def say(self, saying: Saying, *, own: Callable[[str], None] | None = None) -> Accepted:
        """Take a turn: when this returns it is kept, and its answer is on the way. `own` hears the id of the message
        before any listener does.

        Raises `BadSayingError`, `AttachmentTooLargeError`, `UnknownConversationError`, `UnknownAgentError` for an
        `agent` that may not be addressed, and what a document that cannot be read is wrong in.
        """
        check(saying)
        if saying.agent is not None:
            chosen = await self._picker.named(saying.agent, account=saying.speaker.account)
            saying = replace(saying, agent=chosen.agent_id)
        attachments = await attachments_of(saying.uploads, self._read_text)
        before = await asyncio.to_thread(kept_before, saying.before) if saying.before else {}
        answering, now = self._answering, self._clock.now()
        taken = await self._database.run(
            partial(
                take,
                saying=saying,
                attachments=attachments,
                before=before,
                now=now,
                owner=answering.owner,
                lease=answering.lease(),
                alone=self._database.is_sqlite,
            )
        )
        if isinstance(taken, Known):
            return Accepted(
                conversation_id=taken.conversation_id,
                message_id=taken.message_id,
                answer_id=taken.answer_id,
                repeated=True,
            )
        if own is not None:
            own(taken.question.message_id)
        return self._begun(taken)

    async def follow(
        self, answer_id: str, *, viewer: str | None, after: Mark | None = None
    ) -> AsyncGenerator[Moment, None]:
        """What happens to an answer after that place in it, to its end. Raises `UnknownChatMessageError`."""
        run = self._answering.running(answer_id)
        here = run is not None and viewer in (None, run.answer.user_id)
        answer = run.answer if run is not None and here else await self.message(answer_id, viewer=viewer)
        if answer.role != "assistant":
            raise NotAnswerableError("this is no answer; follow the answer to it", message_id=answer_id)
        async with aclosing(self._following.follow(answer, after=after)) as moments:
            async for moment in moments:
                yield moment

    async def answered(self, accepted: Accepted, *, viewer: str | None) -> ChatMessage:
        """Wait for an answer to settle, and give it as it then stands: it may have failed."""
        async with aclosing(self.follow(accepted.answer_id, viewer=viewer)) as moments:
            async for moment in moments:
                if moment.kind == "settled" and moment.message is not None:
                    return moment.message
        raise UnknownChatMessageError("the answer is gone: its conversation was deleted")

    async def cancel(self, conversation_id: str, *, viewer: str | None) -> list[ChatMessage]:
        """Stop every answer of a conversation that is on its way, and give them as they then stand."""
        async with self._database.read() as session:
            await find_conversation(session, conversation_id, viewer=viewer)
            open_ones = await select_answering(session, conversation_id=conversation_id)
        for one in reversed(open_ones):  # the last first, so that none of them begins meanwhile
            await self._answering.cancel(one)
        return [await self.message(one.message_id, viewer=viewer) for one in open_ones]

    async def regenerate(
        self, conversation_id: str, message_id: str, *, viewer: str | None, agent: str | None = None
    ) -> Accepted:
        """Answer again, by another agent if one is given; the older answer is kept as a version."""
        return self._begun(await self._rewording.regenerate(conversation_id, message_id, viewer=viewer, agent=agent))

    async def edit(self, conversation_id: str, message_id: str, text: str, *, viewer: str | None) -> Accepted:
        """Say something else in the place of what a person said; the older version is kept, with what followed it."""
        return self._begun(await self._rewording.edit(conversation_id, message_id, text, viewer=viewer))

    async def show(self, conversation_id: str, message_id: str, *, viewer: str | None) -> None:
        """Show the branch with this version."""
        await self._rewording.show(conversation_id, message_id, viewer=viewer)

    async def conversation(self, conversation_id: str, *, viewer: str | None) -> Conversation:
        """Raises `UnknownConversationError`."""
        async with self._database.read() as session:
            found = await find_conversation(session, checked_id(conversation_id), viewer=viewer)
            return replace(found, message_count=await count_shown(session, conversation_id))

    async def conversations(
        self,
        *,
        viewer: str | None,
        kinds: Collection[str] | None = None,
        ids: Collection[str] | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[Conversation], int]:
        """A page of conversations, the latest used first, and how many there are; only these `kinds`, these `ids`."""
        async with self._database.read() as session:
            return await select_conversations(session, viewer=viewer, kinds=kinds, ids=ids, limit=limit, offset=offset)

    async def history(
        self, conversation_id: str, *, viewer: str | None, limit: int = 100, before: int | None = None
    ) -> History:
        """The latest `limit` messages of the shown branch, or those before a number."""
        async with self._database.read() as session:
            talk = await find_conversation(session, checked_id(conversation_id), viewer=viewer)
            shown = await select_shown(session, conversation_id, before=before, limit=limit + 1)
            total = await count_shown(session, conversation_id)
            page = shown[-limit:]
            more = len(shown) > limit
            followers = await select_versions(session, conversation_id, {one.parent_id for one in page})
        return History(
            conversation=replace(talk, message_count=total),
            messages=tuple(page),
            total=total,
            before=page[0].number if more else None,
            versions=versions_of(followers, page),
        )

    async def message(self, message_id: str, *, viewer: str | None) -> ChatMessage:
        """One message. Raises `UnknownChatMessageError`, for another's too."""
        async with self._database.read() as session:
            found = await find_message(session, message_id)
        if viewer is not None and found.user_id != viewer:
            raise UnknownChatMessageError(f"there is no message {message_id[:60]!r} here", message_id=message_id[:100])
        return found

    async def replayed(self, conversation_id: str, message_id: str, *, viewer: str | None) -> Replay:
        """Why an agent was picked for an answer, decided again. Raises `NotAnswerableError` for what was not picked."""
        async with self._database.read() as session:
            talk = await find_conversation(session, conversation_id, viewer=viewer)
            answer = await find_message(session, message_id, conversation_id=conversation_id)
            routing = answer.details.get("routing")
            if not isinstance(routing, dict) or answer.parent_id is None:
                raise NotAnswerableError("nobody was picked for this message; ask of an answer", message_id=message_id)
            question = await find_message(session, answer.parent_id)
        return await self._picker.replayed(question.content, decision_of(routing), account=talk.account_id)

    async def answer_of(self, message_id: str, *, viewer: str | None) -> ChatMessage | None:
        """The shown answer to what a person said."""
        async with self._database.read() as session:
            found = await answer_to(session, message_id)
        return found if found is not None and viewer in (None, found.user_id) else None

    async def latest(self, user_id: str) -> int:
        """The `seq` of what became visible last to a user."""
        async with self._database.read() as session:
            return await latest_seq(session, user_id)

    async def happened(self, user_id: str, *, after: int, limit: int = 200) -> list[ChatMessage]:
        """What became visible to a user after that `seq`, in that order: what was said, and answers that settled."""
        async with self._database.read() as session:
            return await select_happened(session, user_id, after=after, limit=limit)

    async def under_way(self, user_id: str) -> list[ChatMessage]:
        """A user's answers that have not settled, as far as they are kept or known here."""
        async with self._database.read() as session:
            rows = await select_answering(session, users=[user_id])
        runs = [self._answering.running(one.message_id) for one in rows]
        return [
            one if run is None else replace(run.answer, content=run.text) for one, run in zip(rows, runs, strict=True)
        ]

    async def figures(self, *, viewer: str | None) -> list[dict[str, Any]]:
        """Each user with conversations: `user_id`, `created_at`, `last_activity`, `message_count`."""
        async with self._database.read() as session:
            return await room_figures(session, viewer=viewer)

    async def attachment(self, attachment_id: str, *, viewer: str | None) -> Attachment:
        """An attachment with its data. Raises `UnknownChatMessageError`."""
        async with self._database.read() as session:
            found = await find_attachment(session, attachment_id)
        if found is None or viewer not in (None, found[1]):
            raise UnknownChatMessageError(f"there is no attachment {attachment_id[:60]!r} here")
        return found[0]

    async def change(
        self, conversation_id: str, *, viewer: str | None, title: str | None = None, agent: str | None = None
    ) -> Conversation:
        """Change the title, or the agent that answers in it; with an empty string the router picks again."""
        changes: dict[str, Any] = {}
        talk = await self.conversation(conversation_id, viewer=viewer)
        if title is not None:
            if not title.strip() or len(title) > LONGEST_TITLE:
                raise BadSayingError(f"a title has 1 to {LONGEST_TITLE} characters", field="title")
            changes["title"] = title.strip()
        if agent is not None:
            named = await self._picker.named(agent, account=talk.account_id) if agent else None
            changes["agent_id"] = named.agent_id if named else None
        if changes:
            async with self._database.write() as session:
                await change_conversation(session, conversation_id, updated_at=self._clock.now(), **changes)
        return await self.conversation(conversation_id, viewer=viewer)

    async def delete(self, conversation_id: str, *, viewer: str | None) -> None:
        """Delete a conversation; it can be brought back for `KEPT_DELETED`."""
        await self.cancel(conversation_id, viewer=viewer)
        async with self._database.write() as session:
            await find_conversation(session, conversation_id, viewer=viewer)
            await change_conversation(session, conversation_id, deleted_at=self._clock.now())

    async def restore(self, conversation_id: str, *, viewer: str | None) -> Conversation:
        """Bring a deleted conversation back. Raises `UnknownConversationError` for one that is gone for good."""
        async with self._database.write() as session:
            await find_conversation(session, conversation_id, viewer=viewer, deleted=True)
            await change_conversation(session, conversation_id, deleted_at=None)
        return await self.conversation(conversation_id, viewer=viewer)

    async def purge(self) -> int:
        """Erase for good what was deleted long enough ago."""
        async with self._database.write() as session:
            gone = await purge_conversations(session, deleted_before=self._clock.now() - KEPT_DELETED)
            learned = [await forget(session, conversation_id) for conversation_id in gone]
        if any(learned):
            await self._picker.refresh()
        return len(gone)

    async def stop(self) -> None:
        """Let go what is done beside."""
        await self._rewording.stop()

    def _begun(self, taken: Taken) -> Accepted:
        answer = taken.answer
        self.lobby.tell(
            Moment(
                kind="said",
                user_id=answer.user_id,
                conversation_id=answer.conversation_id,
                answer_id=answer.message_id,
                message=taken.question,
            )
        )
        self._answering.begin(Run(answer=answer, question=taken.question, talk=taken.talk, context=taken.context))
        return Accepted(
            conversation_id=answer.conversation_id,
            message_id=taken.question.message_id,
            answer_id=answer.message_id,
        )


__all__ = ["KEPT_DELETED", "ConversationDesk", "History"]

"""Saying something else in the place of what was said: an answer made again, a message edited, a version shown."""

from collections.abc import Sequence

from folkmoot.conversations.accept import Taken, answer_row, message_of, question_row
from folkmoot.conversations.answering import Answering
from folkmoot.conversations.branch import branch_of
from folkmoot.conversations.errors import NotAnswerableError
from folkmoot.conversations.model import ChatMessage, Status, checked_text
from folkmoot.conversations.pick import Picker
from folkmoot.conversations.store import (
    AsyncSession,
    change_conversation,
    find_conversation,
    find_message,
    insert_messages,
    last_shown,
    lock_conversation,
    next_seq,
    select_all,
    select_answering,
    show_only,
)
from folkmoot.kernel import Clock
from folkmoot.storage import Database


class Rewording:
    """Begins branches beside what was said, and shows them."""

    def __init__(self, *, database: Database, clock: Clock, answering: Answering, picker: Picker) -> None:
        self._database = database
        self._clock = clock
        self._answering = answering
        self._picker = picker

    async def regenerate(
        self, conversation_id: str, message_id: str, *, viewer: str | None, agent: str | None = None
    ) -> Taken:
        """Answer again, by another agent if one is given; the older answer is kept as a version."""
        async with self._database.read() as session:
            talk = await find_conversation(session, conversation_id, viewer=viewer)
            one = await find_message(session, message_id, conversation_id=conversation_id)
            question = one if one.role == "user" else await find_message(session, one.parent_id or "")
        chosen = (await self._picker.named(agent, account=talk.account_id)).agent_id if agent else None
        await self._stop_those_after(conversation_id, question)
        answer = answer_row(talk, question.message_id, self._clock.now(), {"chosen": chosen} if chosen else {})
        answer |= {"owner": self._answering.owner, "lease": self._answering.lease()}
        async with self._database.write() as session:
            await lock_conversation(session, conversation_id)
            path = _leading(await select_all(session, conversation_id), question)
            [number] = await insert_messages(session, [answer])
            await _show(session, conversation_id, [*path, number], self._clock)
        return Taken(talk=talk, question=question, answer=message_of(answer, number))

    async def edit(self, conversation_id: str, message_id: str, text: str, *, viewer: str | None) -> Taken:
        """Say something else in the place of what a person said; the older version is kept, with what followed it."""
        checked_text(text)
        async with self._database.read() as session:
            talk = await find_conversation(session, conversation_id, viewer=viewer)
            old = await find_message(session, message_id, conversation_id=conversation_id)
        if old.role != "user":
            raise NotAnswerableError("only what a person said can be edited", message_id=message_id)
        await self._stop_those_after(conversation_id, old)
        now = self._clock.now()
        question = question_row(talk, text, old.parent_id, now, old.details)
        answer = answer_row(talk, question["message_id"], now, {})
        answer |= {"owner": self._answering.owner, "lease": self._answering.lease()}
        async with self._database.write() as session:
            await lock_conversation(session, conversation_id)
            path = _leading(await select_all(session, conversation_id), old)[:-1]
            question["seq"] = await next_seq(session, talk.user_id)
            numbers = await insert_messages(session, [question, answer])
            await _show(session, conversation_id, [*path, *numbers], self._clock)
        kept = [message_of(row, number) for row, number in zip((question, answer), numbers, strict=True)]
        return Taken(talk=talk, question=kept[0], answer=kept[1])

    async def show(self, conversation_id: str, message_id: str, *, viewer: str | None) -> None:
        """Show the branch with this version."""
        async with self._database.write() as session:
            await find_conversation(session, conversation_id, viewer=viewer)
            await lock_conversation(session, conversation_id)
            chosen = await find_message(session, message_id, conversation_id=conversation_id)
            numbers = branch_of(await select_all(session, conversation_id), chosen)
            await _show(session, conversation_id, numbers, self._clock)

    async def _stop_those_after(self, conversation_id: str, one: ChatMessage) -> None:
        async with self._database.read() as session:
            open_ones = await select_answering(session, conversation_id=conversation_id)
        for answer in reversed([answer for answer in open_ones if answer.number > one.number]):
            await self._answering.cancel(answer)


async def _show(session: AsyncSession, conversation_id: str, numbers: Sequence[int], clock: Clock) -> None:
    """Make this the shown branch. The short form of what was said before may be of another: it is made anew."""
    await show_only(session, conversation_id, numbers)
    last = await last_shown(session, conversation_id)
    await change_conversation(
        session,
        conversation_id,
        summary="",
        summarized=0,
        updated_at=clock.now(),
        **({"last_agent": last.agent_id} if last is not None and last.status is Status.ANSWERED else {}),
    )


def _leading(messages: Sequence[ChatMessage], one: ChatMessage) -> list[int]:
    """The numbers of what leads to a message, itself the last."""
    numbers = branch_of(messages, one)
    return numbers[: numbers.index(one.number) + 1]

"""What was said in a conversation, and what is being said: the messages in their order, live."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from nicegui import background_tasks, ui
from nicegui.elements.mixins.text_element import TextElement

from folkmoot.conversations import ChatMessage, UnknownConversationError
from folkmoot.conversations.desk import History
from folkmoot.conversations.errors import UnknownChatMessageError
from folkmoot.conversations.model import Moment, Status
from folkmoot.dashboard.components.chat_message import Acts, Mine, Theirs
from folkmoot.dashboard.components.markdown import Growing, render
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.telemetry import get_logger

A_PAGE: Final = 40
_PAINT_SECONDS: Final = 0.1  # words are drawn ten times a second: nobody reads faster
_ASK_SECONDS: Final = 5.0  # how often it is asked whether somebody who only watches may stay
_log = get_logger("folkmoot.dashboard")


class Talk:
    """The transcript inside `room`. Answers that are on their way are followed until they stand."""

    def __init__(self, visit: Visit, room: ui.element, acts: Acts, *, spoken: TextElement) -> None:
        self._visit, self._room, self._acts, self._spoken = visit, room, acts, spoken
        self._client = ui.context.client
        self._shown: dict[str, Mine | Theirs] = {}
        self._live: dict[str, tuple[_Live, asyncio.Task[None]]] = {}
        self.limit = A_PAGE
        self._client.on_delete(self.leave)

    def leave(self) -> None:
        """Follow nothing any more."""
        for _, task in self._live.values():
            task.cancel()
        self._live.clear()

    def forget(self) -> None:
        """Make room for another conversation."""
        self.leave()
        self._shown.clear()
        self.limit = A_PAGE
        self._room.clear()

    async def show(self, history: History, people: People) -> None:
        """Show this page of the conversation: what stands already is left alone."""
        html = await asyncio.to_thread(_rendered, [one for one in history.messages if one.message_id not in self._live])
        if list(self._shown) != [one.message_id for one in history.messages][: len(self._shown)]:
            self._rearrange(history, people)
        for one in history.messages:
            versions = history.versions.get(one.message_id, [])
            with self._room:
                shown = self._shown.get(one.message_id) or self._place(one, people)
            if isinstance(shown, Mine):
                shown.show(one, versions)
            elif one.message_id in self._live:
                self._live[one.message_id][0].turned(versions)  # what is heard of it is newer than its row
            elif one.status is Status.ANSWERING:
                self._follow(one, versions, shown)
            else:
                shown.show(one, versions, html[one.message_id])

    def _rearrange(self, history: History, people: People) -> None:
        """Another branch, or earlier messages: what is in both stays as it is, in its new place."""
        wanted = {one.message_id for one in history.messages}
        for message_id in list(self._shown):
            if message_id not in wanted:
                self._shown.pop(message_id).element.delete()
                if live := self._live.pop(message_id, None):
                    live[1].cancel()
        kept = dict(self._shown)
        self._shown.clear()
        for index, one in enumerate(history.messages):
            with self._room:
                shown = kept.get(one.message_id) or self._place(one, people)
            self._shown[one.message_id] = shown
            shown.element.move(self._room, target_index=index)

    def _place(self, one: ChatMessage, people: People) -> Mine | Theirs:
        now = lambda: self._visit.now  # noqa: E731  # the clock at the time of drawing
        shown = Mine(self._acts, now) if one.role == "user" else Theirs(self._acts, people, now)
        self._shown[one.message_id] = shown
        return shown

    def _follow(self, answer: ChatMessage, versions: Sequence[str], shown: Theirs) -> None:
        work = _Live(self._visit, answer, versions, shown)
        task = background_tasks.create(self._heard(work), name=f"answer {answer.message_id}")
        self._live[answer.message_id] = work, task

    async def _heard(self, work: "_Live") -> None:
        answer_id = work.answer.message_id
        try:
            with self._client:
                settled = await work.hear()
        except (UnknownChatMessageError, UnknownConversationError):
            return  # it was deleted meanwhile; the page finds out by itself
        except FolkmootError as error:
            _log.warning("a page cannot follow an answer", answer_id=answer_id, error=error.message)
            return
        finally:
            if answer_id in self._live and self._live[answer_id][0] is work:
                del self._live[answer_id]
        if settled is not None:
            name = settled.agent_name or "The agent"
            said = {Status.ANSWERED: "has answered", Status.CANCELLED: "was stopped"}.get(settled.status, "failed")
            self._spoken.set_text(f"{name} {said}.")


class _Live:
    """One answer while it is made."""

    def __init__(self, visit: Visit, answer: ChatMessage, versions: Sequence[str], shown: Theirs) -> None:
        self._visit, self.answer, self._versions, self._shown = visit, answer, versions, shown
        self._text, self._growing = "", Growing()
        self._dirty = asyncio.Event()
        shown.show(answer, versions, [], live=True)

    def turned(self, versions: Sequence[str]) -> None:
        """There are other versions of it by now."""
        self._versions = versions
        self._shown.show(self.answer, versions, [], live=True)

    async def hear(self) -> ChatMessage | None:
        """Show the answer as it comes, and give it as it stands in the end; None if the visitor may not stay."""
        painting = background_tasks.create(self._paint(), name=f"paint {self.answer.message_id}")
        settled: ChatMessage | None = None
        try:
            follow = self._visit.parts.conversations.follow
            async with aclosing(follow(self.answer.message_id, viewer=self._visit.principal.user_id)) as moments:
                async for moment in moments:
                    if painting.done():
                        return None
                    settled = self._take(moment) or settled
        finally:
            painting.cancel()
        if settled is not None:
            blocks = await asyncio.to_thread(Growing().render, settled.content)
            self._shown.show(settled, self._versions, blocks)
            self._shown.settled()
        return settled

    def _take(self, moment: Moment) -> ChatMessage | None:
        if moment.kind == "routed":
            agent_id, name = str(moment.data.get("agent_id") or ""), str(moment.data.get("agent") or "")
            routing = {key: value for key, value in moment.data.items() if key != "agent"}
            details = {**self.answer.details, "routing": routing}
            self.answer = replace(self.answer, agent_id=agent_id, agent_name=name, details=details)
            self._shown.show(self.answer, self._versions, [], live=True)
        elif moment.kind == "reset":
            self._text, self._growing = "", Growing()
        elif moment.kind == "chunk":
            self._text += moment.text
        self._dirty.set()
        return moment.message if moment.kind == "settled" else None

    async def _paint(self) -> None:
        clock = self._visit.parts.clock
        asked = clock.monotonic()
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if clock.monotonic() - asked > _ASK_SECONDS:
                asked = clock.monotonic()
                if not await self._visit.may_stay():
                    return
            text, growing = self._text, self._growing
            blocks = await asyncio.to_thread(growing.render, text)
            if growing is self._growing:
                self._shown.paint(blocks)
            await asyncio.sleep(_PAINT_SECONDS)


def _rendered(messages: Sequence[ChatMessage]) -> dict[str, list[str]]:
    return {one.message_id: [render(one.content)] for one in messages if one.role != "user"}

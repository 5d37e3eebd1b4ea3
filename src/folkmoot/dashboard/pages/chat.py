"""The chat: conversations at the left, what is said in the middle, the box below it; the same in every tab, live.

The list stands in `chat_list.py`, the messages in `chat_talk.py`, the box in `chat_composer.py`, and what stands there
before anything was said in `chat_welcome.py`.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Final

import orjson
from nicegui import ui

from folkmoot.conversations import ChatMessage, Conversation, Saying, UnknownConversationError
from folkmoot.conversations.desk import History
from folkmoot.conversations.model import Status, checked_id
from folkmoot.dashboard.components.chat_message import Acts
from folkmoot.dashboard.components.dom import ASSETS, button, clear, heading, hear, path, tag
from folkmoot.dashboard.components.notices import notice, toast
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.components.publish import Publish
from folkmoot.dashboard.components.why import Why
from folkmoot.dashboard.pages.chat_composer import Composer
from folkmoot.dashboard.pages.chat_list import Shelf
from folkmoot.dashboard.pages.chat_talk import A_PAGE, Talk
from folkmoot.dashboard.pages.chat_welcome import only_reading, welcome
from folkmoot.dashboard.visit import ACTING, Visit
from folkmoot.kernel import FolkmootError, new_id
from folkmoot.web.speaking import speaker

_EVERY: Final = timedelta(seconds=5)  # what no answer tells of: titles, versions and deletions in another tab
PUBLISH: Final = "POST /api/sessions/publish"
_MOST: Final = 400  # messages of one conversation on a page


async def build(visit: Visit) -> None:
    """The page of `conversation_id`, or of a new conversation; `?agent=` says with whom."""
    ui.add_head_html(f'<script src="{ASSETS}/chat.js"></script>')
    page = _Chat(visit)
    await page.open(visit.request.path_params.get("conversation_id"), agent=visit.request.query_params.get("agent", ""))
    page.live()


class _Chat:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._owner = visit.principal.user_id  # also an administrator's page is of their own conversations
        self._desk = visit.parts.conversations
        self._id, self._fresh = "", True  # a fresh conversation has its id, and nothing was said in it
        self._seen: Conversation | None = None
        self._heard = ""  # the browser's name for what was said last
        self._agents: dict[str, str] = {}
        self._one_by_one = asyncio.Lock()
        writes = visit.may(ACTING)
        acts = Acts(
            writes=writes, copy=self._copy, again=self._again, why=self._ask_why, edit=self._edit, turn=self._turn,
            save=self._save,
        )  # fmt: skip
        with tag("div", css="chat"):
            tag("button", css="shelf-veil", type="button", tabindex=-1, aria_label="Close the list").on(
                "click", js_handler="() => folkmoot.chat.shelf(false)"
            )
            self._shelf = Shelf(visit, self._go, self.refresh)
            with tag("section", css="middle", aria_label="Conversation"):
                self._head = tag("div", css="chat-head")
                with tag(
                    "div", css="said", id="chat-said", role="log", aria_live="off", aria_label="Messages", tabindex=0
                ):
                    self._before = tag("div")
                    room = tag("div")
                    self._else = tag("div")
                spoken = tag("p", css="visually-hidden", role="status")
                self._talk = Talk(visit, room, acts, spoken=spoken)
                with tag("div", css="asking"):
                    self._composer = self._box() if writes else None
            hear(tag("span", id="chat-go", hidden=True), "go", self._went, "(e) => emit(e.detail)")
        self._why = Why(self._pick if writes else None)
        self._publishing = Publish(self._publish)

    def _box(self) -> Composer:
        return Composer(self._visit, say=self._say, stop=self._stop, choose=self._choose)

    def live(self) -> None:
        """Follow what happens, here and in other tabs."""
        self._visit.heed(self._listen, self.refresh)
        self._visit.repeat(self._look, every=_EVERY)
        ui.timer(0.01, lambda: self._at("folkmoot.chat.watch();"), once=True)

    async def open(self, conversation_id: str | None, *, agent: str = "") -> None:
        """Show this conversation, or a new one. Raises `UnknownConversationError`."""
        if conversation_id is not None:
            await self._desk.conversation(checked_id(conversation_id), viewer=self._owner)
        async with self._one_by_one:
            self._talk.forget()
            self._id, self._fresh = conversation_id or new_id("conv"), conversation_id is None
            self._seen = None
            self._before.clear()
            self._else.clear()
            if self._composer is not None:
                self._composer.drop_files()
            self._agents = await self._who_answers()
            if self._fresh:
                self._begin(agent if agent in self._agents else "")
        await self.refresh()

    async def refresh(self) -> None:
        """Read the list and the conversation again."""
        async with self._one_by_one:
            people = People(await self._visit.meet())
            await self._shelf.refresh(None if self._fresh else self._id, people)
            if not self._fresh:
                await self._reread(people)

    async def _look(self) -> None:
        """The same, reading messages only if something changed."""
        async with self._one_by_one:
            people = People(await self._visit.meet())
            self._agents = await self._who_answers()
            await self._shelf.refresh(None if self._fresh else self._id, people)
            if self._fresh:
                return
            try:
                now = await self._desk.conversation(self._id, viewer=self._owner)
            except UnknownConversationError:
                now = None
            if now != self._seen:
                await self._reread(people)

    async def _listen(self, dirty: asyncio.Event) -> None:
        while True:
            with self._desk.lobby.listening(self._owner) as listener:
                dirty.set()  # what happened before anybody listened
                while (moment := await listener.next()) is not None:
                    if moment.kind in ("said", "settled"):
                        dirty.set()

    async def _reread(self, people: People) -> None:
        try:
            history = await self._desk.history(self._id, viewer=self._owner, limit=self._talk.limit)
        except UnknownConversationError:
            self._gone()
            return
        self._else.clear()
        await self._talk.show(history, people)
        self._draw_head(history.conversation)
        self._seen = history.conversation
        with clear(self._before):
            if history.before is not None and self._talk.limit < _MOST:
                with tag("div", css="row").style("justify-content:center;margin-bottom:16px"):
                    button("Show what was said before", self._show_more, sign="undo", kind="quiet")
        self._show_composer(history.conversation.agent_id or "", history)

    def _show_composer(self, chosen: str, history: History | None = None) -> None:
        if self._composer is not None:
            agents = self._agents if not chosen else {chosen: self._visit.name(chosen)} | self._agents
            answering = history is not None and any(one.status is Status.ANSWERING for one in history.messages)
            self._composer.show(dict(sorted(agents.items(), key=lambda one: one[1])), chosen, answering=answering)

    def _draw_head(self, talk: Conversation | None) -> None:
        if talk is not None and self._seen is not None and talk.title == self._seen.title:
            return
        title = talk.title if talk is not None else "New conversation"
        with clear(self._head):
            button(
                "", sign="menu", kind="quiet square open-shelf", js="() => folkmoot.chat.shelf(true)",
                id="chat-open-shelf", aria_label="Conversations", aria_expanded="false", aria_controls="chat-shelf",
            )  # fmt: skip
            heading(1, title, css="clip", title=title)
            if talk is not None and self._composer is not None:
                self._publishing.button()
                button("Rename", lambda: self._shelf.rename(talk), sign="pen", kind="quiet", aria_label="Rename")
                button("Delete", lambda: self._shelf.delete(talk), sign="trash", kind="quiet", aria_label="Delete")
        ui.page_title(f"{title} · Folkmoot")

    def _begin(self, agent: str) -> None:
        """The place where nothing was said yet."""
        self._draw_head(None)
        self._show_composer(agent)
        offered = [one for key in self._agents if (one := self._visit.agents.get(key)) is not None]
        with clear(self._else):
            if self._composer is None:
                only_reading()
            else:
                welcome(self._visit, offered, agent, self._choose)

    def _gone(self) -> None:
        self._talk.forget()
        self._seen = None
        self._before.clear()
        with clear(self._else):
            notice("This conversation was deleted.", "It can be brought back for a week.", sign="trash")
            if self._composer is not None:
                button("Bring it back", self._bring_back, sign="undo").style("margin-top:12px")

    async def _who_answers(self) -> dict[str, str]:
        return {one.agent_id: one.name for one in await self._desk.picker.candidates(self._owner)}

    def _at(self, first: str = "", *, push: bool = False) -> None:
        """Tell the browser which conversation this is."""
        where = path("chat") if self._fresh else path("chat", self._id)
        options = {"push": push, "focus": True}
        self._visit.run(
            f"{first}folkmoot.chat.at({_js('' if self._fresh else self._id)}, {_js(where)}, {_js(options)})"
        )

    async def _go(self, conversation_id: str | None, *, push: bool = True) -> None:
        try:
            await self.open(conversation_id)
        except FolkmootError as error:
            toast(error.message, fault=True)
            await self.open(None)
        self._at(push=push)

    async def _went(self, said: object) -> None:
        """The browser went back or forth."""
        await self._go(str(said or "") or None, push=False)

    async def _say(self, text: str, key: str) -> None:
        visit, box = self._visit, self._composer
        if key and key == self._heard:
            return  # the browser says it again until it hears that it was taken
        self._heard = key
        if box is None or not await visit.may_act():
            visit.run("folkmoot.chat.refused()")
            return
        fresh, agent, talk = self._fresh, box.agent, self._id
        saying = Saying(
            speaker=speaker(visit.principal), text=text, conversation_id=talk, uploads=box.uploads,
            client_key=key or None, agent=agent if fresh and agent else None,
        )  # fmt: skip
        try:
            await self._desk.say(saying)
            if fresh and agent:
                await self._desk.change(talk, viewer=self._owner, agent=agent)
        except FolkmootError as error:
            toast(error.message, fault=True)
            box.refused()
            return
        if talk != self._id:
            return  # another one is open by now
        box.taken()
        if fresh:
            self._fresh = False
            visit.run(f"folkmoot.chat.begun({_js(self._id)}, {_js(path('chat', self._id))})")
        await self.refresh()

    async def _stop(self) -> None:
        await self._doing(self._desk.cancel(self._id, viewer=self._owner))

    async def _choose(self, agent: str) -> None:
        if self._fresh:
            self._begin(agent)
            return
        name = self._agents.get(agent, agent)
        said = f"{name} answers here from now on." if agent else "Whoever fits best answers from now on."
        await self._visit.act(lambda: self._desk.change(self._id, viewer=self._owner, agent=agent), said=said)
        await self.refresh()

    async def _again(self, message: ChatMessage) -> None:
        await self._doing(self._desk.regenerate(self._id, message.message_id, viewer=self._owner))

    async def _pick(self, message: ChatMessage, agent: str) -> None:
        await self._doing(self._desk.regenerate(self._id, message.message_id, viewer=self._owner, agent=agent))

    async def _edit(self, message: ChatMessage, text: str) -> None:
        await self._doing(self._desk.edit(self._id, message.message_id, text, viewer=self._owner))

    async def _turn(self, message_id: str) -> None:
        await self._doing(self._desk.show(self._id, message_id, viewer=self._owner))

    async def _bring_back(self) -> None:
        await self._doing(self._desk.restore(self._id, viewer=self._owner))

    async def _doing(self, act: Coroutine[object, object, object]) -> None:
        async def done() -> None:
            await act

        if not await self._visit.act(done):
            act.close()
        await self.refresh()

    async def _publish(self, tags: list[str]) -> None:
        gallery = self._visit.parts.gallery
        await self._visit.act(
            lambda: gallery.publish(self._id, owner=self._owner, tags=tags),
            said="Published: it stands in the gallery.",
            needs=PUBLISH,
        )

    async def _copy(self, message: ChatMessage) -> None:
        self._visit.run(f"folkmoot.chat.put({_js(message.content)})")

    async def _ask_why(self, message: ChatMessage) -> None:
        self._agents = await self._who_answers()
        self._visit.run(self._why.fill(message, People(self._visit.agents), self._agents))

    async def _save(self, attachment_id: str) -> None:
        try:
            found = await self._desk.attachment(attachment_id, viewer=self._owner)
        except FolkmootError as error:
            toast(error.message, fault=True)
            return
        ui.download.content(found.data, found.name, found.media_type)

    async def _show_more(self) -> None:
        self._talk.limit = min(self._talk.limit + A_PAGE, _MOST)
        self._visit.run("folkmoot.chat.above()")
        await self.refresh()


def _js(value: object) -> str:
    """A value as a script may hold it."""
    return orjson.dumps(value).decode()

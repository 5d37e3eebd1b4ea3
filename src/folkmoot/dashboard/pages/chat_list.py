"""The conversations of the visitor: the latest first, found by their words, opened, named anew, deleted."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, date
from typing import Final

import orjson

from folkmoot.conversations import Conversation
from folkmoot.conversations.archive import Found
from folkmoot.conversations.errors import BadSayingError
from folkmoot.dashboard.components import words
from folkmoot.dashboard.components.dialogs import close, dialog, foot
from folkmoot.dashboard.components.dom import (
    Fields,
    button,
    clear,
    field_of,
    form,
    heading,
    hear,
    icon,
    on_value,
    path,
    tag,
)
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.visit import ACTING, Visit

KINDS: Final = ("chat", "room", "studio")  # what a person said themselves, from wherever
A_PAGE: Final = 60
_LOOKED_THROUGH: Final = 500
_HITS: Final = 200
_WEEK: Final = 7
_RENAME: Final = "rename-conversation"
# On this page; with a key held down the browser opens it elsewhere, as with any link.
_FOLLOW: Final = "(e) => folkmoot.chat.follow(e, emit)"
_UNDO: Final = "undo-delete-conversation"
Open = Callable[[str | None], Awaitable[None]]


class Shelf:
    """The list at the left; on a phone a drawer. `opened(id)` is called for what was chosen, None for a new one."""

    def __init__(self, visit: Visit, opened: Open, changed: Callable[[], Awaitable[None]]) -> None:
        self._visit, self._opened, self._changed = visit, opened, changed
        self._find, self._limit = "", A_PAGE
        self._found: dict[str, Found] = {}
        self._looks: object = None
        self._here: str | None = None
        self._named: str | None = None
        self._deleted: str | None = None
        with tag("aside", css="shelf", id="chat-shelf", aria_label="Conversations"):
            with tag("div", css="shelf-head"):
                heading(2, "Conversations")
                if visit.may(ACTING):
                    fresh = tag("a", css="btn square", href=path("chat"), aria_label="New conversation", title="New")
                    hear(fresh, "click", self._open, _FOLLOW)
                    with fresh:
                        icon("plus")
                button(
                    "", sign="cross", kind="quiet square close-shelf", js="() => folkmoot.chat.shelf(false)",
                    id="chat-close-shelf", aria_label="Close the list of conversations",
                )  # fmt: skip
            with tag("div", css="find", role="search"):
                icon("search")
                box = tag(
                    "input", css="input", id="chat-find", type="search", placeholder="Search",
                    aria_label="Search conversations", autocomplete="off", maxlength=200,
                )  # fmt: skip
                on_value(box, "input", self._look_for)
            # Heard here and not at each link: a link may be drawn anew while it is clicked.
            self._list = tag("div", css="shelf-list")
            hear(self._list, "click", self._open, _FOLLOW)
        button("Undo", self._restore, id=_UNDO, hidden=True, tabindex="-1")
        with dialog(_RENAME, "Another title"), form(self._rename, css="stack"):
            self._form = Form("conversation")
            self._form.text("title", "Title", maxlength=200, autocomplete="off", required=True)
            foot(_RENAME, "Rename")

    async def refresh(self, here: str | None, people: People) -> None:
        """Read the list again; `here` is what is open."""
        visit = self._visit
        desk, owner = visit.parts.conversations, visit.principal.user_id
        found, total = await self._wanted()
        writing = {one.conversation_id for one in await desk.under_way(owner)}
        self._here = here
        day = visit.now.astimezone(UTC).date()
        lines = [
            (one.conversation_id, one.title, one.last_agent, words.ago(one.updated_at, visit.now), _shelf_of(one, day))
            for one in found
        ]
        looks = lines, writing & {one.conversation_id for one in found}, here, total, self._find
        if looks == self._looks:
            return  # whoever stands on one of the links stays there
        self._looks = looks
        with clear(self._list):
            self._draw(found, writing, people, day)
            if not found:
                said = "Nothing was found." if self._find else "What you talk about with agents stands here."
                tag("p", said, css="faint").style("padding:8px")
            if not self._find and total > len(found):
                button("Show more", self._more, kind="quiet full")

    async def rename(self, talk: Conversation) -> None:
        """Ask for another title."""
        self._named = talk.conversation_id
        box = self._form.id_of("title")
        # What is in a field belongs to the browser: it is put there, not into the page.
        self._form.show({})
        self._visit.run(
            f"folkmoot.open('{_RENAME}'); Object.assign(document.getElementById('{box}'), "
            f"{{value: {orjson.dumps(talk.title).decode()}}}).select()"
        )

    async def delete(self, talk: Conversation) -> None:
        """Delete a conversation, and offer it back."""
        desk, owner = self._visit.parts.conversations, self._visit.principal.user_id
        if await self._visit.act(
            lambda: desk.delete(talk.conversation_id, viewer=owner), said="Conversation deleted.", undo=_UNDO
        ):
            self._deleted = talk.conversation_id
            if talk.conversation_id == self._here:
                await self._opened(None)
            else:
                await self._changed()

    async def _wanted(self) -> tuple[Sequence[Conversation], int]:
        """What the list shows, and how much there is. What was found by its words has its place in `_found`."""
        desk, owner = self._visit.parts.conversations, self._visit.principal.user_id
        self._found = {}
        if not self._find:
            return await desk.conversations(viewer=owner, kinds=KINDS, limit=self._limit)
        recent, _ = await desk.conversations(viewer=owner, kinds=KINDS, limit=_LOOKED_THROUGH)
        with suppress(BadSayingError):  # signs alone are no words; a title may have them
            hits, _ = await self._visit.parts.archive.search(self._find, owner=owner, kinds=KINDS, limit=_HITS)
            for one in hits:
                self._found.setdefault(one.conversation_id, one)
        wanted = self._find.casefold()
        titled = [one for one in recent if wanted in one.title.casefold()]
        said, _ = await desk.conversations(viewer=owner, ids=list(self._found), limit=_HITS)
        found = {one.conversation_id: one for one in (*said, *titled)}
        return sorted(found.values(), key=lambda one: one.updated_at, reverse=True), len(found)

    def _draw(self, found: Sequence[Conversation], writing: set[str], people: People, day: date) -> None:
        shelf = ""
        for one in found:
            if not self._find and _shelf_of(one, day) != shelf:
                shelf = _shelf_of(one, day)
                heading(3, shelf)
            self._line(one, people, answering=one.conversation_id in writing)

    def _line(self, one: Conversation, people: People, *, answering: bool) -> None:
        here = "page" if one.conversation_id == self._here else None
        with tag("div", css="talk-line"):
            with tag("a", href=path("chat", one.conversation_id), data_talk=one.conversation_id, aria_current=here):
                tag("span", one.title, css="name clip", title=one.title)
                with tag("span", css="sub"):
                    who = people.name(one.last_agent) if one.last_agent else ""
                    tag("span", "is being answered…" if answering else who, css="clip")
                    tag("span", words.ago(one.updated_at, self._visit.now)).style("white-space:nowrap")
                if hit := self._found.get(one.conversation_id):
                    _marked(hit)
            if self._visit.may(ACTING):
                with tag("div", css="acts"):
                    for sign, verb, act in (("pen", "Rename", self.rename), ("trash", "Delete", self.delete)):
                        button(
                            "", _with(act, one), sign=sign, kind="quiet", title=verb, aria_label=f"{verb} {one.title}"
                        )

    async def _open(self, conversation_id: object) -> None:
        await self._opened(str(conversation_id or "") or None)

    async def _look_for(self, text: str) -> None:
        self._find = text.strip()
        await self._changed()

    async def _more(self) -> None:
        self._limit += A_PAGE
        await self._changed()

    async def _rename(self, fields: Fields) -> None:
        title, named = field_of(fields, "title"), self._named
        self._form.show({} if title else {"title": "Give it a title."})
        if title and named is not None:
            close(_RENAME)
            desk, owner = self._visit.parts.conversations, self._visit.principal.user_id
            await self._visit.act(lambda: desk.change(named, viewer=owner, title=title))
            await self._changed()

    async def _restore(self) -> None:
        deleted, self._deleted = self._deleted, None
        desk, owner = self._visit.parts.conversations, self._visit.principal.user_id
        if deleted is not None and await self._visit.act(lambda: desk.restore(deleted, viewer=owner)):
            await self._opened(deleted)


def _shelf_of(one: Conversation, day: date) -> str:
    age = (day - one.updated_at.astimezone(UTC).date()).days
    if age <= 1:
        return "Today" if age <= 0 else "Yesterday"
    return "The last days" if age <= _WEEK else "Earlier"


def _marked(hit: Found) -> None:
    """The line in which words were found."""
    at = 0
    with tag("span", css="found"):
        for start, end in hit.marks:
            tag("span", hit.snippet[at:start])
            tag("mark", hit.snippet[start:end])
            at = end
        tag("span", hit.snippet[at:])


def _with(act: Callable[[Conversation], Awaitable[None]], one: Conversation) -> Callable[[], Awaitable[None]]:
    return lambda: act(one)

"""The gallery: conversations that people here show to each other; found by tag and by word, read, gone on with."""

from typing import Final

from folkmoot.conversations.studio import GalleryItem
from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import button, clear, heading, on_value, path, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.visit import Visit
from folkmoot.security.errors import UnknownUserError

_READ: Final = 500  # the latest; in these is looked for words and tags
_SHOWN: Final = 60
_TAGS: Final = 24
_NAME: Final = 90


async def build(visit: Visit) -> None:
    """The page; `?tag=` filters."""
    page = _Gallery(visit)
    await page.refresh()


def first_said(item: GalleryItem, role: str = "user") -> str:
    """What was said first by that side."""
    return next((str(one.get("content") or "") for one in item.messages if one.get("role") == role), "")


def title_of(item: GalleryItem) -> str:
    """What an item is called."""
    said = " ".join(first_said(item).split())
    return (said if len(said) <= _NAME else f"{said[:_NAME].rsplit(' ', 1)[0]}…") or "A conversation"


async def name_of(visit: Visit, user_id: str) -> str:
    """What people call who published; the id of one who is gone."""
    if user_id == visit.principal.user_id:
        return "you"
    try:
        return (await visit.parts.users.get(user_id)).name
    except UnknownUserError:
        return user_id


class _Gallery:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._tag = visit.request.query_params.get("tag", "")
        self._text = ""
        with page_head("Gallery", "Conversations that people here show to each other."):
            pass
        filters = Form("filter")
        with tag("div", css="filters", role="search", aria_label="Filter the gallery"):
            filters.text("text", "Words", css="grow", placeholder="In what was said", autocomplete="off")
        on_value(filters.element("text"), "input", self._look_for)
        self._tags = tag("div", css="row", role="group", aria_label="Tags").style("gap:6px;margin-bottom:16px")
        self._list = tag("div")

    async def refresh(self) -> None:
        """Read it again."""
        items, _ = await self._visit.parts.gallery.items(limit=_READ)
        counts: dict[str, int] = {}
        for one in items:
            for name in one.tags:
                counts[name] = counts.get(name, 0) + 1
        found = [one for one in items if self._fits(one)]
        names = {one.user_id: await name_of(self._visit, one.user_id) for one in found[:_SHOWN]}
        with clear(self._tags):
            for name in sorted(counts, key=lambda one: (-counts[one], one))[:_TAGS]:
                pressed = "true" if name == self._tag else "false"
                self._tag_button(name, pressed)
        with clear(self._list):
            if not items:
                empty("Nothing is shown yet", "Publish a conversation on the page Chat.", sign="book")
            elif not found:
                empty("Nothing fits", "Change the words or the tag to see others.", sign="search")
            else:
                with tag("div", css="grid"):
                    for one in found[:_SHOWN]:
                        self._card(one, names[one.user_id])
            if len(found) > _SHOWN:
                tag("p", f"{len(found) - _SHOWN} more: narrow the words to see them.", css="muted")

    def _fits(self, one: GalleryItem) -> bool:
        if self._tag and self._tag not in one.tags:
            return False
        said = " ".join([*one.tags, *(str(message.get("content") or "") for message in one.messages)]).casefold()
        return all(word in said for word in self._text.casefold().split())

    def _tag_button(self, name: str, pressed: str) -> None:
        async def choose() -> None:
            self._tag = "" if self._tag == name else name
            await self.refresh()

        button(name, choose, kind="tag", aria_pressed=pressed)

    def _card(self, one: GalleryItem, who: str) -> None:
        with tag("a", css="card gallery-card", href=path("gallery", one.id)):
            heading(2, title_of(one))
            tag("p", first_said(one, "assistant"), css="said-first")
            if one.tags:
                marks.tags(one.tags)
            with tag("div", css="between faint foot"):
                tag("span", f"{words.count(len(one.messages), 'message')}, by {who}")
                marks.when(one.timestamp, self._visit.now)

    async def _look_for(self, text: str) -> None:
        self._text = text.strip()
        await self.refresh()

"""What agents may search: the documents by scope, and how to add, look into and delete them.

Handing a file over is in `knowledge_add.py`, searching as an agent sees it in `knowledge_search.py`.
"""

from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dialogs import confirm
from folkmoot.dashboard.components.dom import button, clear, heading, on_value, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.pages.knowledge_add import AddSection
from folkmoot.dashboard.pages.knowledge_search import SearchSection
from folkmoot.dashboard.visit import Visit
from folkmoot.memory.documents import Document, DocumentStatus, SourceState

SHOWN: Final = 100
ADD: Final = "POST /api/knowledge"
DELETE: Final = "DELETE /api/knowledge/{document_id}"
SYNC: Final = "POST /api/knowledge/sources/{source_id}/sync"
_CHANGED: Final = "knowledge_changed"
_DIALOG: Final = "delete-document"
_KIBIBYTE: Final = 1024
_LOOKS: Final = {
    DocumentStatus.READY: ("Ready", "green", "check"),
    DocumentStatus.READING: ("Being read", "blue", "clock"),
    DocumentStatus.FAILED: ("Not taken", "red", "alert"),
}


async def build(visit: Visit) -> None:
    """The page."""
    scopes = [one.scope for one in await visit.parts.library.scopes(principal=visit.principal, known=_known(visit))]
    page = _Knowledge(visit, scopes)
    await page.refresh()
    visit.follow(page.refresh, types=[_CHANGED])


def _known(visit: Visit) -> set[str]:
    return {scope for theirs in visit.parts.knowledge.roles.roles.values() for scope in theirs}


class _Knowledge:
    def __init__(self, visit: Visit, scopes: list[str]) -> None:
        self._visit = visit
        self._scope = self._text = ""
        with page_head("Knowledge", "The documents that agents may search, each within its scope."):
            pass
        with tag("div", css="cols"):
            with tag("div"):
                self._build_filters(scopes)
                self._count = tag("p", css="faint", role="status").style("margin-bottom:12px")
                self._list = tag("div")
            with tag("div", css="rail stack"):
                if visit.may(ADD):
                    AddSection(visit, scopes)
                self._sources = tag("div")
        SearchSection(visit)
        self._dialogs = tag("div")

    async def refresh(self) -> None:
        """Read the documents again."""
        found = await self._visit.parts.library.find(
            principal=self._visit.principal, scope=self._scope or None, text=self._text, limit=SHOWN
        )
        self._count.set_text(words.count(found.total, "document"))
        with clear(self._list):
            if not found.items:
                said = "Change the filters to see others." if self._scope or self._text else "Add the first one."
                empty("No document here", said, sign="folder")
            else:
                with tag("ul", css="list card tight"):
                    for one in found.items:
                        with tag("li"):
                            self._document(one)
            if found.total > SHOWN:
                tag("p", f"{found.total - SHOWN} more: narrow the filters to see them.", css="muted")
        await self._show_sources()

    def _build_filters(self, scopes: list[str]) -> None:
        filters = Form("filter")
        with tag("div", css="filters", role="search", aria_label="Filter documents"):
            filters.text("text", "Name", css="grow", placeholder="A part of the name", autocomplete="off")
            scope = filters.choice("scope", "Scope", {"": "All", **{one: one for one in scopes}})
        on_value(filters.element("text"), "input", self._look_for)
        on_value(scope, "change", self._choose)

    async def _look_for(self, text: str) -> None:
        self._text = text.strip()
        await self.refresh()

    async def _choose(self, scope: str) -> None:
        self._scope = scope
        await self.refresh()

    def _document(self, one: Document) -> None:
        with tag("div", css="between"):
            with tag("div", css="grow").style("min-width:0"):
                tag("div", one.name, css="strong clip", title=one.name)
                if one.title and one.title != one.name:
                    tag("div", one.title, css="faint clip")
            with tag("div", css="row"):
                tag("span", one.scope, css="tag lead")
                marks.chip(*_LOOKS[one.status], live=one.status is DocumentStatus.READING)
                if self._may_delete(one):
                    button(
                        "",
                        lambda: self._ask(one),
                        sign="trash",
                        kind="quiet square",
                        aria_label=f"Delete {one.name}",
                    )
        with tag("div", css="faint"):
            size = f"{words.count(one.chunks, 'chunk')} · {_size(one.size)} · "
            tag("span", size if one.version else "")
            marks.when(one.updated_at, self._visit.now)
        if one.error:
            tag("p", one.error, css="fault")
        for note in one.notes:
            tag("p", note, css="faint")

    def _may_delete(self, one: Document) -> bool:
        principal = self._visit.principal
        own = principal.is_admin or one.user_id == principal.user_id
        return own and not one.source_id and self._visit.may(DELETE)

    async def _ask(self, one: Document) -> None:
        async def delete() -> None:
            library, principal = self._visit.parts.library, self._visit.principal
            await self._visit.act(
                lambda: library.delete(one.document_id, principal=principal),
                said=f"{one.name} is deleted.",
                needs=DELETE,
            )
            await self.refresh()

        with clear(self._dialogs):
            said = "Agents find nothing of it any more, and no word of it is left in the files. It cannot be undone."
            confirm(_DIALOG, f"Delete {one.name}?", said, "Delete", delete)
        self._visit.run(f"folkmoot.open('{_DIALOG}')")

    async def _show_sources(self) -> None:
        theirs = self._visit.principal.knowledge_scopes
        every = await self._visit.parts.follower.sources()
        found = [seen for one in every if (seen := one.seen(theirs)) is not None]
        with clear(self._sources):
            if found:
                with tag("section", css="card tight stack", aria_labelledby="sources"):
                    heading(2, "Followed folders", id="sources")
                    for one in found:
                        self._source(one)

    def _source(self, one: SourceState) -> None:
        async def sync() -> None:
            follower = self._visit.parts.follower
            await self._visit.act(lambda: follower.sync(one.source_id), said=f"{one.name} is up to date.", needs=SYNC)
            await self.refresh()

        with tag("div"):
            tag("div", one.name, css="strong").style("overflow-wrap:anywhere")
            failed = f", {one.failed} not taken" if one.failed else ""
            if one.documents is not None:
                tag("div", f"{words.count(one.documents, 'document')}{failed}", css="faint")
            with tag("div", css="faint"):
                tag("span", "Last looked at " if one.synced_at else "Not looked at yet")
                if one.synced_at:
                    marks.when(one.synced_at, self._visit.now)
            if one.error:
                tag("p", one.error, css="fault")
            if self._visit.may(SYNC):
                button("Look now", sync, sign="undo")


def _size(number: int) -> str:
    if number < _KIBIBYTE:
        return f"{number} bytes"
    if number < _KIBIBYTE**2:
        return f"{number / _KIBIBYTE:.1f} KiB"
    return f"{number / _KIBIBYTE**2:.1f} MiB"

"""One conversation of the gallery: read, gone on with as one's own, taken back by who published it."""

import asyncio
from typing import Any, Final

from nicegui import ui

from folkmoot.conversations.studio import GalleryItem
from folkmoot.dashboard.components import marks
from folkmoot.dashboard.components.dialogs import confirm, opener
from folkmoot.dashboard.components.dom import ASSETS, asking, button, go, heading, path, tag
from folkmoot.dashboard.components.markdown import render
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.components.prose import Prose
from folkmoot.dashboard.frame import crumb
from folkmoot.dashboard.pages.gallery import name_of, title_of
from folkmoot.dashboard.visit import Visit
from folkmoot.web.speaking import speaker, viewer

START: Final = "POST /api/gallery/{gallery_id}/start"
UNPUBLISH: Final = "DELETE /api/gallery/{gallery_id}"
_DIALOG: Final = "take-back"


async def build(visit: Visit) -> None:
    """The page of `gallery_id`."""
    ui.add_head_html(f'<script src="{ASSETS}/chat.js"></script>')
    item = await visit.parts.gallery.item(visit.request.path_params["gallery_id"])
    html = await asyncio.to_thread(_rendered, item)
    who = await name_of(visit, item.user_id)
    ui.page_title(f"{title_of(item)} · Folkmoot")
    crumb("The gallery", "gallery")
    _head(visit, item, who)
    people = People(visit.agents)
    with tag("section", css="card shown-talk", aria_label="What was said"):
        for one, shown in zip(item.messages, html, strict=True):
            if one.get("role") == "user":
                with tag("article", css="msg mine", aria_label="Question"):
                    tag("div", str(one.get("content") or ""), css="bubble")
            else:
                _answer(one, shown, people)


def _head(visit: Visit, item: GalleryItem, who: str) -> None:
    with tag("div", css="page-head"):
        with tag("div").style("min-width:0"):
            heading(1, title_of(item)).style("overflow-wrap:anywhere")
            with tag("p", css="lede"):
                tag("span", f"Published by {who}, ")
                marks.when(item.timestamp, visit.now)
            if item.tags:
                with tag("div", css="row").style("gap:6px;margin-top:12px"):
                    for name in item.tags:
                        tag("a", name, css="tag", href=asking(path("gallery"), tag=name))
        with tag("div", css="row"):
            if visit.may(START):
                button("Go on with it", lambda: _start(visit, item), sign="chat", kind="primary")
            own = visit.principal.is_admin or item.user_id == visit.principal.user_id
            if own and visit.may(UNPUBLISH):
                button("Take it back", js=opener(_DIALOG), kind="danger")
    said = "It leaves the gallery. The conversation itself stays, and so do those that others began with it."
    confirm(_DIALOG, "Take it back?", said, "Take it back", lambda: _take_back(visit, item))


def _answer(one: dict[str, Any], shown: str, people: People) -> None:
    told = one.get("metadata") or {}
    agent_id, name = str(told.get("agent_id") or ""), str(told.get("agent") or "The agents")
    with tag("article", css="msg theirs", aria_label=f"{name} answers"):
        with tag("div", css="face"):
            people.avatar(agent_id or name)
        with tag("div"):
            with tag("div", css="head"):
                tag("b", name)
            Prose().show([shown])


async def _start(visit: Visit, item: GalleryItem) -> None:
    begun: list[str] = []

    async def start() -> None:
        begun.append((await visit.parts.gallery.start(item.id, speaker(visit.principal))).session_id)

    if await visit.act(start, needs=START):
        go(path("chat", begun[0]))


async def _take_back(visit: Visit, item: GalleryItem) -> None:
    whose = viewer(visit.principal)
    if await visit.act(lambda: visit.parts.gallery.unpublish(item.id, viewer=whose), needs=UNPUBLISH):
        go(path("gallery"))


def _rendered(item: GalleryItem) -> list[str]:
    return ["" if one.get("role") == "user" else render(str(one.get("content") or "")) for one in item.messages]

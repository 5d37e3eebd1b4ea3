"""The frame around every page: navigation, theme, health, sign-out. It folds into a bottom bar on a phone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from nicegui import background_tasks, ui
from nicegui.client import Client, ClientConnectionTimeout

from folkmoot.dashboard.components import words
from folkmoot.dashboard.components.dom import ASSETS, button, clear, heading, icon, link, path, tag
from folkmoot.dashboard.components.notices import waiting
from folkmoot.dashboard.sign_in import SIGN_OUT
from folkmoot.dashboard.visit import Visit
from folkmoot.web import Component, Health

# A section is shown to those whose role opens its page; on a phone the bar can be pushed sideways.
SECTIONS: Final = (
    ("Overview", "home", ()),
    ("Chat", "chat", ("chat",)),
    ("Gallery", "book", ("gallery",)),
    ("Agents", "agents", ("agents",)),
    ("Tasks", "tasks", ("tasks",)),
    ("Twins", "twins", ("twins",)),
    ("Knowledge", "folder", ("knowledge",)),
    ("Leads", "star", ("leads",)),
    ("Messages", "inbox", ("messages",)),
    ("External", "plug", ("external",)),
    ("Tool log", "tools", ("tools",)),
    ("Usage", "load", ("usage",)),
    ("People", "people", ("people",)),
)
SHEETS: Final = ("tokens.css", "layout.css", "parts.css", "talk.css", "chat.css")
_THEME: Final = "() => folkmoot.theme()"
_SAID: Final = {"ok": "All is well", "degraded": "Something is missing", "down": "A vital part is down"}


@contextmanager
def framed(visit: Visit, section: str) -> Iterator[None]:
    """Put what is built inside into the page's main part; `section` is marked in the navigation."""
    ui.page_title(f"{section or 'Not found'} · Folkmoot")
    ui.add_head_html(
        f'<script src="{ASSETS}/folkmoot.js"></script>'
        + "".join(f'<link rel="stylesheet" href="{ASSETS}/{name}">' for name in SHEETS)
    )
    healths = _Healths(visit)
    tag("a", "Skip to the content", css="skip", href="#content")
    with tag("div", css="frame"):
        with tag("header", css="side"):
            _brand()
            with tag("nav", css="nav", aria_label="Main"):
                for name, sign, parts in SECTIONS:
                    if not visit.may(f"PAGE /{'/'.join(parts)}"):
                        continue
                    with link("", *parts, aria_current="page" if name == section else None):
                        icon(sign)
                        tag("span", name)
            with tag("div", css="side-foot"):
                healths.add(sign_out=False)
                with tag("button", type="button", aria_label="Switch between light and dark").on(
                    "click", js_handler=_THEME
                ):
                    icon("moon")
                    tag("span", "Light or dark")
                if not visit.doorkeeper.open_house:
                    _sign_out()
        with tag("div", css="grow"):
            with tag("div", css="topbar"):
                _brand()
                button("", sign="moon", kind="quiet square", js=_THEME, aria_label="Switch between light and dark")
                healths.add(sign_out=not visit.doorkeeper.open_house)
            with tag("main", css="main", id="content", tabindex=-1):
                yield
    tag("div", css="toasts", id="toasts", role="status", aria_live="polite")
    healths.load()


def _brand() -> None:
    with link("", css="brand", aria_label="Folkmoot, overview"):
        tag("img", src=f"{ASSETS}/favicon.svg", alt="", width=28, height=28)
        tag("span", "Folkmoot")


def _sign_out() -> None:
    with tag("form", method="post", action=SIGN_OUT), tag("button", type="submit"):
        icon("out")
        tag("span", "Sign out")


class _Healths:
    """How the parts are, behind a dot; asked once the page stands, and again whenever it is opened."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._dots: list[ui.element] = []
        self._words: list[ui.element] = []
        self._sheets: list[tuple[ui.element, bool]] = []

    def add(self, *, sign_out: bool) -> None:
        with tag("details", css="pop") as outer:
            with tag("summary", css="btn quiet" if sign_out else "", aria_label="Health of the workplace"):
                self._dots.append(tag("span", css="dot"))
                self._words.append(tag("span", "Health", css="not-phone"))
                if sign_out:
                    tag("span", "Health", css="only-phone")
            sheet = tag("div", css="sheet")
            with sheet:
                waiting("Asking every part")
        self._sheets.append((sheet, sign_out))
        outer.on("toggle", self._show, js_handler="(e) => e.target.open && emit()", args=[])

    def load(self) -> None:
        client = ui.context.client
        task = background_tasks.create(self._load(client), name="health")
        client.on_delete(task.cancel)

    async def _load(self, client: Client) -> None:
        try:
            await client.connected(timeout=30)
        except ClientConnectionTimeout:
            return
        with client:
            await self._show()

    async def _show(self) -> None:
        health = await self._visit.parts.health()
        for dot in self._dots:
            dot.classes(replace=f"dot {health.status}")
        for text in self._words:
            text.props["title"] = _SAID[health.status]
            text.update()
        for sheet, sign_out in self._sheets:
            with clear(sheet):
                _sheet(health)
                if sign_out:
                    with tag("form", method="post", action=SIGN_OUT).style("margin-top:16px"):
                        button("Sign out", sign="out", kind="full", type="submit")


def _sheet(health: Health) -> None:
    heading(3, _SAID[health.status])
    tag(
        "p",
        f"Version {health.version}, up for {words.span(health.uptime_seconds)}",
        css="faint",
    ).style("margin:2px 0 12px")
    with tag("ul", css="stack close small"):
        for name, found in health.components.items():
            if isinstance(found, Component):
                _line(name, found)
            elif any(one.status != "not_configured" for one in found.values()):
                for inner, one in found.items():
                    _line(inner, one)


def _line(name: str, one: Component) -> None:
    with tag("li", css="row").style("align-items:baseline"):
        tag("span", css=f"dot {one.status}")
        with tag("div", css="grow"):
            tag("span", words.plain(name))
            tag("span", f" · {words.plain(one.status).lower()}", css="faint")
            if one.detail:
                tag("div", one.detail, css="faint").style("overflow-wrap:anywhere")


def crumb(text: str, *parts: str) -> None:
    """The way back to the list a page belongs to."""
    with tag("a", css="crumb", href=path(*parts)):
        icon("back", "s")
        tag("span", text)


@contextmanager
def page_head(title: str, lede: str = "") -> Iterator[None]:
    """The page's title; what is built inside stands at its right."""
    with tag("div", css="page-head"):
        with tag("div"):
            heading(1, title)
            if lede:
                tag("p", lede, css="lede")
        with tag("div", css="row"):
            yield

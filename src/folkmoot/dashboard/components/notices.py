"""What a page says when there is nothing, when it waits, when something failed, and when something was done."""

from collections.abc import Callable

import orjson
from nicegui import ui

from folkmoot.dashboard.components.dom import heading, icon, tag


def empty(title: str, text: str, *, sign: str = "inbox", action: Callable[[], object] | None = None) -> None:
    """An empty place that says what would fill it."""
    with tag("div", css="empty"):
        icon(sign)
        heading(3, title)
        tag("p", text)
        if action is not None:
            action()


def waiting(text: str) -> None:
    """Something is on its way."""
    with tag("p", css="wait", role="status"):
        with tag("span", css="dots", aria_hidden="true"):
            for _ in range(3):
                tag("i")
        tag("span", text)


def notice(title: str, text: str = "", *, colour: str = "", sign: str = "info") -> ui.element:
    """Something that a person should know; what follows inside is put below the text."""
    outer = tag("div", css=f"notice {colour}", role="note")
    with outer:
        icon(sign)
        inner = tag("div", css="grow stack close")
        with inner:
            tag("p", title, css="strong")
            if text:
                tag("p", text, css="prose")
    return inner


def toast(text: str, *, fault: bool = False, undo: str | None = None) -> None:
    """Say briefly what was done; `undo` is the id of a hidden button that takes it back."""
    arguments = b",".join(orjson.dumps(one) for one in (text, "red" if fault else None, undo)).decode()
    ui.run_javascript(f"folkmoot.toast({arguments})")

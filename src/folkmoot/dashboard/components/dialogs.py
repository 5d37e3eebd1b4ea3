"""Dialogs of the browser's own kind: the focus stays inside, Escape closes, the page behind is out of reach."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from nicegui import ui

from folkmoot.dashboard.components.dom import button, heading, tag


def opener(dialog_id: str) -> str:
    """What a button runs in the browser to open a dialog."""
    return f"() => folkmoot.open('{dialog_id}')"


def close(dialog_id: str) -> None:
    ui.run_javascript(f"folkmoot.close('{dialog_id}')")


@contextmanager
def dialog(dialog_id: str, title: str) -> Iterator[None]:
    """A dialog that is closed at first. `dialog_id` is chosen by our code, never by people."""
    with tag("dialog", id=dialog_id, aria_labelledby=f"{dialog_id}-title"):
        heading(2, title, id=f"{dialog_id}-title")
        yield


def confirm(
    dialog_id: str, title: str, text: str, verb: str, act: Callable[[], Awaitable[None]], *, danger: bool = True
) -> None:
    """Ask before something that cannot be taken back."""

    async def confirmed() -> None:
        close(dialog_id)
        await act()

    with dialog(dialog_id, title):
        tag("p", text, css="muted prose")
        with tag("div", css="dialog-foot"):
            button("Keep it as it is", js=f"() => folkmoot.close('{dialog_id}')")
            button(verb, confirmed, kind="danger" if danger else "primary")


def foot(dialog_id: str, verb: str) -> None:
    """The end of a form in a dialog."""
    with tag("div", css="dialog-foot"):
        button("Cancel", js=f"() => folkmoot.close('{dialog_id}')")
        button(verb, kind="primary", type="submit")

"""Showing a conversation to everybody here: the dialog that asks, and says what it means."""

from collections.abc import Awaitable, Callable
from typing import Final

from folkmoot.conversations.studio.model import LONGEST_TAG, MOST_TAGS
from folkmoot.dashboard.components.dialogs import close, dialog, foot, opener
from folkmoot.dashboard.components.dom import Fields, button, field_of, form, tag
from folkmoot.dashboard.components.fields import Form

_DIALOG: Final = "publish-conversation"


class Publish:
    """The dialog; `publish(tags)` does it."""

    def __init__(self, publish: Callable[[list[str]], Awaitable[None]]) -> None:
        self._publish = publish
        with dialog(_DIALOG, "Publish to the gallery"), form(self._said, css="stack"):
            tag(
                "p",
                "Everybody who can sign in here may read it, as it is now: questions, answers and who gave them. "
                "What is said later stays yours. Attached files are not shown.",
                css="muted prose",
            )
            self._form = Form("publish")
            self._form.text(
                "tags", "Tags", hint=f"Separated by commas; up to {MOST_TAGS} of {LONGEST_TAG} characters.",
                autocomplete="off", maxlength=MOST_TAGS * (LONGEST_TAG + 2),
            )  # fmt: skip
            foot(_DIALOG, "Publish")

    def button(self) -> None:
        """What opens it."""
        button("Publish", sign="book", kind="quiet", js=opener(_DIALOG), aria_label="Publish")

    async def _said(self, fields: Fields) -> None:
        close(_DIALOG)
        await self._publish([one.strip() for one in field_of(fields, "tags").split(",") if one.strip()])

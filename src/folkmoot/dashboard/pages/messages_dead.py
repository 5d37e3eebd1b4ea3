"""The dead letters on the page of messages: the newest, each to be delivered again or dropped, and all at once."""

from contextlib import suppress
from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dialogs import confirm, opener
from folkmoot.dashboard.components.dom import button, clear, heading, link, tag
from folkmoot.dashboard.components.mail_marks import first_line
from folkmoot.dashboard.pages.message_acts import RETRY, Act, LetterActs
from folkmoot.dashboard.visit import Visit
from folkmoot.messaging.broker import MessageRecord
from folkmoot.messaging.errors import UnknownMessageError
from folkmoot.web.mail import MailSight, dead_letters_in_sight, mail_sight

_SHOWN: Final = 6
_AT_ONCE: Final = 500
_DIALOG: Final = "retry-all"


class DeadLetters:
    """The section; nothing is shown while there are none. `changed` shows the page anew."""

    def __init__(self, visit: Visit, *, changed: Act) -> None:
        self._visit = visit
        self._changed = changed
        self._place = tag("div", aria_live="polite")
        self._shown: tuple[list[str], int] = ([], 0)
        self._acts = LetterActs(visit, retried=changed, dropped=changed)
        if visit.may(RETRY):
            text = f"Each gets fresh attempts, at most {_AT_ONCE} at once. Mend first what went wrong."
            confirm(_DIALOG, "Deliver every dead letter again?", text, "Deliver again", self._retry_all, danger=False)

    async def refresh(self, sight: MailSight) -> None:
        """Read them again; what did not change stays as it is."""
        letters, total = await dead_letters_in_sight(self._visit.parts.broker, sight, limit=_SHOWN)
        shown = [f"{one.message.message_id} {one.settled_at}" for one in letters]
        if (shown, total) == self._shown:
            return
        self._shown = (shown, total)
        with clear(self._place):
            if letters:
                self._section(letters, total)

    def _section(self, letters: list[MessageRecord], total: int) -> None:
        with tag("section", css="section", aria_label="Dead letters"):
            with tag("div", css="section-head"):
                heading(2, f"Dead letters ({total:,})")
                if self._visit.may(RETRY) and total > 1:
                    button("Deliver all again", sign="undo", js=opener(_DIALOG))
            with tag("div", css="grid").style("grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr))"):
                for one in letters:
                    self._card(one)
            if total > len(letters):
                tag("p", f"and {total - len(letters):,} more: choose “Given up” below", css="faint").style(
                    "padding:8px 4px 0"
                )

    def _card(self, letter: MessageRecord) -> None:
        message, visit = letter.message, self._visit
        title = f"{visit.name(message.sender_id)} → {visit.name(message.recipient_id)}"
        with tag("article", css="card tight stack close", aria_label=title):
            with tag("div", css="between"):
                with tag("h3").style("overflow-wrap:anywhere"):
                    link(title, "messages", message.message_id)
                with tag("span", css="faint"):
                    marks.when(letter.settled_at or letter.accepted_at, visit.now)
            tried = words.count(letter.attempts, "attempt")
            tag("p", f"{words.plain(message.intent)}, given up after {tried}", css="muted small")
            tag("p", first_line(letter.error or ""), css="small grow").style("overflow-wrap:anywhere")
            with tag("div", css="row"):
                self._acts.buttons(message.message_id)

    async def _retry_all(self) -> None:
        broker = self._visit.parts.broker

        async def retry() -> None:
            sight = await mail_sight(self._visit.parts, self._visit.principal)
            letters, _ = await dead_letters_in_sight(broker, sight, limit=_AT_ONCE)
            for one in letters:
                with suppress(UnknownMessageError):  # somebody else was quicker
                    await broker.retry_dead_letter(one.message.message_id)

        await self._visit.act(retry, said="They are delivered again.", needs=RETRY)
        await self._changed()

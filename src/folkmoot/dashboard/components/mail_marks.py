"""Signs of messages: where one is, and one of them as a line of a list."""

from datetime import datetime
from typing import Final

import orjson

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import link, tag
from folkmoot.messaging.broker import MessageRecord, MessageStatus
from folkmoot.messaging.envelope import Priority

STATUSES: Final[dict[MessageStatus, tuple[str, str, str]]] = {  # words, colour, icon
    MessageStatus.QUEUED: ("Waits", "amber", "clock"),
    MessageStatus.IN_FLIGHT: ("Being handled", "blue", "play"),
    MessageStatus.HANDLED: ("Handled", "green", "check"),
    MessageStatus.DEAD: ("Given up", "red", "alert"),
    MessageStatus.EXPIRED: ("Expired", "", "cross"),
}
PRIORITIES: Final[dict[Priority, tuple[str, str, str]]] = {
    Priority.URGENT: ("Urgent", "red", "alert"),
    Priority.HIGH: ("High", "amber", "next"),
    Priority.NORMAL: ("Normal", "", ""),
    Priority.LOW: ("Low", "", ""),
}


def status_chip(status: MessageStatus) -> None:
    text, colour, sign = STATUSES[status]
    marks.chip(text, colour, sign, live=status is MessageStatus.IN_FLIGHT)


def line(record: MessageRecord, sender: str, recipient: str, now: datetime) -> None:
    """A message as a line: who to whom, what it asks, where it is; it leads to its page."""
    message = record.message
    with tag("div", css="between").style("gap:6px 12px"):
        with tag("div", css="grow").style("overflow-wrap:anywhere;flex-basis:240px"):
            link(f"{sender} → {recipient}", "messages", message.message_id, css="strong")
            tag("span", f" · {words.plain(message.intent)}", css="muted")
            if record.error:
                tag("div", first_line(record.error), css="faint")
        with tag("span", css="row tight"):
            if message.payload.priority in {Priority.URGENT, Priority.HIGH}:
                marks.chip(*PRIORITIES[message.payload.priority])
            if record.attempts > 1:
                tag("span", words.count(record.attempts, "attempt"), css="faint nums not-phone")
            status_chip(record.status)
            with tag("span", css="faint"):
                marks.when(record.accepted_at, now)


def first_line(text: str) -> str:
    """What stands in a list of an error; all of it stands on the message's page."""
    lines = text.strip().splitlines()
    return lines[0][:300] if lines else ""


def as_text(data: object) -> str:
    """A payload as JSON that a person can read; it is shown as text and never as markup."""
    return orjson.dumps(data, option=orjson.OPT_INDENT_2, default=str).decode()


def took(seconds: float) -> str:
    """A short time: `35 ms`, `1.2 s`, `3 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "under 1 ms"  # noqa: PLR2004  # a thousandth
    return f"{seconds:.1f} s" if seconds < 10 else words.span(seconds)  # noqa: PLR2004  # tenths matter in seconds

"""The calls that wait for a person: to be approved, or to be told what became of them."""

from collections.abc import Awaitable, Callable
from typing import Final

import orjson
from nicegui import ui

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import button, clear, heading, tag
from folkmoot.dashboard.visit import Visit
from folkmoot.tools import CallStatus
from folkmoot.tools.model import LoggedCall, Resolution

APPROVING: Final = "POST /api/approvals/{call_id}"
RESOLVING: Final = "POST /api/logs/{call_id}/resolve"
STATUSES: Final[dict[CallStatus, tuple[str, str, str]]] = {  # words, colour, icon
    CallStatus.STARTED: ("At work", "blue", "play"),
    CallStatus.SUCCEEDED: ("Done", "green", "check"),
    CallStatus.FAILED: ("Failed", "red", "alert"),
    CallStatus.UNKNOWN: ("Not known", "amber", "alert"),
    CallStatus.SKIPPED: ("Skipped", "", "next"),
    CallStatus.DENIED: ("Denied", "", "shield"),
    CallStatus.WAITING: ("Waits", "violet", "clock"),
}
MOST_SHOWN: Final = 50
_ONE_LINE: Final = 40  # characters that stand beside their name


class Waiting:
    """Both lists; nothing is shown while nothing waits."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._place = tag("div", aria_live="polite")

    async def refresh(self, user_id: str | None) -> None:
        """Read what waits for this user, everything for None."""
        found, _ = await self._visit.parts.tools.log.page(
            statuses=[CallStatus.WAITING, CallStatus.UNKNOWN], user_id=user_id, limit=MOST_SHOWN
        )
        with clear(self._place):
            self._section(
                "Waits for approval",
                "Nothing is done before somebody says so.",
                [one for one in found if one.status is CallStatus.WAITING],
                self._approval,
            )
            self._section(
                "Nobody knows whether these happened",
                "Look where it would show, such as the mailbox or the calendar, and say what you found.",
                [one for one in found if one.status is CallStatus.UNKNOWN],
                self._resolution,
            )

    def _section(self, title: str, lede: str, calls: list[LoggedCall], buttons: Callable[[LoggedCall], None]) -> None:
        if not calls:
            return
        with tag("section", css="section", aria_label=title):
            heading(2, f"{title} ({len(calls)})")
            tag("p", lede, css="muted").style("margin:4px 0 12px")
            with tag("div", css="grid").style("grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr))"):
                for one in calls:
                    with tag("article", css="card tight stack close", aria_label=one.tool):
                        with tag("div", css="between"):
                            tag("h3", one.tool).style("overflow-wrap:anywhere")
                            with tag("span", css="faint"):
                                marks.when(one.created_at, self._visit.now)
                        details(one, self._visit)
                        buttons(one)

    def _approval(self, call: LoggedCall) -> None:
        decisions, visit = self._visit.parts.tools.decisions, self._visit  # who decides is asked when they do
        if not self._visit.may(APPROVING):
            return
        with tag("div", css="row"):
            button(
                "Approve",
                self._doing(lambda: decisions.approve(call.call_id, by=visit.principal), "Approved.", APPROVING),
                sign="check",
                kind="primary",
            )
            button(
                "Reject",
                self._doing(
                    lambda: decisions.reject(call.call_id, by=visit.principal), "Rejected: it is not done.", APPROVING
                ),
                sign="cross",
                kind="danger",
            )

    def _resolution(self, call: LoggedCall) -> None:
        if not self._visit.may(RESOLVING):
            return
        with tag("div", css="row"):
            for text, sign, kind, said, resolution in (
                ("It happened", "check", "primary", "Noted.", Resolution.HAPPENED),
                ("It did not: do it again", "undo", "", "It is done again.", Resolution.AGAIN),
                ("Let it be", "cross", "quiet", "Noted.", Resolution.DROP),
            ):
                button(text, self._resolving(call.call_id, resolution, said), sign=sign, kind=kind)

    def _resolving(self, call_id: str, resolution: Resolution, said: str) -> Callable[[], Awaitable[None]]:
        decisions, visit = self._visit.parts.tools.decisions, self._visit  # who decides is asked when they do
        return self._doing(lambda: decisions.resolve(call_id, resolution, by=visit.principal), said, RESOLVING)

    def _doing(self, act: Callable[[], Awaitable[object]], said: str, needs: str) -> Callable[[], Awaitable[None]]:
        client = ui.context.client

        async def doing() -> None:
            # The page follows what is done, and may have taken the button away by the time it is said.
            with client:
                await self._visit.act(act, said=said, needs=needs)

        return doing


def details(call: LoggedCall, visit: Visit) -> None:
    """What there is to say of a call; all of it is shown as text."""
    facts = [
        ("Agent", visit.name(call.agent_id)),
        ("For", call.user_id or "the house"),
        *((words.plain(name), _text(value)) for name, value in call.parameters.items()),
        ("Answer", _text(call.result) if call.result is not None else ""),
        ("Because", "" if call.status is CallStatus.WAITING else call.error or ""),
        ("Decided by", call.decided_by or ""),
        ("Note", call.note or ""),
        ("Call", call.call_id),
    ]
    with tag("dl", css="facts").style("margin-top:8px"):
        for name, value in facts:
            if value:
                # What somebody is to read before they decide is set as text is, not pushed against the edge.
                long = len(value) > _ONE_LINE or "\n" in value
                tag("dt", name).style("grid-column:1/-1;margin-bottom:-8px" if long else "")
                tag("dd", value).style("white-space:pre-wrap" + (";grid-column:1/-1;text-align:left" if long else ""))


def _text(value: object) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "\n".join(f"· {one}" for one in value)
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()

"""The tool log: what agents called for whom, what came of it, and what waits for a person's word."""

from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import button, clear, heading, on_value, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.pages.tool_log_waiting import STATUSES, Waiting, details
from folkmoot.dashboard.visit import Visit
from folkmoot.tools import CallStatus
from folkmoot.tools.events import EVENTS
from folkmoot.tools.model import ACTION, LoggedCall, ToolStats

A_PAGE: Final = 25
_BUSIEST: Final = 6


async def build(visit: Visit) -> None:
    """The page; `?status=` and `?tool=` filter."""
    page = _ToolLog(visit)
    await page.refresh()
    visit.follow(page.refresh, types=EVENTS)


class _ToolLog:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._log = visit.parts.tools.log
        query = visit.request.query_params
        status = query.get("status", "")
        self._status = status if status in list(CallStatus) else ""
        self._tool = query.get("tool", "")
        self._page = 0
        self._open: set[str] = set()
        with page_head("Tool log", "What agents called, for whom, and what came of it."):
            pass
        self._waiting = Waiting(visit)
        self._figures = tag("section", css="section", aria_label="By tool")
        with tag("section", css="section", aria_label="Calls"):
            heading(2, "Calls")
            filters = Form("filter")
            with tag("div", css="filters", role="search", aria_label="Filter calls").style("margin-top:12px"):
                filters.text("tool", "Tool", css="grow", placeholder="How its name begins", autocomplete="off")
                states = {status.value: text for status, (text, _, _) in STATUSES.items()}
                state = filters.choice("status", "Outcome", {"": "All", **states}, value=self._status)
            if self._tool:
                filters.element("tool").props["defaultValue"] = self._tool
            on_value(filters.element("tool"), "input", self._set_tool)
            on_value(state, "change", self._set_status)
            self._list = tag("div")
            self._pager = tag("nav", aria_label="Pages", css="between").style("margin-top:16px")

    async def refresh(self) -> None:
        """Read everything on the page again."""
        await self._visit.meet()
        principal = self._visit.principal
        own = None if principal.is_admin else principal.user_id
        await self._waiting.refresh(own)
        stats = await self._log.stats(user_id=own)
        start = self._page * A_PAGE
        calls, total = await self._log.page(
            action=ACTION + self._tool,
            statuses=[CallStatus(self._status)] if self._status else None,
            user_id=own,
            limit=A_PAGE,
            offset=start,
        )
        with clear(self._figures):
            _busiest(stats)
        with clear(self._list):
            if calls:
                self._show(calls)
            elif self._status or self._tool:
                empty("No call fits", "Change the filters to see others.", sign="search")
            else:
                empty("No calls yet", "Whenever an agent calls a tool, it stands here.", sign="inbox")
        end = start + len(calls)
        with clear(self._pager):
            if total > A_PAGE:
                button("Newer", lambda: self._turn(-1), sign="back", disabled=self._page == 0)
                tag("span", f"{start + 1} to {end} of {total}", css="faint nums")
                button("Older", lambda: self._turn(1), sign="next", disabled=end >= total)

    def _show(self, calls: list[LoggedCall]) -> None:
        with tag("ul", css="list card tight"):
            for one in calls:
                with tag("li"), tag("details", open=one.call_id in self._open) as outer:
                    with tag("summary", css="between").style("gap:12px"):
                        with tag("span", css="grow").style("overflow-wrap:anywhere"):
                            tag("span", one.tool, css="strong")
                            tag("span", f" · {self._visit.name(one.agent_id)}", css="muted")
                        with tag("span", css="row tight"):
                            if one.duration_ms is not None:
                                tag("span", _span(one.duration_ms), css="faint nums not-phone")
                            _chip(one)
                            with tag("span", css="faint"):
                                marks.when(one.created_at, self._visit.now)
                    details(one, self._visit)
                outer.on("toggle", lambda event, call_id=one.call_id: self._note(call_id, opened=bool(event.args)),
                         js_handler="(e) => emit(e.target.open)")  # fmt: skip

    def _note(self, call_id: str, *, opened: bool) -> None:
        """Remember what is open: a refresh must not close what somebody reads."""
        (self._open.add if opened else self._open.discard)(call_id)

    async def _turn(self, step: int) -> None:
        self._page = max(0, self._page + step)
        await self.refresh()

    async def _set_status(self, value: str) -> None:
        self._status, self._page = value if value in list(CallStatus) else "", 0
        await self.refresh()

    async def _set_tool(self, value: str) -> None:
        self._tool, self._page = value.strip()[:100], 0
        await self.refresh()


def _busiest(stats: list[ToolStats]) -> None:
    """The tools that are called most, with how often it went wrong and how long it took."""
    if not stats:
        return
    heading(2, "By tool")
    with tag("div", css="figures").style("margin-top:12px"):
        for one in sorted(stats, key=lambda one: -one.count)[:_BUSIEST]:
            wrong = one.count - one.outcomes.get(CallStatus.SUCCEEDED, 0)
            with tag("div", css="figure"):
                tag("b", f"{one.count:,}")
                tag("span", one.tool).style("overflow-wrap:anywhere;display:block")
                took = f"half within {_span(one.p50_ms)}, 95 % within {_span(one.p95_ms)}" if one.p50_ms else ""
                tag("div", took, css="faint")
                if wrong:
                    tag("div", f"{wrong:,} without success", css="faint")


def _chip(call: LoggedCall) -> None:
    text, colour, sign = STATUSES[call.status]
    marks.chip(text, colour, sign, live=call.status is CallStatus.STARTED)


def _span(milliseconds: float | None) -> str:
    if milliseconds is None:
        return ""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else words.span(milliseconds / 1000)  # noqa: PLR2004  # a second

"""The use of models: today and the last weeks, by day in a chart, by model, agent and user; and the budgets.

Who is no administrator sees their own. The budgets and their form stand in `usage_budgets.py`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from folkmoot.dashboard.components import words
from folkmoot.dashboard.components.columns import Column, columns
from folkmoot.dashboard.components.dom import clear, heading, tag
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.pages.usage_budgets import Budgets, user_names
from folkmoot.dashboard.visit import Visit
from folkmoot.models.spending import Group, Grouped
from folkmoot.models.spending.use import usd

_EVENTS: Final = ("budget_nearly_used", "budget_exhausted", "task_assigned", "message_handled")
_DAYS: Final = 30
_ROWS: Final = 12


async def build(visit: Visit) -> None:
    """The page."""
    page = _Usage(visit)
    await page.refresh()
    visit.follow(page.refresh, types=_EVENTS)


class _Usage:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._whose = None if visit.principal.is_admin else visit.principal.user_id
        lede = "What language models read, wrote and cost." if self._whose is None else "What models did for you."
        with page_head("Usage", lede):
            pass
        self._today = tag("section", css="section", aria_label="Today")
        self._chart = tag("section", css="section card", aria_label="By day")
        self._budgets = Budgets(visit, self._whose)
        self._tables = tag("div", css="cols")
        self._users: dict[str, str] = {}

    async def refresh(self) -> None:
        """Read everything again."""
        now = self._visit.now
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        since = midnight - timedelta(days=_DAYS - 1)
        today = await self._sums(Group.MODEL, midnight)
        days = await self._sums(Group.DAY, since)
        whole = days[1]
        with clear(self._today):
            _figures(today[1], whole)
        with clear(self._chart):
            heading(2, f"The last {_DAYS} days")
            _chart(days[0], midnight)
        await self._budgets.refresh()
        groups = [(Group.MODEL, "By model"), (Group.AGENT, "By agent")]
        if self._whose is None:
            groups.append((Group.USER, "By user"))
        found = [(title, by, (await self._sums(by, since))[0]) for by, title in groups]
        self._users = await user_names(self._visit)
        with clear(self._tables):
            if not whole.requests:
                with tag("div", css="section"):
                    empty("Nothing was asked of a model yet", "What agents ask models is counted here.", sign="spark")
                return
            for title, by, sums in found:
                self._table(title, by, sums)

    async def _sums(self, by: Group, since: datetime) -> tuple[Sequence[Grouped], Grouped]:
        report = await self._visit.parts.budgets.report(by, since=since, user_id=self._whose, limit=_DAYS)
        return report.groups, report.whole

    def _table(self, title: str, by: Group, sums: Sequence[Grouped]) -> None:
        with tag("section", css="section"):
            heading(2, title)
            with tag("div", css="card tight").style("overflow-x:auto;margin-top:12px"), tag("table", css="table"):
                with tag("thead"), tag("tr"):
                    tag("th", words.plain(by.value), scope="col")
                    for head in ("Requests", "Tokens", "Cost"):
                        tag("th", head, css="num", scope="col")
                with tag("tbody"):
                    for one in sums[:_ROWS]:
                        with tag("tr"):
                            tag("td", self._name(by, one.key)).style("overflow-wrap:anywhere")
                            tag("td", f"{one.requests:,}", css="num")
                            tag("td", f"{one.input_tokens + one.output_tokens:,}", css="num")
                            tag("td", _cost(one), css="num")

    def _name(self, by: Group, key: str | None) -> str:
        if key is None:
            return "the workplace itself"
        if by is Group.USER:
            return self._users.get(key, key)
        return self._visit.name(key) if by is Group.AGENT else key


def _figures(today: Grouped, whole: Grouped) -> None:
    with tag("div", css="figures"):
        for value, name in (
            (f"{today.requests:,}", "requests today"),
            (f"{today.input_tokens + today.output_tokens:,}", "tokens today"),
            (_cost(today), "cost today"),
            (_cost(whole), f"cost in {_DAYS} days"),
            (f"{whole.failed:,}", f"failed in {_DAYS} days"),
        ):
            with tag("div", css="figure"):
                tag("b", value)
                tag("span", name)


def _chart(days: Sequence[Grouped], midnight: datetime) -> None:
    """A column a day: by cost where anything cost something, else by tokens."""
    known = {one.key: one for one in days}
    paid = any(one.cost for one in days)
    dates = [(midnight - timedelta(days=back)).date() for back in range(_DAYS - 1, -1, -1)]
    tag("p", "Cost by day" if paid else "Tokens by day", css="faint small")
    shown = []
    for date in dates:
        one = known.get(date.isoformat(), Grouped(key=None))
        tokens = one.input_tokens + one.output_tokens
        said = f"{date.day} {date:%B}: {one.requests:,} requests, {tokens:,} tokens, {_cost(one)}"
        shown.append(Column(value=usd(one.cost) if paid else tokens, label=str(date.day), said=said))
    columns(shown, name="Use of models by day")


def _cost(one: Grouped) -> str:
    amount = usd(one.cost)
    text = f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.4f}"
    return f"{text} + unknown" if one.unpriced else text

"""The mailboxes on the page of messages: figures of all, how many wait while one looks, and a row for each.

What stays the same keeps its place in the page when it is refreshed, so that whoever uses the keyboard stays there too.
"""

from collections import deque
from datetime import timedelta
from typing import Final

from nicegui.elements.mixins.text_element import TextElement

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.columns import Column, columns
from folkmoot.dashboard.components.dom import clear, heading, link, tag
from folkmoot.dashboard.components.mail_marks import took
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.visit import Visit
from folkmoot.messaging.broker import MailboxStats
from folkmoot.web.mail import MailFigures, MailSight, figures_in_sight

EVERY: Final = timedelta(seconds=5)
_SAMPLES: Final = 60
_A_MINUTE: Final = 12  # samples
_MOST: Final = 20
_HEADS: Final = ("Waiting", "In hand", "Oldest", "In a minute", "Done a minute", "Again a minute", "An attempt", "Dead")


class Boxes:
    """The section; `refresh` reads it anew."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._waiting: deque[int] = deque(maxlen=_SAMPLES)
        self._rows: dict[str, list[TextElement]] = {}
        with tag("section", aria_label="Figures"):
            self._figures = tag("div", css="figures")
        with tag("section", css="section", aria_label="Mailboxes"):
            heading(2, "Mailboxes")
            self._chart = tag("div", css="card tight").style("margin:12px 0")
            self._table = tag("div")
            self._more = tag("p", css="faint").style("padding:8px 4px 0")

    async def refresh(self, sight: MailSight, *, sampled: bool = False) -> None:
        """Read every figure again; `sampled` at equal distances, for the chart."""
        found = await figures_in_sight(self._visit.parts.broker, sight)
        if sampled:
            self._waiting.append(found.queued + found.in_flight)
        with clear(self._figures):
            _sums(found)
        self._draw()
        shown = found.mailboxes[:_MOST]
        if [one.agent_id for one in shown] != [*self._rows] or not shown:
            with clear(self._table):
                self._build(shown)
        self._fill(shown)
        more = len(found.mailboxes) - len(shown)
        self._more.set_text(f"and {more} more, less full" if more else "")

    def _draw(self) -> None:
        samples = [0] * (_SAMPLES - len(self._waiting)) + [*self._waiting]
        shown = [
            Column(value=value, label=_label(_SAMPLES - 1 - number), said=words.count(value, "message"))
            for number, value in enumerate(samples)
        ]
        with clear(self._chart):
            now, most = samples[-1], max(samples)
            tag("p", f"Unsettled while you look: {now:,} now, at most {most:,}", css="faint small")
            columns(shown, name="Messages that are not settled, the last five minutes", every=_A_MINUTE, listed=False)

    def _build(self, shown: list[MailboxStats]) -> None:
        self._rows = {}
        if not shown:
            empty("No mail", "A mailbox stands here while it has mail, had some lately, or is read.", sign="inbox")
            return
        with tag("div", css="card tight").style("overflow-x:auto"), tag("table", css="table"):
            with tag("thead"), tag("tr"):
                tag("th", "Agent", scope="col")
                for head in _HEADS:
                    tag("th", head, css="num", scope="col").style("padding-left:8px")
            with tag("tbody"):
                for one in shown:
                    with tag("tr"):
                        with tag("th", scope="row").style("border-top:1px solid var(--line);padding-top:11px"):
                            self._name(one.agent_id)
                        self._rows[one.agent_id] = [tag("td", css="num") for _ in _HEADS]

    def _name(self, agent_id: str) -> None:
        if agent_id in self._visit.agents:
            link(self._visit.name(agent_id), "agents", agent_id, css="strong")
        else:
            tag("span", agent_id)

    def _fill(self, shown: list[MailboxStats]) -> None:
        most = max((one.queued for one in shown), default=0)
        for one in shown:
            cells = self._rows[one.agent_id]
            with clear(cells[0]):
                tag("span", f"{one.queued:,}")
                if one.queued:
                    share = one.queued / most
                    marks.meter(share, f"{words.percent(share)} of the fullest")
            for cell, text in zip(cells[1:], _texts(one), strict=True):
                cell.set_text(text)


def _texts(one: MailboxStats) -> tuple[str, ...]:
    return (
        f"{one.in_flight:,}",
        words.span(one.oldest_seconds) if one.queued or one.in_flight else "",
        _rate(one.accepted_per_minute),
        _rate(one.handled_per_minute),
        _rate(one.retried_per_minute),
        took(one.handler_seconds) if one.handler_seconds else "",
        f"{one.dead:,}",
    )


def _sums(found: MailFigures) -> None:
    handled = sum(one.handled_per_minute for one in found.mailboxes)
    slowest = max((one.handler_seconds for one in found.mailboxes), default=0.0)
    for value, name in (
        (f"{found.queued:,}", "waiting"),
        (f"{found.in_flight:,}", "being handled"),
        (words.span(found.oldest_seconds) if found.queued or found.in_flight else "none", "the oldest"),
        (f"{handled:,.1f}", "handled a minute"),
        (took(slowest) if slowest else "none", "the slowest agent, an attempt"),
        (f"{found.dead:,}", "dead letters"),
    ):
        with tag("div", css="figure"):
            tag("b", value)
            tag("span", name)


def _rate(per_minute: float) -> str:
    """Nothing for nought: in a table of quiet mailboxes the figures that are there stand out."""
    return f"{per_minute:,.1f}" if per_minute else ""


def _label(back: int) -> str:
    return "now" if not back else f"−{back // _A_MINUTE} min"

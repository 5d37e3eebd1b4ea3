"""A lead in small: its status and priority as chips, its score with the reasons."""

from datetime import datetime
from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import link, tag
from folkmoot.leads import Lead, LeadAnalysis, LeadStatus, Priority

_S = LeadStatus
STATUSES: Final[dict[LeadStatus, tuple[str, str, str]]] = {  # words, colour, icon
    _S.NEW: ("New", "blue", "inbox"),
    _S.CONTACTED: ("Contacted", "violet", "chat"),
    _S.QUALIFIED: ("Qualified", "teal", "check"),
    _S.PROPOSAL: ("Proposal", "amber", "quote"),
    _S.WON: ("Won", "green", "star"),
    _S.LOST: ("Lost", "", "cross"),
}
PRIORITIES: Final[dict[Priority, tuple[str, str, str]]] = {
    Priority.HIGH: ("High", "red", "alert"),
    Priority.MEDIUM: ("Medium", "amber", "clock"),
    Priority.LOW: ("Low", "", "info"),
}
SENT: Final = {
    "succeeded": ("done", "green", "check"),
    "skipped": ("skipped", "", "info"),
    "failed": ("failed", "red", "alert"),
    "unknown": ("nobody knows", "red", "alert"),
    "denied": ("denied", "red", "alert"),
    "waiting": ("waits for approval", "amber", "clock"),
    "started": ("on its way", "blue", "clock"),
}


def status_chip(status: LeadStatus) -> None:
    marks.chip(*STATUSES[status])


def priority_chip(priority: Priority) -> None:
    marks.chip(*PRIORITIES[priority])


def score_line(analysis: LeadAnalysis | None) -> None:
    """The score as a bar with its figure; in words while there is none."""
    if analysis is None:
        tag("span", "not analysed", css="faint small")
        return
    score = analysis.lead_score
    with tag("span", css="row tight").style("flex-wrap:nowrap;width:100%"):
        with tag("span").style("flex:1;min-width:56px"):
            marks.meter(score.score / 100, f"Score {score.score:g} of 100")
        tag("span", f"{score.score:.0f}", css="strong nums small")


def small_card(lead: Lead, now: datetime) -> None:
    """A lead on the board: who, how good, since when."""
    with link("", "leads", lead.lead_id, css="stack close").style("color:inherit"):
        tag("div", lead.data.company or lead.data.name, css="title").style("margin:0")
        if lead.data.company:
            tag("div", lead.data.name, css="faint small clip")
        score_line(lead.analysis)
        with tag("div", css="between").style("gap:6px"):
            if lead.analysis is not None:
                priority_chip(lead.analysis.lead_score.priority)
            with tag("span", css="faint small"):
                marks.when(lead.created_at, now)


def factors(analysis: LeadAnalysis) -> None:
    """Each reason with its bar and what it adds, the weightiest first."""
    with tag("ul", css="list"):
        for one in sorted(analysis.lead_score.factors, key=lambda factor: -factor.points):
            with tag("li", css="stack close"):
                with tag("div", css="between"):
                    tag("span", words.plain(one.name), css="strong")
                    tag("span", f"{one.points:+.2f}", css="faint nums small", title="what it adds to the log-odds")
                marks.meter(one.value, f"{words.plain(one.name)}: {one.value:.0%}", css="" if one.known else "dim")
                tag("div", one.explanation, css="muted small").style("overflow-wrap:anywhere")

"""What became of sharing out a task: who has it and why, or why nobody has and what would help."""

from collections.abc import Callable, Sequence

from folkmoot.dashboard.components import marks
from folkmoot.dashboard.components.dom import heading, tag
from folkmoot.dashboard.components.notices import notice
from folkmoot.dashboard.components.people import People
from folkmoot.tasks import TaskState
from folkmoot.tasks.model import Assignment, Shortfall


def award(found: Assignment, state: TaskState, people: People) -> None:
    """The owner, large; the helpers; the reasoning."""
    with tag("section", css="card award rise", aria_label="Award"):
        with tag("div", css="row").style("gap:16px"):
            people.avatar(found.owner, size="l")
            with tag("div", css="grow"):
                tag("div", _headline(found, state), css="faint")
                with tag("div", css="who"):
                    people.linked(found.owner, css="")
                tag("div", people.role(found.owner), css="muted small")
            if found.helpers:
                with tag("div"):
                    tag("div", "with the help of", css="faint").style("margin-bottom:6px")
                    with tag("div", css="row"):
                        for helper in found.helpers:
                            people.line(helper)
        tag("p", people.said(found.reasoning), css="why prose")


def shortfall(found: Shortfall, people: People, share_out_again: Callable[[], object]) -> None:
    """Why nobody has it, and what would help."""
    with notice("Nobody could take it on", colour="red", sign="alert"):
        if found.missing_skills:
            with tag("div", css="row small"):
                tag("span", "Nobody shows")
                marks.tags(found.missing_skills)
        _list("Why", [people.said(one) for one in found.reasons])
        _list("What would help", [people.said(one) for one in found.would_help])
        with tag("div", css="row").style("margin-top:8px"):
            share_out_again()


def _headline(found: Assignment, state: TaskState) -> str:
    by = "by hand" if found.by == "hand" else "after negotiation"
    match state:
        case TaskState.COMPLETED:
            return "Completed by"
        case TaskState.IN_PROGRESS:
            return "In the hands of"
        case _:
            return f"Assigned {by} to"


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        heading(3, title).style("margin-top:10px")
        with tag("ul", css="stack close small"):
            for one in lines:
                tag("li", one, css="prose")

"""A task in small: a card on a board, a line in a list, the steps it has taken."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import icon, link, tag
from folkmoot.dashboard.components.people import People
from folkmoot.tasks import Task, TaskState

_S = TaskState
STEPS: Final = ("Handed in", "Consultation", "Negotiation", "Award", "Done")
_REACHED: Final = {
    _S.PENDING: 0,
    _S.CONSULTING: 1,
    _S.NEGOTIATING: 2,
    _S.UNASSIGNED: 3,
    _S.ASSIGNED: 3,
    _S.IN_PROGRESS: 4,
    _S.COMPLETED: 5,
    _S.CANCELLED: 4,
}
_FAULT: Final = {_S.UNASSIGNED: ("Nobody", 3), _S.CANCELLED: ("Cancelled", 4)}


def steps(state: TaskState) -> None:
    """How far the task has come, from being handed in to being done."""
    reached = _REACHED[state]
    with tag("ol", css="steps", aria_label="Progress of the task"):
        for position, name in enumerate(STEPS):
            fault = _FAULT.get(state)
            text, css = name, "done" if position < reached else "now" if position == reached else ""
            if fault and fault[1] == position:
                text, css = fault[0], "fault"
            elif state is _S.IN_PROGRESS and position == reached:
                text = "In work"
            with tag("li", css=css, aria_current="step" if css in {"now", "fault"} else None):
                tag("span", text)


def priority(level: int) -> None:
    """The priority in words; only what is urgent is set off."""
    if level >= 9:  # noqa: PLR2004  # of 10
        marks.chip(f"Urgent · {level}", "red", "alert")
    elif level >= 7:  # noqa: PLR2004  # of 10
        marks.chip(f"High · {level}", "amber", "alert")
    else:
        tag("span", f"Priority {level}", css="tag")


def deadline(task: Task, now: datetime) -> None:
    """When it is due; in words when that has passed."""
    if task.deadline is None:
        return
    late = task.deadline < now and task.status not in {_S.COMPLETED, _S.CANCELLED}
    with tag("span", css="row tight small").style(f"gap:5px;color:var(--{'red' if late else 'ink-3'})"):
        icon("calendar", "s")
        tag("span", f"{'was due' if late else 'due'} {words.day(task.deadline)}")


def small_card(task: Task, people: People, now: datetime) -> None:
    """A task on the board."""
    with link("", "tasks", task.task_id, css="card"):
        tag("div", task.title, css="title")
        with tag("div", css="between").style("gap:6px"):
            with tag("span", css="row tight"):
                if task.owner is not None:
                    people.avatar(task.owner, size="s")
                    tag("span", people.name(task.owner), css="small clip")
                else:
                    marks.state_chip(task.status)
            deadline(task, now)


def table(tasks: Sequence[Task], people: People, now: datetime) -> None:
    """Tasks as rows on a wide screen."""
    with tag("div", css="card tight not-phone").style("overflow-x:auto"), tag("table", css="table"):
        with tag("thead"), tag("tr"):
            for name in ("Task", "State", "With", "Priority", "Hours", "Changed"):
                tag("th", name, scope="col", css="num" if name == "Hours" else "")
        with tag("tbody"):
            for task in tasks:
                with tag("tr"):
                    with tag("td"):
                        link(task.title, "tasks", task.task_id, css="strong")
                        if task.task_type:
                            tag("div", task.task_type, css="faint")
                    with tag("td"):
                        marks.state_chip(task.status)
                    with tag("td"):
                        if task.owner is not None:
                            people.line(task.owner)
                        else:
                            tag("span", "nobody", css="faint")
                    with tag("td"):
                        priority(task.priority)
                    tag("td", f"{task.estimated_hours:g}", css="num")
                    with tag("td", css="faint"):
                        marks.when(task.updated_at, now)


def cards(tasks: Sequence[Task], people: People, now: datetime) -> None:
    """The same as cards on a phone."""
    with tag("ul", css="stack close only-phone"):
        for task in tasks:
            with tag("li"), link("", "tasks", task.task_id, css="card tight"):
                with tag("div", css="between").style("margin-bottom:8px"):
                    marks.state_chip(task.status)
                    with tag("span", css="faint"):
                        marks.when(task.updated_at, now)
                tag("div", task.title, css="strong")
                with tag("div", css="row tight small muted").style("margin-top:8px"):
                    if task.owner is not None:
                        people.avatar(task.owner, size="s")
                        tag("span", people.name(task.owner))
                    else:
                        tag("span", "with nobody")

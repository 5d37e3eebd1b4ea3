"""Phase 1: what everybody answered when they were asked, each on a card of their own."""

from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import icon, tag
from folkmoot.dashboard.components.grounds import grounds
from folkmoot.dashboard.components.people import People
from folkmoot.tasks import Task
from folkmoot.tasks.talk import Consultation

SHOWN: Final = 3


def order(one: Consultation) -> tuple[int, float, str]:
    """Those who can first, the surest first; who kept silent last."""
    rank = 0 if one.can_do else 1 if one.can_do is False else 2
    return (rank, -one.confidence, one.agent)


def answer_card(one: Consultation, task: Task, people: People, *, place: int) -> None:
    """One answer; `place` staggers cards that come at once."""
    won = task.owner == one.agent
    css = "won" if won else "silent" if one.can_do is None else "" if one.can_do else "cannot"
    with tag("article", css=f"card tight answer rise {css}", aria_label=f"Answer of {people.name(one.agent)}").style(
        f"animation-delay:{min(place, 8) * 60}ms"
    ):
        with tag("div", css="row tight"):
            people.avatar(one.agent)
            with tag("div", css="grow"):
                people.linked(one.agent)
                tag("div", people.role(one.agent), css="faint clip")
            if won:
                marks.chip("Awarded", "teal", "star")
            elif one.can_do is None:
                marks.chip("Abstained", "", "clock")
            elif one.can_do:
                marks.chip("Can do it", "green", "check")
            else:
                marks.chip("Not this one", "", "cross")
        if one.can_do is None:
            tag("p", words.plain(one.abstained or "No answer came") + ".", css="muted small")
            return
        with tag("div", css="confidence"):
            tag("span", "Confidence", css="muted")
            tag("b", words.percent(one.confidence))
            with tag("div").style("grid-column:1/-1"):
                marks.meter(one.confidence, "Confidence", css="" if one.can_do else "dim")
        _figures(one)
        if not _repeats(one):
            tag("p", people.said(one.message), css="small muted prose")
        if one.reasons:
            _reasons(one, people)
        if one.concerns:
            grounds(one.concerns, people, concerns=True)
        if not one.decided_by.startswith("offline"):
            tag("p", f"Decided by {one.decided_by}", css="faint")


def _repeats(one: Consultation) -> bool:
    """Whether the message says nothing beyond the reasons and concerns that are shown below it anyway."""
    rest = one.message
    for ground in (*one.reasons, *one.concerns):
        rest = rest.replace(ground.text, "")
    return not rest.strip()


def _reasons(one: Consultation, people: People) -> None:
    """The weightiest reasons, and the others behind a word."""
    weighty = sorted(one.reasons, key=lambda ground: -ground.weight)
    shown = SHOWN if one.can_do else 0
    with tag("div"):
        grounds(weighty[:shown], people)
        if len(weighty) > shown:
            with tag("details", css="more"):
                with tag("summary"):
                    tag("span", f"{len(weighty) - shown} more" if shown else words.count(len(weighty), "reason"))
                grounds(weighty[shown:], people)


def _figures(one: Consultation) -> None:
    with tag("div", css="row faint").style("gap:4px 14px"):
        if one.estimated_hours is not None:
            with tag("span", css="row tight").style("gap:5px"):
                icon("clock", "s")
                tag("span", f"needs {words.hours(one.estimated_hours)}")
        if one.earliest_start is not None:
            with tag("span", css="row tight").style("gap:5px"):
                icon("calendar", "s")
                tag("span", f"from {words.moment(one.earliest_start)}")
        for skill in one.covers:
            tag("span", skill, css="tag lead")

"""Sentences with the evidence they rest on: opened, each shows the evidence's own words and where they stand."""

from collections.abc import Sequence
from typing import Final

from folkmoot.dashboard.components import words
from folkmoot.dashboard.components.dom import icon, link, tag
from folkmoot.dashboard.components.people import People
from folkmoot.kernel import excerpt
from folkmoot.tasks.talk import Ground, GroundKind

_SIGNS: Final = {
    GroundKind.SIMILAR: "check",
    GroundKind.WORDS: "chat",
    GroundKind.PATHS: "folder",
    GroundKind.RECENCY: "clock",
    GroundKind.DECLARED: "shield",
    GroundKind.SKILL: "star",
    GroundKind.WORKLOAD: "load",
    GroundKind.CALENDAR: "calendar",
    GroundKind.DEADLINE: "clock",
    GroundKind.PEER: "people",
    GroundKind.CONTINUITY: "link",
    GroundKind.MODEL: "spark",
}
_SHOWN: Final = 6


def grounds(found: Sequence[Ground], people: People, *, concerns: bool = False) -> None:
    """One line each."""
    with tag("ul"):
        for one in found:
            with tag("li"):
                _ground(one, people, concern=concerns)


def _ground(one: Ground, people: People, *, concern: bool) -> None:
    css = "ground concern" if concern else "ground"
    sign = "alert" if concern else _SIGNS[one.kind]
    if not one.evidence:
        with tag("div", css=css), tag("div", css="plain"):
            icon(sign)
            tag("span", people.said(one.text))
        return
    with tag("details", css=css):
        with tag("summary"):
            icon(sign)
            with tag("span", css="grow"):
                tag("span", people.said(one.text))
                if one.quotes:
                    tag("span", excerpt(one.quotes[0].text, 90), css="hint")
        with tag("div", css="proof"):
            for quotation in one.quotes[:_SHOWN]:
                tag("q", quotation.text)
            tag("p", _what(one), css="faint")
            with tag("div", css="ids"):
                for evidence in one.evidence[:_SHOWN]:
                    _source(evidence)
            if len(one.evidence) > _SHOWN:
                tag("p", f"and {len(one.evidence) - _SHOWN} more", css="faint")


def _what(one: Ground) -> str:
    number = len(one.evidence)
    if not number:
        return words.plain(one.kind)
    return f"{words.plain(one.kind)} · rests on {words.count(number, 'source')}"


def _source(evidence: str) -> None:
    """An id of evidence; a task or an agent leads to its page."""
    if evidence.startswith("task_") and "/" not in evidence:
        link(evidence, "tasks", evidence, title=evidence)
    elif evidence.startswith("agent:"):
        agent_id, _, field = evidence.removeprefix("agent:").partition("/")
        link(f"{agent_id} · {field.replace('_', ' ')}" if field else agent_id, "agents", agent_id, title=evidence)
    else:
        tag("span", evidence, title=evidence)

"""Phase 2: the negotiation as a conversation. What one says to several peers in the same words is one bubble."""

from collections.abc import Sequence
from dataclasses import dataclass

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import icon, tag
from folkmoot.dashboard.components.grounds import grounds
from folkmoot.dashboard.components.people import People
from folkmoot.tasks.talk import Utterance, Verdict


@dataclass(frozen=True)
class Line:
    """Something that was said, and to whom."""

    key: str
    first: Utterance
    to: tuple[str, ...]


def lines(messages: Sequence[Utterance]) -> list[Line]:
    """The messages of a round as they are shown; the last words to the manager come after what peers said."""
    found: dict[tuple[str, str, str], list[Utterance]] = {}
    for one in messages:
        found.setdefault((one.speaker, one.intent, one.message), []).append(one)
    grouped = [
        Line(group[0].message_id, group[0], tuple(dict.fromkeys(one.to for one in group if one.to)))
        for group in found.values()
    ]
    return sorted(grouped, key=lambda line: line.first.intent == "position")


def round_mark(number: int) -> None:
    tag("h3", f"Round {number}", css="round")


def bubble(line: Line, people: People, *, right: bool, manager: str) -> None:
    """A message between agents. What is told the manager at the end of a round stands apart, as a position."""
    said = line.first
    if said.intent == "position":
        _position(said, people)
        return
    with tag("article", css=f"say rise {'right' if right else ''}"):
        people.avatar(said.speaker)
        with tag("div", css="head"):
            tag("b", people.name(said.speaker))
            others = [people.name(one) for one in line.to if one != manager]
            if others:
                tag("span", f"to {words.listed(others)}")
            if said.stance is not None:
                _stance(said.stance)
            elif said.intent in {"share_accepted", "share_declined"}:
                accepted = said.intent == "share_accepted"
                marks.chip("agrees to help" if accepted else "cannot help", "green" if accepted else "", "hand")
        with tag("div", css="bubble"):
            tag("p", people.said(said.message) or "No words, figures only.", css="prose")
            _why(said, people)


def verdict(found: Verdict, people: People, manager: str) -> None:
    """What the referee made of it."""
    with tag("div", css="verdict rise"):
        with tag("div", css="row"):
            people.avatar(manager, size="s")
            tag("b", people.name(manager))
            marks.chip("agreed among themselves" if found.settled else "decided by the referee", "violet", "scales")
        tag("p", people.said(found.reasoning), css="prose").style("margin-top:10px")
        with tag("ol", css="ranking", aria_label="Ranking"):
            for place, agent_id in enumerate(found.ranking, start=1):
                with tag("li"):
                    people.avatar(agent_id, size="s")
                    tag("span", f"{place}. {people.name(agent_id)}")
        if found.changed:
            names = words.listed([people.name(one) for one in found.changed])
            with tag("p", css="row faint").style("margin-top:12px"):
                icon("undo", "s")
                tag("span", f"{names} changed position because of what the others said.")


def _position(said: Utterance, people: People) -> None:
    with tag("article", css="stood rise", aria_label=f"Where {people.name(said.speaker)} stands"):
        people.avatar(said.speaker, size="s")
        with tag("div"):
            with tag("div", css="row"):
                tag("b", people.name(said.speaker))
                if said.stance is not None:
                    _stance(said.stance)
            if said.message:
                tag("p", people.said(said.message), css="prose").style("margin-top:4px")
            _why(said, people)


def _stance(stance: str) -> None:
    text, colour, sign = words.STANCES[stance]
    marks.chip(text, colour, sign)


def _why(said: Utterance, people: People) -> None:
    if said.reasons:
        with tag("details", css="more"):
            with tag("summary"):
                tag("span", words.count(len(said.reasons), "reason"))
            grounds(said.reasons, people)

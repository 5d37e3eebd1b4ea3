"""What happened, in sentences. Events of one kind about one thing, one after the other, are told as one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import icon, link, tag
from folkmoot.dashboard.components.people import People
from folkmoot.events import Event
from folkmoot.tasks import TaskState

_GATHERED: Final = frozenset({"task_consulted", "task_negotiated"})
_STATES: Final = {state.value: text.lower() for state, (text, _, _) in words.STATES.items()}


@dataclass(frozen=True, kw_only=True)
class Story:
    """One line of the feed; `where` is the page it is about, `what` how that is called."""

    sign: str
    before: str
    what: str
    after: str
    where: tuple[str, ...]
    at: datetime


def stories(events: Iterable[Event], people: People, titles: Mapping[str, str]) -> list[Story]:
    """The newest first."""
    groups: list[list[Event]] = []
    for event in events:
        last = groups[-1] if groups else None
        if last and event.type in _GATHERED and (last[-1].type, last[-1].subject) == (event.type, event.subject):
            last.append(event)
        else:
            groups.append([event])
    told = (_story(group, people, titles) for group in reversed(groups))
    return [one for one in told if one is not None]


def feed(found: Sequence[Story], now: datetime) -> None:
    """The lines."""
    with tag("ul", css="list feed"):
        for one in found:
            with tag("li"):
                with tag("span", css="mark", aria_hidden="true"):
                    icon(one.sign, "s")
                with tag("div").style("overflow-wrap:anywhere"):
                    if one.before:
                        tag("span", f"{one.before} ")
                    link(one.what, *one.where, css="strong")
                    tag("span", f" {one.after}", css="muted")
                marks.when(one.at, now)


def _story(group: Sequence[Event], people: People, titles: Mapping[str, str]) -> Story | None:
    event = group[-1]
    if event.type.startswith("task_"):
        return _of_task(group, people, titles)
    if event.type.startswith("agent_"):
        return _of_presence(event, people)
    return _of_twins(event)


def _of_presence(event: Event, people: People) -> Story | None:
    data = event.data
    match event.type:
        case "agent_registered":
            return _of_agent(event, people, "people", "joined")
        case "agent_silenced":
            return _of_agent(event, people, "alert", "was silenced")
        case "agent_unsilenced":
            return _of_agent(event, people, "pulse", "may speak again")
        case "agent_status" if data.get("status", data.get("presence")) == "offline":
            return _of_agent(event, people, "cross", "went offline")
        case "agent_status" if data.get("availability_status", data.get("availability")) not in {"available", None}:
            said = str(data.get("availability_status", data.get("availability")))
            return _of_agent(event, people, "clock", f"is {words.AVAILABILITY.get(said, (said,))[0].lower()} now")
        case _:
            return None


def _of_twins(event: Event) -> Story | None:
    """No names here: events outlive a person who is forgotten."""
    data = event.data
    sign, what, after = "upload", "An export", ""
    match event.type:
        case "consent_granted" | "consent_revoked" | "consent_expired":
            verb = {"consent_granted": "was granted", "consent_revoked": "was withdrawn"}.get(event.type, "expired")
            sign, what, after = "shield", "A consent", f"for {data.get('platform', 'a platform')} {verb}"
        case "import_done":
            read = data.get("own", data.get("messages"))
            after = f"was read: {read} messages" if isinstance(read, int) else "was read"
        case "import_failed":
            sign, after = "alert", "could not be read"
        case "twin_forgotten":
            sign, what, after = "trash", "Somebody", "was forgotten, with all that was theirs"
        case _:
            return None
    return Story(sign=sign, before="", what=what, after=after, where=("twins",), at=event.timestamp)


def _of_agent(event: Event, people: People, sign: str, after: str) -> Story:
    return Story(
        sign=sign,
        before="",
        what=people.name(event.subject),
        after=after,
        where=("agents", event.subject),
        at=event.timestamp,
    )


def _of_task(group: Sequence[Event], people: People, titles: Mapping[str, str]) -> Story | None:
    event = group[-1]
    data = event.data
    sign, before, after = "tasks", "", ""
    match event.type:
        case "task_created":
            sign, after = "plus", "was handed in"
        case "task_consulted":
            sign, before, after = "chat", f"{words.count(len(group), 'agent')} answered about", ""
        case "task_negotiated":
            sign, before, after = "scales", "", f"was negotiated in {words.count(len(group), 'message')}"
        case "task_assigned":
            sign, before, after = "star", f"{people.name(str(data.get('assigned_agent')))} got", ""
        case "task_unassigned":
            sign, after = "alert", "found nobody"
        case "task_status":
            state = str(data.get("status"))
            if state == TaskState.NEGOTIATING:
                return None
            sign, after = "next", f"is {_STATES.get(state, state)}"
        case _:
            return None
    title = str(data.get("title") or titles.get(event.subject) or "a task")
    return Story(sign=sign, before=before, what=title, after=after, where=("tasks", event.subject), at=event.timestamp)

"""Small signs: avatars, chips, meters."""

from collections.abc import Iterable
from datetime import datetime

from folkmoot.dashboard.components import words
from folkmoot.dashboard.components.dom import icon, tag
from folkmoot.registry import AgentRecord
from folkmoot.tasks import TaskState


def avatar(key: str, name: str, *, size: str = "", job: bool = False, presence: str | None = None) -> None:
    """Initials in a colour of their own; rounder for people than for jobs. The name stands beside it."""
    with tag("span", words.initials(name), css=f"avatar {size} {'job' if job else ''}", aria_hidden="true").style(
        f"--h:{words.hue(key)}"
    ):
        if presence is not None:
            tag("span", css=f"presence {presence}")


def of_agent(agent: AgentRecord, *, size: str = "", with_presence: bool = False) -> None:
    avatar(
        agent.agent_id,
        agent.name,
        size=size,
        job=agent.type != "twin",
        presence=agent.presence if with_presence else None,
    )


def chip(text: str, colour: str = "", sign: str = "", *, live: bool = False) -> None:
    """A state in words, with colour and icon to find it faster."""
    with tag("span", css=f"chip {colour} {'live' if live else ''}"):
        if sign:
            icon(sign)
        tag("span", text)


def state_chip(state: TaskState) -> None:
    text, colour, sign = words.STATES[state]
    chip(text, colour, sign, live=state in {TaskState.CONSULTING, TaskState.NEGOTIATING})


def presence_chip(agent: AgentRecord) -> None:
    text, colour, sign = words.PRESENCE[agent.presence]
    chip(text, colour, sign)


def availability_chip(agent: AgentRecord) -> None:
    text, colour, sign = words.AVAILABILITY[agent.availability]
    if agent.until is not None:
        text += f" until {words.moment(agent.until)}"
    chip(text, colour, sign)


def meter(share: float, label: str, *, css: str = "") -> None:
    """A bar from 0 to 1; `label` is what a screen reader says."""
    shown = max(0.0, min(1.0, share))
    with tag(
        "span",
        css=f"meter {css}",
        role="meter",
        aria_label=label,
        aria_valuemin=0,
        aria_valuemax=100,
        aria_valuenow=round(shown * 100),
    ):
        if shown:
            tag("i").style(f"width:{shown:.1%}")


def load_meter(agent: AgentRecord) -> None:
    used = agent.utilization
    css = "full" if used >= 1 else "warm" if used >= 0.75 else ""  # noqa: PLR2004  # three quarters: soon full
    meter(used, f"{agent.current_workload} of {agent.max_capacity} places taken", css=css)


def tags(names: Iterable[str], *, lead: int = 0) -> None:
    """Words in frames; the first `lead` are set off."""
    with tag("ul", css="row").style("gap:6px"):
        for position, name in enumerate(names):
            tag("li", name, css=f"tag {'lead' if position < lead else ''}")


def when(then: datetime, now: datetime) -> None:
    """A time as it is said, and exactly on hovering."""
    tag("time", words.ago(then, now), datetime=then.isoformat(), title=words.moment(then))

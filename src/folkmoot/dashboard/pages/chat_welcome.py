"""Where nothing was said yet: who there is to talk to."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from folkmoot.dashboard.components import marks
from folkmoot.dashboard.components.dom import heading, pressed, tag
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.visit import Visit
from folkmoot.registry import AgentRecord

_OFFERED: Final = 12
Choose = Callable[[str], Awaitable[None]]


def welcome(visit: Visit, agents: Sequence[AgentRecord], chosen: str, choose: Choose) -> None:
    """The agents that may answer; `choose` hears the id of one, empty for whoever fits."""
    with tag("div", css="welcome"):
        heading(2, "What is it about?")
        said = "Say it below: the agent answers whose subject it is. Or choose one yourself."
        tag("p", said if agents else "No agent is online that may answer you.", css="muted")
        with tag("div", css="grid"):
            for one in agents[:_OFFERED]:
                _card(visit, one, choose, chosen=one.agent_id == chosen)


def only_reading() -> None:
    """For who may read and not write."""
    empty("Choose a conversation", "Your role reads; a member says something too.", sign="chat")


def _card(visit: Visit, one: AgentRecord, choose: Choose, *, chosen: bool) -> None:
    element = tag("button", css="card", type="button", aria_pressed="true" if chosen else "false")

    async def picked() -> None:
        await choose("" if chosen else one.agent_id)
        visit.run("document.getElementById('chat-text')?.focus()")

    pressed(element, picked)
    with element:
        marks.of_agent(one)
        tag("span", one.name, css="strong clip")
        tag("span", one.description or one.role, css="small")

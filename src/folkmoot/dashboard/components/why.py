"""Why this agent answered: what the router thought, how sure it was, and who else it might have been."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from folkmoot.conversations import ChatMessage
from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dialogs import close, dialog
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.people import People

_DIALOG: Final = "why-agent"
METHODS: Final[Mapping[str, tuple[str, str]]] = {  # what a stage of the router is called, and what it goes by
    "mention": ("You named it", "It was addressed by name in the message."),
    "sticky": ("Same as before", "The message goes on with what this agent answered last."),
    "keywords": ("Keywords", "The message has words that this agent is known by."),
    "classifier": ("Subject", "Messages like this one are this agent's subject."),
    "model": ("Judged by a model", "A language model read the message and the agents' descriptions."),
    "fallback": ("Nobody in particular", "No agent's subject fits, so it went to the one for everything else."),
    "chosen": ("You chose it", "The router was not asked."),
}

_SAID: Final = {"chosen": "you chose it", "mention": "you named it", "fallback": "no clear subject"}


def routing_of(message: ChatMessage) -> dict[str, Any]:
    """What was kept of the router's decision; empty before there is one."""
    found = message.details.get("routing")
    return found if isinstance(found, dict) else {}


def sureness(message: ChatMessage) -> str:
    """The decision in a few words, for a chip."""
    routing = routing_of(message)
    method = str(routing.get("method", ""))
    if method in _SAID:
        return _SAID[method]
    return f"{words.percent(float(routing.get('confidence', 0.0)))} sure"


class Why:
    """The dialog. `pick(message, agent_id)` lets another agent answer; None where the visitor may not."""

    def __init__(self, pick: Callable[[ChatMessage, str], Awaitable[None]] | None) -> None:
        self._pick = pick
        with dialog(_DIALOG, "Why this agent"):
            self._body = tag("div", css="stack")

    def fill(self, message: ChatMessage, people: People, others: Mapping[str, str]) -> str:
        """Tell it of this answer, and say how the browser opens it. `others`: names of all who could answer, by id."""
        routing = routing_of(message)
        agent_id = message.agent_id or ""
        with clear(self._body):
            with tag("div", css="row tight"):
                people.avatar(agent_id)
                with tag("div", css="grow"):
                    tag("div", message.agent_name or agent_id, css="strong")
                    if role := people.role(agent_id):
                        tag("div", role, css="faint")
            if routing:
                self._decision(routing, people)
                self._alternatives(message, routing, people)
            if self._pick is not None:
                self._choice(message, {key: name for key, name in others.items() if key != agent_id})
            with tag("div", css="dialog-foot").style("margin-top:0"):
                button("Close", js=f"() => folkmoot.close('{_DIALOG}')")
        return f"folkmoot.open('{_DIALOG}')"

    def _decision(self, routing: Mapping[str, Any], people: People) -> None:
        name, meaning = METHODS.get(str(routing.get("method")), (words.plain(str(routing.get("method"))), ""))
        with tag("dl", css="facts"):
            tag("dt", "How")
            tag("dd", name)
            if routing.get("method") != "chosen":
                tag("dt", "Confidence")
                tag("dd", words.percent(float(routing.get("confidence", 0.0))), css="nums")
        tag("p", people.said(words.sentence(str(routing.get("reasoning") or ""))) or meaning, css="prose muted")

    def _alternatives(self, message: ChatMessage, routing: Mapping[str, Any], people: People) -> None:
        found = [one for one in routing.get("alternatives") or [] if isinstance(one, dict) and one.get("agent_id")]
        if not found:
            return
        with tag("section", aria_labelledby="why-others"):
            heading(3, "Who else it might have been", id="why-others")
            with tag("ul", css="others"):
                for one in found:
                    other, share = str(one["agent_id"]), float(one.get("confidence") or 0.0)
                    with tag("li"):
                        people.avatar(other, size="s")
                        tag("span", people.name(other), css="grow clip")
                        marks.meter(share, f"{people.name(other)}: {words.percent(share)}")
                        tag("span", words.percent(share), css="faint nums")
                        if self._pick is not None:
                            button("Ask instead", self._picking(message, other), aria_label=f"Ask {people.name(other)}")

    def _choice(self, message: ChatMessage, others: Mapping[str, str]) -> None:
        if not others:
            return

        async def chosen(fields: Fields) -> None:
            if agent := field_of(fields, "agent"):
                await self._picking(message, agent)()

        with form(chosen, css="row instead"):
            Form("instead").choice("agent", "Let another agent answer", others, css="grow")
            button("Answer again", kind="primary", type="submit")

    def _picking(self, message: ChatMessage, agent: str) -> Callable[[], Awaitable[None]]:
        async def picked() -> None:
            close(_DIALOG)
            if self._pick is not None:
                await self._pick(message, agent)

        return picked

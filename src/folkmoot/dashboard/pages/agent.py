"""One agent: what it can do, what it has to do, and whether it may be given more."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import ui

from folkmoot.dashboard.components import marks, task_cards, words
from folkmoot.dashboard.components.dialogs import close, dialog, foot, opener
from folkmoot.dashboard.components.dom import (
    Fields,
    asking,
    button,
    clear,
    field_of,
    form,
    go,
    heading,
    icon,
    link,
    path,
    tag,
)
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty, notice
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.frame import crumb
from folkmoot.dashboard.visit import ACTING, Visit
from folkmoot.messaging import MessageIntent
from folkmoot.registry import AgentRecord, UnknownAgentError
from folkmoot.tasks import Task
from folkmoot.web.ownership import agent_seen, check_agent, owns_person, stands_for
from folkmoot.web.silencing import let_speak, may_silence, silence

SHOWN = 20
RENAME = "PUT /api/agents/{agent_id}/name"
SILENCE = "POST /api/agents/{agent_id}/silence"


async def build(visit: Visit) -> None:
    """The page of `agent_id`."""
    page = _AgentPage(visit, visit.request.path_params["agent_id"])
    await page.show()
    visit.follow(
        page.refresh, types=["agent_status", "agent_updated", "agent_deregistered", "task_assigned", "task_status"]
    )


class _AgentPage:
    def __init__(self, visit: Visit, agent_id: str) -> None:
        self._visit = visit
        self._id = agent_id

    async def show(self) -> None:
        agent = await agent_seen(self._visit.parts.registry, self._visit.principal, self._id)
        ui.page_title(f"{agent.name} · Folkmoot")
        crumb("All agents", "agents")
        twins = await self._visit.parts.twins.list()
        seen = [one for one in twins if owns_person(self._visit.principal, one.person)]
        self._twin = next((one.person for one in seen if one.agent_id == self._id), None)
        self._theirs = self._visit.may(RENAME) and (
            self._visit.principal.is_admin or stands_for(agent, self._visit.principal)
        )
        self._head = tag("div", css="page-head")
        with tag("div", css="cols rail-last"):
            self._main = tag("div", css="stack").style("gap:32px")
            with tag("aside", css="rail stack", aria_label="Availability and load"):
                self._rail = tag("div")
                if self._theirs:
                    self._availability(agent)
        with dialog("rename", "Another name"), form(self._rename, css="stack"):
            Form("rename").text("name", "Name", value=agent.name, maxlength=200, autocomplete="off")
            foot("rename", "Rename")
        with dialog("silence", "Silence this agent"), form(self._silence, css="stack"):
            tag("p", "At once: it takes no mail, and what it has in hand is cut off and waits.", css="muted prose")
            self._why = Form("silence")
            self._why.text("reason", "Why", maxlength=500, autocomplete="off", required=True)
            foot("silence", "Silence")
        await self.refresh()

    async def refresh(self) -> None:
        """Read the agent and its tasks again."""
        people = People(await self._visit.meet())
        try:
            agent = await agent_seen(self._visit.parts.registry, self._visit.principal, self._id)
        except UnknownAgentError:
            go("/dashboard/agents")
            return
        tasks, total = await self._visit.parts.tasks.tasks(agent=self._id, sight=await self._visit.sight(), limit=SHOWN)
        with clear(self._head):
            self._fill_head(agent)
        with clear(self._main):
            self._fill_main(agent, tasks, total, people)
        with clear(self._rail), tag("div", css="card tight"):
            with tag("div", css="between").style("margin-bottom:8px"):
                tag("span", "Load", css="strong")
                tag("span", f"{agent.current_workload} of {agent.max_capacity} places", css="faint nums")
            marks.load_meter(agent)
            with tag("dl", css="facts").style("margin-top:16px"):
                for name, value in (
                    ("Kind", words.KINDS[agent.type]),
                    ("Defined in", agent.owner),
                    ("Last active", words.ago(agent.last_active, self._visit.now) if agent.last_active else "never"),
                ):
                    tag("dt", name)
                    tag("dd", value)
                tag("dt", "Id")
                with tag("dd"):
                    tag("code", agent.agent_id)

    def _fill_head(self, agent: AgentRecord) -> None:
        with tag("div", css="row").style("gap:16px;flex-wrap:nowrap;min-width:0"):
            marks.of_agent(agent, size="l", with_presence=True)
            with tag("div").style("min-width:0"):
                heading(1, agent.name).style("overflow-wrap:anywhere")
                tag("p", " · ".join(filter(None, (agent.role, agent.department))), css="muted")
                with tag("div", css="row").style("margin-top:8px"):
                    marks.presence_chip(agent)
                    marks.availability_chip(agent)
        with tag("div", css="row"):
            if MessageIntent.CHAT in agent.supported_intents and self._visit.may(ACTING):
                with tag("a", css="btn primary", href=asking(path("chat"), agent=agent.agent_id)):
                    icon("chat")
                    tag("span", f"Talk to {agent.name}", css="clip")
            tag("a", "Messages", css="btn", href=asking(path("messages"), agent=agent.agent_id))
            if self._twin is not None:
                link("What the twin learned", "twins", self._twin, css="btn")
            if self._theirs:
                button("Rename", js=opener("rename"), kind="quiet")
            if may_silence(self._visit.principal, agent):
                if agent.presence == "silenced":
                    button("Let it speak", self._let_speak, kind="primary")
                else:
                    button("Silence", js=opener("silence"), kind="danger")

    def _say_silence(self, agent: AgentRecord) -> None:
        if agent.silenced_at is not None:
            since = words.moment(agent.silenced_at)
            notice(
                f"{agent.name} is silenced since {since}: it takes no mail and no tool answers it.",
                f"{words.sentence(agent.silenced_reason)} What is sent to it waits in its mailbox.",
                colour="red",
                sign="alert",
            )

    def _fill_main(self, agent: AgentRecord, tasks: list[Task], total: int, people: People) -> None:
        self._say_silence(agent)
        if agent.description:
            tag("p", agent.description, css="muted prose")
        with tag("section", aria_labelledby="can"):
            heading(2, "Declared capabilities", id="can").style("margin-bottom:12px")
            if agent.capabilities:
                with tag("ul", css="card list"):
                    for name, level in sorted(agent.capabilities.items(), key=lambda one: -one[1]):
                        with tag("li"):
                            with tag("div", css="between small").style("margin-bottom:5px"):
                                tag("span", words.plain(name), css="strong")
                                tag("span", words.percent(level), css="faint nums")
                            marks.meter(level, words.plain(name))
            else:
                tag("p", "None; what it can do is estimated from what was learned.", css="muted")
        with tag("section", aria_labelledby="tasks"):
            with tag("div", css="section-head"):
                heading(2, "Tasks", id="tasks")
                if total > SHOWN:
                    tag("span", f"the last {SHOWN} of {total}", css="faint")
            if tasks:
                task_cards.table(tasks, people, self._visit.now)
                task_cards.cards(tasks, people, self._visit.now)
            else:
                empty("No tasks yet", "What it is given will stand here.", sign="tasks")
        if agent.supported_intents:
            with tag("section", aria_labelledby="intents"):
                heading(2, "Messages it answers", id="intents").style("margin-bottom:12px")
                marks.tags(agent.supported_intents)

    def _availability(self, agent: AgentRecord) -> None:
        self._form = Form("availability")
        with tag("section", css="card tight", aria_labelledby="may"):
            heading(2, "May it get work?", id="may").style("margin-bottom:12px")
            with form(self._set_availability, css="stack"):
                choices = {key: text for key, (text, _, _) in words.AVAILABILITY.items()}
                self._form.choice("availability", "Availability", choices, value=agent.availability)
                self._form.text(
                    "until", "Until", type="datetime-local", hint="UTC; empty means until it is changed again."
                )
                self._form.text(
                    "places", "Tasks at a time", type="number", min=0, max=1000, value=str(agent.max_capacity)
                )
                button("Save", kind="primary full", type="submit")

    async def _set_availability(self, fields: Fields) -> None:
        faults: dict[str, str] = {}
        until, places = None, None
        try:
            text = field_of(fields, "until")
            until = datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
        except ValueError:
            faults["until"] = "Give a day and a time."
        if until is not None and until <= self._visit.now:
            faults["until"] = "That has passed already."
        text = field_of(fields, "places")
        if text.isdecimal() and int(text) <= 1000:  # noqa: PLR2004  # the field's own limit
            places = int(text)
        elif text:
            faults["places"] = "A whole number from 0 to 1000."
        self._form.show(faults)
        if not faults:
            await self._if_theirs(
                lambda: self._visit.parts.registry.set_availability(
                    self._id, field_of(fields, "availability"), max_capacity=places, until=until
                ),
                said=f"{self._visit.name(self._id)} is {field_of(fields, 'availability')}.",
            )

    async def _silence(self, fields: Fields) -> None:
        reason = field_of(fields, "reason").strip()
        self._why.show({} if reason else {"reason": "Say why: others will ask."})
        if reason:
            close("silence")
            visit = self._visit
            await visit.act(
                lambda: silence(visit.parts, self._id, reason=reason, principal=visit.principal, actor=visit.actor),
                said=f"{visit.name(self._id)} is silenced.",
                needs=SILENCE,
            )

    async def _let_speak(self) -> None:
        visit = self._visit
        await visit.act(
            lambda: let_speak(visit.parts, self._id, principal=visit.principal, actor=visit.actor),
            said=f"{visit.name(self._id)} may speak again.",
            needs=SILENCE,
        )

    async def _rename(self, fields: Fields) -> None:
        close("rename")
        await self._if_theirs(
            lambda: self._visit.parts.registry.rename(self._id, field_of(fields, "name")), said="Renamed."
        )

    async def _if_theirs(self, doing: Callable[[], Awaitable[object]], *, said: str) -> None:
        async def checked() -> None:
            await check_agent(self._visit.parts, self._visit.principal, self._id)
            await doing()

        await self._visit.act(checked, said=said, needs=RENAME)

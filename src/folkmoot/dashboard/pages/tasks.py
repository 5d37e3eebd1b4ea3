"""All tasks: filters by state and agent, pages, and the form that hands one in."""

from datetime import UTC, datetime
from typing import Final

from nicegui import ui
from pydantic import ValidationError

from folkmoot.dashboard.components import task_cards, words
from folkmoot.dashboard.components.dialogs import dialog, foot, opener
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, go, on_value, path, tag
from folkmoot.dashboard.components.fields import Form, faults_of
from folkmoot.dashboard.components.notices import empty, toast
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.tasks import NewTask, TaskState

A_PAGE: Final = 25
HAND_IN: Final = "POST /api/tasks"
_FIELDS: Final = ("title", "description", "task_type", "priority", "estimated_hours", "deadline", "required_skills")
_EVENTS: Final = ["task_created", "task_assigned", "task_unassigned", "task_status"]


async def build(visit: Visit) -> None:
    """The page; `?status=` filters, `?new` opens the form."""
    page = _Tasks(visit)
    await page.refresh()
    visit.follow(page.refresh, types=_EVENTS)


class _Tasks:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        query = visit.request.query_params
        status = query.get("status", "")
        self._status = status if status in list(TaskState) else ""
        self._agent = query.get("agent", "")
        self._page = 0
        with page_head("Tasks", "What was handed in, where it is, and who has it."):
            if visit.may(HAND_IN):
                button("New task", sign="plus", kind="primary", js=opener("new-task"))
        filters = Form("filter")
        with tag("div", css="filters", role="search", aria_label="Filter tasks"):
            states = {state.value: words.STATES[state][0] for state in TaskState}
            state = filters.choice("status", "State", {"": "All", **states}, value=self._status)
            workers = {one.agent_id: one.name for one in visit.agents.values() if one.type != "manager"}
            agent = filters.choice("agent", "With", {"": "Anybody", **workers}, value=self._agent)
        on_value(state, "change", self._set_status)
        on_value(agent, "change", self._set_agent)
        self._list = tag("div")
        self._pager = tag("nav", aria_label="Pages", css="between").style("margin-top:16px")
        self._form = Form("task")
        self._build_form()
        if "new" in query:
            ui.timer(0.2, lambda: ui.run_javascript("folkmoot.open('new-task')"), once=True)

    async def refresh(self) -> None:
        """Read this page of tasks again; the newest come first."""
        people = People(await self._visit.meet())
        start = self._page * A_PAGE
        tasks, total = await self._visit.parts.tasks.tasks(
            status=TaskState(self._status) if self._status else None,
            agent=self._agent or None,
            sight=await self._visit.sight(),
            limit=A_PAGE,
            offset=start,
        )
        end = start + len(tasks)
        with clear(self._list):
            if tasks:
                task_cards.table(tasks, people, self._visit.now)
                task_cards.cards(tasks, people, self._visit.now)
            elif self._status or self._agent:
                empty("No task fits", "Change the filters to see others.", sign="search")
            else:
                empty(
                    "No tasks yet",
                    "Hand one in, and watch the team decide who takes it.",
                    sign="tasks",
                    action=_offer if self._visit.may(HAND_IN) else None,
                )
        with clear(self._pager):
            if total > A_PAGE:
                button("Newer", lambda: self._turn(-1), sign="back", disabled=self._page == 0)
                tag("span", f"{start + 1} to {end} of {total}", css="faint nums")
                button("Older", lambda: self._turn(1), sign="next", disabled=end >= total)

    async def _turn(self, step: int) -> None:
        self._page = max(0, self._page + step)
        await self.refresh()

    async def _set_status(self, value: str) -> None:
        self._status, self._page = value, 0
        await self.refresh()

    async def _set_agent(self, value: str) -> None:
        self._agent, self._page = value, 0
        await self.refresh()

    def _build_form(self) -> None:
        with dialog("new-task", "New task"), form(self._create):
            with tag("div", css="fields"):
                self._form.text("title", "Title", css="whole", maxlength=500, required=True, autocomplete="off")
                self._form.text(
                    "description", "What is to be done", css="whole", rows=5, maxlength=100_000,
                    hint="The more is said, the better the agents can tell whether it is theirs.",
                )  # fmt: skip
                self._form.text("task_type", "Kind", placeholder="Incident, Design, …", maxlength=200)
                self._form.choice("priority", "Priority", _priorities(), value="5")
                self._form.text("estimated_hours", "Hours of work", type="number", min=0.1, step="any", value="2")
                self._form.text("deadline", "Deadline", type="datetime-local", hint="UTC; optional.")
                self._form.text(
                    "required_skills", "Skills it needs", css="whole", hint="Separated by commas; optional."
                )
            foot("new-task", "Hand it in")

    async def _create(self, fields: Fields) -> None:
        values, faults = _read(fields)
        new = None
        try:
            new = NewTask.model_validate(values)
        except ValidationError as error:
            faults = {**faults_of(error, _FIELDS), **faults}
        self._form.show(faults)
        if faults or new is None or not await self._visit.may_act(HAND_IN):
            return
        try:
            task = await self._visit.parts.tasks.create(
                new, created_by=self._visit.principal.user_id, sight=await self._visit.sight()
            )
        except FolkmootError as error:
            toast(error.message, fault=True)
            return
        go(path("tasks", task.task_id))


def _offer() -> None:
    button("New task", sign="plus", kind="primary", js=opener("new-task"))


def _priorities() -> dict[str, str]:
    named = {10: "10 · urgent", 8: "8 · high", 5: "5 · normal", 3: "3 · low", 1: "1 · can wait"}
    return {str(level): named.get(level, str(level)) for level in range(10, 0, -1)}


def _read(fields: Fields) -> tuple[dict[str, object], dict[str, str]]:
    """What was typed, as a task would have it; and what cannot be read."""
    faults: dict[str, str] = {}
    values: dict[str, object] = {
        name: field_of(fields, name) for name in ("title", "description", "task_type", "priority", "estimated_hours")
    }
    if not values["title"]:
        faults["title"] = "Give it a title."
    if not values["estimated_hours"]:
        values["estimated_hours"] = 1
    if text := field_of(fields, "deadline"):
        try:
            values["deadline"] = datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            faults["deadline"] = "Give a day and a time."
    skills = [one.strip() for one in field_of(fields, "required_skills").split(",")]
    values["required_skills"] = [one for one in skills if one]
    return values, faults

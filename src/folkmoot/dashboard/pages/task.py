"""One task, and how it finds its owner: the answers, the negotiation, the award, each appearing as it happens.

What people can do with the task stands in `task_actions.py`.
"""

from collections.abc import Callable
from typing import Final

from nicegui import ui

from folkmoot.dashboard.components import award, consultation, marks, talk, task_cards, words
from folkmoot.dashboard.components.dom import button, clear, go, heading, link, tag
from folkmoot.dashboard.components.notices import empty, waiting
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.frame import crumb
from folkmoot.dashboard.pages.task_actions import Actions
from folkmoot.dashboard.visit import Visit
from folkmoot.tasks import Task, TaskReport, TaskState
from folkmoot.tasks.errors import UnknownTaskError

_ASKING: Final = frozenset({TaskState.PENDING, TaskState.CONSULTING})


async def build(visit: Visit) -> None:
    """The page of `task_id`."""
    page = _TaskPage(visit, visit.request.path_params["task_id"])
    await page.show()
    visit.follow(page.refresh, subject=page.task_id)


class _TaskPage:
    """Sections that are filled anew only when what they show has changed; answers and messages are added."""

    def __init__(self, visit: Visit, task_id: str) -> None:
        self.task_id = task_id
        self._visit = visit
        self._shown: dict[str, object] = {}
        self._answers: set[str] = set()
        self._sides: dict[str, bool] = {}
        self._rounds: dict[int, tuple[ui.element, dict[str, tuple[str, ...]]]] = {}
        self._attempt = -1

    async def show(self) -> None:
        report = await self._visit.parts.tasks.report(self.task_id, sight=await self._visit.sight())
        ui.page_title(f"{report.task.title} · Folkmoot")
        crumb("All tasks", "tasks")
        self._head = tag("div")
        with tag("div", css="task"):
            self._award = tag("div", css="award-part", aria_live="polite")
            with tag("aside", css="rail stack", aria_label="About this task"):
                self._facts = tag("div")
                self._actions = Actions(self._visit, self.task_id)
            with tag("div", css="phases"):
                with tag("section", css="section", aria_labelledby="phase-1"):
                    self._phase_head("1", "Consultation", "phase-1", "Everybody who could take it is asked.")
                    self._cards = tag("div", css="grid wide")
                    self._asking = tag("div")
                with tag("section", css="section", aria_labelledby="phase-2"):
                    self._phase_head("2", "Negotiation", "phase-2", "Those who can do it hear each other.")
                    self._talk = tag("div")
        await self._fill(report)

    async def refresh(self) -> None:
        await self._visit.meet()
        try:
            await self._fill(await self._visit.parts.tasks.report(self.task_id, sight=await self._visit.sight()))
        except UnknownTaskError:
            go("/dashboard/tasks")

    async def _fill(self, report: TaskReport) -> None:
        task, people = report.task, People(self._visit.agents)
        if task.attempt != self._attempt:
            self._attempt = task.attempt
            self._answers.clear()
            self._rounds.clear()
            self._sides.clear()
            self._shown.clear()
            self._cards.clear()
            self._talk.clear()
        self._if_changed("head", (task.title, task.status, task.attempt), self._head, lambda: self._fill_head(task))
        self._if_changed(
            "award", (task.assignment, task.shortfall, task.status), self._award, lambda: self._fill_award(task, people)
        )
        needed = await self._dependencies(task)
        facts = (task.model_dump(exclude={"version", "updated_at"}), needed)
        self._if_changed("facts", facts, self._facts, lambda: self._fill_facts(task, people, needed))
        self._fill_answers(report, people)
        self._fill_talk(report, people)
        self._actions.update(task, people)

    def _if_changed(self, name: str, now: object, where: ui.element, fill: Callable[[], None]) -> None:
        if name not in self._shown or self._shown[name] != now:
            self._shown[name] = now
            with clear(where):
                fill()

    def _phase_head(self, number: str, name: str, heading_id: str, text: str) -> None:
        with tag("div", css="section-head"):
            with heading(2, "", id=heading_id):
                tag("span", number, css="phase", aria_hidden="true")
                tag("span", name)
            tag("p", text, css="faint")

    def _fill_head(self, task: Task) -> None:
        with tag("div", css="row").style("margin-bottom:8px"):
            marks.state_chip(task.status)
            task_cards.priority(task.priority)
            if task.task_type:
                tag("span", task.task_type, css="tag")
            if task.attempt > 1:
                tag("span", f"shared out {words.count(task.attempt, 'time')}", css="faint")
        heading(1, task.title).style("overflow-wrap:anywhere")
        if task.description:
            tag("p", task.description, css="muted prose").style("margin-top:10px")
        task_cards.steps(task.status)

    def _fill_award(self, task: Task, people: People) -> None:
        if task.assignment is not None:
            award.award(task.assignment, task.status, people)
        elif task.shortfall is not None:
            award.shortfall(
                task.shortfall,
                people,
                lambda: button("Share it out again", self._actions.share_out_again, sign="undo", kind="primary"),
            )

    async def _dependencies(self, task: Task) -> tuple[Task, ...]:
        return tuple([await self._visit.parts.tasks.find(one) for one in task.dependencies])

    def _fill_facts(self, task: Task, people: People, needed: tuple[Task, ...]) -> None:
        with tag("div", css="card tight"), tag("dl", css="facts"):
            _fact("Work", words.hours(task.estimated_hours))
            _fact("Deadline", words.moment(task.deadline) if task.deadline else "none")
            if task.status in {TaskState.IN_PROGRESS, TaskState.COMPLETED} and task.progress:
                _fact("Progress", words.percent(task.progress))
            tag("dt", "Skills")
            with tag("dd"), tag("div", css="row").style("justify-content:flex-end;gap:5px"):
                for skill in task.required_skills:
                    tag("span", skill, css="tag")
                if not task.required_skills:
                    tag("span", "none named", css="muted")
            if needed:
                tag("dt", "Waits for")
                with tag("dd", css="stack close"):
                    for one in needed:
                        link(f"{one.title} ({words.STATES[one.status][0].lower()})", "tasks", one.task_id)
            if task.declined_by:
                _fact("Declined by", words.listed([people.name(one) for one in task.declined_by]))
            _fact("Handed in", words.moment(task.created_at))
            if task.completed_at is not None:
                _fact("Completed", words.moment(task.completed_at))
            tag("dt", "Id")
            with tag("dd"):
                tag("code", task.task_id, css="faint")

    def _fill_answers(self, report: TaskReport, people: People) -> None:
        task, answers = report.task, sorted(report.consultation, key=consultation.order)
        if self._shown.get("owner", task.owner) != task.owner:
            self._cards.clear()  # the winner's card is set off: all are drawn anew, the best first
            self._answers.clear()
        self._shown["owner"] = task.owner
        fresh = [one for one in answers if one.agent not in self._answers]
        with self._cards:
            for place, one in enumerate(fresh):
                consultation.answer_card(one, task, people, place=place)
                self._answers.add(one.agent)
        now = (task.status, bool(answers))
        self._if_changed("asking", now, self._asking, lambda: self._fill_asking(task, asked=bool(answers)))

    def _fill_asking(self, task: Task, *, asked: bool) -> None:
        if task.status is TaskState.PENDING and task.dependencies:
            waiting("It waits for the tasks it depends on")
        elif task.status in _ASKING:
            waiting("More answers are on their way" if asked else "The manager asks everybody")
        elif not asked:
            empty("Nobody was asked", "This task was given by hand, or nobody works here yet.", sign="chat")

    def _fill_talk(self, report: TaskReport, people: People) -> None:
        task, found = report.task, report.negotiation
        manager = next((one.agent_id for one in people.agents.values() if one.type == "manager"), "manager")
        if found.rounds and "talk" not in self._shown:
            self._shown["talk"] = True
            with clear(self._talk), tag("div", css="card talk"):
                self._stream = tag("div", role="log", aria_label="Negotiation", aria_live="polite")
                self._verdict = tag("div", aria_live="polite")
        for one in found.rounds:
            self._fill_round(one.number, talk.lines(one.messages), people, manager)
        if found.rounds and found.outcome is not None:
            verdict = found.outcome
            self._if_changed("verdict", verdict, self._verdict, lambda: talk.verdict(verdict, people, manager))
        elif not found.rounds:
            self._if_changed("silence", task.status, self._talk, lambda: self._fill_silence(task, report))

    def _fill_round(self, number: int, lines: list[talk.Line], people: People, manager: str) -> None:
        if number not in self._rounds:
            with self._stream:
                self._rounds[number] = (tag("div"), {})
            with self._rounds[number][0]:
                talk.round_mark(number)
        where, shown = self._rounds[number]
        if any(line.key in shown and shown[line.key] != line.to for line in lines):
            shown.clear()
            with clear(where):
                talk.round_mark(number)
        with where:
            for line in lines:
                if line.key not in shown:
                    shown[line.key] = line.to
                    right = self._sides.setdefault(line.first.speaker, len(self._sides) % 2 == 1)
                    talk.bubble(line, people, right=right, manager=manager)

    def _fill_silence(self, task: Task, report: TaskReport) -> None:
        able = sum(one.can_do is True for one in report.consultation)
        if task.status is TaskState.NEGOTIATING:
            waiting("The first words are being spoken")
        elif task.status in _ASKING:
            tag("p", "It begins when everybody was asked.", css="faint")
        elif report.negotiation.outcome is not None:
            text = report.negotiation.outcome.reasoning
            empty("There was nothing to negotiate", text, sign="scales")
        elif able == 0:
            empty("No negotiation", "It takes somebody who can do it.", sign="scales")
        else:
            empty("No negotiation", "Only one came into question, or the task was given by hand.", sign="scales")


def _fact(name: str, value: str) -> None:
    tag("dt", name)
    tag("dd", value)

"""The overview: figures, the board of tasks, who has how much to do, and what happened lately; live."""

from collections.abc import Sequence
from typing import Final

from folkmoot.dashboard.components import activity, marks, task_cards, words
from folkmoot.dashboard.components.dom import clear, heading, link, tag
from folkmoot.dashboard.components.notices import empty, notice
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.visit import ACTING, Visit
from folkmoot.tasks import Sight, Task, TaskState
from folkmoot.tasks.errors import UnknownTaskError
from folkmoot.web.ownership import EventSight

_S = TaskState
LANES: Final = (
    ("Being shared out", (_S.PENDING, _S.CONSULTING, _S.NEGOTIATING, _S.UNASSIGNED)),
    ("Assigned", (_S.ASSIGNED,)),
    ("In progress", (_S.IN_PROGRESS,)),
    ("Completed", (_S.COMPLETED,)),
)
A_LANE: Final = 4
LOOK_BACK: Final = 300
STORIES: Final = 10


async def build(visit: Visit) -> None:
    """The page."""
    page = _Overview(visit)
    await page.refresh()
    visit.follow(page.refresh)


class _Overview:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._titles: dict[str, str] = {}
        with page_head("Overview", "What this workplace is doing right now."):
            if visit.may(ACTING):
                link("Talk to an agent", "chat", css="btn")
            if visit.may("POST /api/tasks"):
                link("New task", "tasks", css="btn primary").props["href"] = "/dashboard/tasks?new"
        self._notices = tag("div")
        self._figures = tag("section", aria_label="Figures")
        with tag("section", css="section", aria_labelledby="board"):
            with tag("div", css="section-head"):
                heading(2, "Tasks", id="board")
                link("All tasks", "tasks", css="small")
            self._board = tag("div")
        with tag("div", css="cols rail-last section"):
            with tag("section", aria_labelledby="activity"):
                heading(2, "Activity", id="activity").style("margin-bottom:12px")
                self._feed = tag("div", css="card")
            with tag("section", css="rail", aria_labelledby="load"):
                heading(2, "Load", id="load").style("margin-bottom:12px")
                self._load = tag("div", css="card tight")

    async def refresh(self) -> None:
        """Read everything again and show it."""
        visit, parts = self._visit, self._visit.parts
        people = People(await visit.meet())
        sight = await visit.sight()
        counts = await parts.tasks.counts(sight=sight)
        lanes = [(name, *await self._lane(states, counts, sight)) for name, states in LANES]
        newest = await parts.events.latest_id()
        theirs = EventSight(parts, visit.principal)
        events = [one for one in await parts.events.read(after=max(0, newest - LOOK_BACK)) if await theirs.covers(one)]
        await self._learn_titles({one.subject for one in events if one.type in {"task_consulted", "task_negotiated"}})
        self._show_figures(people, counts)
        with clear(self._board), tag("div", css="board"):
            for name, tasks, total in lanes:
                self._show_lane(name, tasks, total, people)
        with clear(self._feed):
            told = activity.stories(events, people, self._titles)[:STORIES]
            if told:
                activity.feed(told, visit.now)
            else:
                tag("p", "Nothing has happened yet.", css="muted")
        self._show_load(people)

    async def _lane(
        self, states: Sequence[TaskState], counts: dict[TaskState, int], sight: Sight | None
    ) -> tuple[list[Task], int]:
        found: list[Task] = []
        for state in states:
            if counts[state]:
                tasks, _ = await self._visit.parts.tasks.tasks(status=state, sight=sight, limit=A_LANE)
                found += tasks
        self._titles.update({task.task_id: task.title for task in found})
        newest = sorted(found, key=lambda task: task.updated_at, reverse=True)[:A_LANE]
        return newest, sum(counts[state] for state in states)

    async def _learn_titles(self, task_ids: set[str]) -> None:
        for task_id in task_ids - self._titles.keys():
            try:
                self._titles[task_id] = (await self._visit.parts.tasks.find(task_id)).title
            except UnknownTaskError:
                self._titles[task_id] = "a task that is gone"

    def _show_figures(self, people: People, counts: dict[TaskState, int]) -> None:
        online = sum(one.presence == "online" for one in people.agents.values())
        sharing = counts[_S.PENDING] + counts[_S.CONSULTING] + counts[_S.NEGOTIATING]
        with clear(self._notices):
            if not people.agents:
                empty(
                    "Nobody works here yet",
                    "Start with a team: `folkmoot demo` shows one at work, `folkmoot init` makes your own.",
                    sign="people",
                )
            elif counts[_S.UNASSIGNED]:
                with notice(f"{words.count(counts[_S.UNASSIGNED], 'task')} found nobody", colour="red", sign="alert"):
                    link("See why, and what would help", "tasks", css="small").props["href"] = (
                        "/dashboard/tasks?status=unassigned"
                    )
        with clear(self._figures), tag("div", css="figures section" if counts[_S.UNASSIGNED] else "figures"):
            _figure(f"{online}/{len(people.agents)}", "agents online", "/dashboard/agents")
            _figure(str(sharing), "being shared out", "/dashboard/tasks")
            _figure(str(counts[_S.ASSIGNED]), "assigned", "/dashboard/tasks?status=assigned")
            _figure(str(counts[_S.IN_PROGRESS]), "in progress", "/dashboard/tasks?status=in_progress")
            _figure(str(counts[_S.COMPLETED]), "completed", "/dashboard/tasks?status=completed")
            _figure(str(counts[_S.UNASSIGNED]), "found nobody", "/dashboard/tasks?status=unassigned")

    def _show_lane(self, name: str, tasks: Sequence[Task], total: int, people: People) -> None:
        with tag("section", css="lane", aria_label=name):
            with heading(3, ""):
                tag("span", name)
                tag("span", str(total), css="faint nums")
            with tag("div", css="stack"):
                for task in tasks:
                    task_cards.small_card(task, people, self._visit.now)
                if not tasks:
                    tag("p", "None", css="faint").style("padding:0 4px 6px")
            if total > len(tasks):
                tag("p", f"and {total - len(tasks)} more", css="faint").style("padding:8px 4px 0")

    def _show_load(self, people: People) -> None:
        workers = [one for one in people.agents.values() if one.type in {"twin", "specialist"}]
        with clear(self._load):
            if not workers:
                tag("p", "Nobody takes work yet.", css="muted")
            with tag("ul", css="list"):
                for one in sorted(workers, key=lambda agent: (-agent.utilization, agent.name))[:12]:
                    with tag("li", css="row tight"):
                        marks.of_agent(one, size="s", with_presence=True)
                        with tag("div", css="grow"):
                            with tag("div", css="between small").style("margin-bottom:5px;flex-wrap:nowrap"):
                                people.linked(one.agent_id, css="strong clip")
                                tag("span", f"{one.current_workload} of {one.max_capacity}", css="faint nums")
                            marks.load_meter(one)


def _figure(value: str, name: str, where: str) -> None:
    with tag("a", css="figure", href=where):
        tag("b", value)
        tag("span", name)

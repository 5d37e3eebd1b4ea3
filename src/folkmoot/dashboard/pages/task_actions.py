"""What people can do with a task, by the state it is in; what can be taken back offers to."""

from collections.abc import Awaitable, Callable

from folkmoot.dashboard.components.dialogs import close, confirm, dialog, foot, opener
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.visit import Visit
from folkmoot.tasks import Task, TaskState
from folkmoot.web.ownership import check_task, stands_for

_S = TaskState
_UNDO = "undo-last"
_ASSIGN, _STATUS = "PUT /api/tasks/{task_id}/assign", "PUT /api/tasks/{task_id}/status"
_DECLINE, _AGAIN = "POST /api/tasks/{task_id}/decline", "POST /api/tasks/{task_id}/redistribute"


class Actions:
    """The card of actions; dialogs stand beside it and are built once, so that a refresh does not close them."""

    def __init__(self, visit: Visit, task_id: str) -> None:
        self._visit = visit
        self._desk = visit.parts.tasks
        self._id = task_id
        self._task: Task | None = None
        self._state: tuple[object, ...] = ()
        self._undo: Callable[[], Awaitable[object]] | None = None
        self._card = tag("div")
        self._assign_form = Form("assign")
        self._build_dialogs()
        button("Undo", self._take_back, id=_UNDO, hidden=True, tabindex="-1")

    def update(self, task: Task, people: People) -> None:
        """Show what is possible now."""
        self._task = task
        workers = {one.agent_id: one.name for one in people.agents.values() if one.type in {"twin", "specialist"}}
        state = (task.status, task.owner, tuple(workers.items()))
        if state == self._state:
            return
        self._state = state
        with clear(self._card):
            self._buttons(task)
        with clear(self._choice):
            self._assign_form.choice(
                "agent", "Agent", {"": "Choose…", **{one: workers[one] for one in workers if one != task.owner}}
            )

    def _buttons(self, task: Task) -> None:
        who, owner = self._visit.principal, self._visit.agents.get(task.owner or "")
        theirs = who.is_admin or task.created_by == who.user_id
        in_hand = theirs or (owner is not None and stands_for(owner, who))
        if task.status in {_S.COMPLETED, _S.CANCELLED} or not in_hand or not self._visit.may(_STATUS):
            return
        with tag("div", css="card tight stack close"):
            heading(2, "What you can do", css="visually-hidden")
            match task.status:
                case _S.ASSIGNED:
                    button("Start work", self._start, sign="play", kind="primary full")
                    button("Mark as completed", sign="check", kind="full", js=opener("complete"))
                case _S.IN_PROGRESS:
                    button("Mark as completed", sign="check", kind="primary full", js=opener("complete"))
                case _S.UNASSIGNED if theirs:
                    button("Share it out again", self.share_out_again, sign="undo", kind="primary full")
                case _:
                    pass
            if task.status in {_S.ASSIGNED, _S.IN_PROGRESS}:
                button("Decline for its owner", sign="undo", kind="full", js=opener("decline"))
            if task.status in {_S.ASSIGNED, _S.IN_PROGRESS} and theirs:
                button("Give to somebody else", sign="people", kind="full", js=opener("assign"))
            elif theirs:
                button("Assign by hand", sign="people", kind="full", js=opener("assign"))
            button("Cancel the task", sign="cross", kind="danger full", js=opener("cancel"))

    def _build_dialogs(self) -> None:
        confirm(
            "complete",
            "Is it done?",
            "Its owner’s place becomes free, tasks that wait for this one are shared out, and the estimator learns "
            "from the outcome. A completed task stays completed.",
            "It is done",
            self._complete,
            danger=False,
        )
        confirm("cancel", "Cancel this task?", "A cancelled task stays cancelled.", "Cancel the task", self._cancel)
        with dialog("decline", "Decline for its owner"), form(self._decline, css="stack"):
            tag("p", "The task is shared out again, without its present owner.", css="muted")
            Form("decline").text("reason", "Why", rows=3, hint="Optional; it is kept with the task.", maxlength=10_000)
            foot("decline", "Decline")
        with dialog("assign", "Assign by hand"), form(self._assign, css="stack"):
            tag("p", "Your choice is learned from.", css="muted")
            self._choice = tag("div")
            self._why = Form("assign-why")
            self._why.text(
                "reasoning", "Why", rows=3, hint="Optional; the agent and others can read it.", maxlength=10_000
            )
            foot("assign", "Assign")

    async def _start(self) -> None:
        await self._do(lambda: self._desk.set_status(self._id, _S.IN_PROGRESS), _STATUS, said="Work has started.")

    async def _complete(self) -> None:
        await self._do(lambda: self._desk.set_status(self._id, _S.COMPLETED), _STATUS, said="The task is completed.")

    async def _cancel(self) -> None:
        await self._do(lambda: self._desk.set_status(self._id, _S.CANCELLED), _STATUS, said="The task is cancelled.")

    async def share_out_again(self) -> None:
        await self._do(lambda: self._desk.share_out_again(self._id), _AGAIN, said="Everybody is asked anew.")

    async def _decline(self, fields: Fields) -> None:
        owner = self._task.owner if self._task else None
        close("decline")
        if owner is not None:
            reason = field_of(fields, "reason")
            await self._do(
                lambda: self._desk.decline(self._id, owner, reason=reason),
                _DECLINE,
                said="Declined; it is shared out again.",
            )

    async def _assign(self, fields: Fields) -> None:
        chosen, reasoning = field_of(fields, "agent"), field_of(fields, "reasoning")
        if not chosen:
            self._assign_form.show({"agent": "Choose who gets it."})
            return
        self._assign_form.show({})
        before = self._task.owner if self._task else None
        close("assign")
        done = await self._do(
            lambda: self._desk.assign(self._id, chosen, reasoning=reasoning),
            _ASSIGN,
            said=f"It is with {self._visit.name(chosen)} now.",
            undo=_UNDO if before else None,
        )
        if done and before:
            self._undo = lambda: self._desk.assign(self._id, before, reasoning="Given back after a change of mind.")

    async def _take_back(self) -> None:
        undo, self._undo = self._undo, None
        if undo is not None:
            await self._do(undo, _ASSIGN, said="Taken back.")

    async def _do(
        self, doing: Callable[[], Awaitable[object]], route: str, *, said: str, undo: str | None = None
    ) -> bool:
        """Do it, if the visitor may change this task; the person whose twin has it may carry it on or decline."""

        async def if_theirs() -> None:
            visit = self._visit
            await check_task(visit.parts, visit.principal, self._id, as_owner=route in {_STATUS, _DECLINE})
            await doing()

        return await self._visit.act(if_theirs, said=said, undo=undo, needs=route)

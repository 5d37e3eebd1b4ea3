"""What the manager does with messages: a task that somebody sends it is taken in and shared out like any other.

The manager is no way around: what it does is done for whoever the message is handled for, and no more than they may.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from pydantic import ValidationError

from folkmoot.agents import Answering
from folkmoot.agents.behalf import in_hand
from folkmoot.messaging import Delivery, MessageIntent, Reply
from folkmoot.registry import AgentInfo
from folkmoot.tasks.desk import TaskDesk
from folkmoot.tasks.errors import InvalidTaskError, NotYoursError
from folkmoot.tasks.model import NewTask, Sight, TaskState
from folkmoot.tasks.views import task_json

_FIELDS: Final = frozenset(NewTask.model_fields)


class Askers(Protocol):
    """Who the people of this workplace are, as far as tasks go."""

    async def sight(self, user_id: str | None) -> Sight | None:
        """Whose tasks a user sees and may change; None is all. Raises `NotYoursError` for who may change nothing."""
        ...


class Managing:
    """The behaviour of the manager: `assign_task {title, …}` and `update_task_status {task_id, status}`."""

    def __init__(self, *, desk: TaskDesk, askers: Askers) -> None:
        self._desk = desk
        self._askers = askers

    def handlers(self, agent: AgentInfo) -> Mapping[str, Answering]:
        """See `folkmoot.agents.Behaviour`: nothing for anybody but a manager."""
        if agent.type != "manager":
            return {}
        return {
            MessageIntent.ASSIGN_TASK.value: self._assign_task,
            MessageIntent.UPDATE_TASK_STATUS.value: self._update_task_status,
        }

    async def _assign_task(self, delivery: Delivery) -> Reply:
        """Replies with the task as it was taken in. One message is one task, however often it is delivered."""
        data: dict[str, Any] = delivery.message.payload.data
        try:
            new = NewTask.model_validate({name: value for name, value in data.items() if name in _FIELDS})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InvalidTaskError(f"the task cannot be taken in: {where}: {first['msg']}") from error
        user_id = _asker()
        sight = await self._askers.sight(user_id)
        key = delivery.message.message_id
        return task_json(await self._desk.create(new, key=key, created_by=user_id, sight=sight))

    async def _update_task_status(self, delivery: Delivery) -> Reply:
        data = delivery.message.payload.data
        try:
            status = TaskState(str(data.get("status", "")))
        except ValueError as error:
            raise InvalidTaskError(
                f"'{data.get('status')}' is no state of a task; use one of {', '.join(TaskState)}"
            ) from error
        sight = await self._askers.sight(_asker())
        task = await self._desk.find(str(data.get("task_id", "")), sight=sight)
        if sight is not None and task.created_by != sight.user_id and task.owner not in sight.agent_ids:
            raise NotYoursError(
                f"task {task.task_id} is changed by who handed it in, or the person whose twin has it",
                task_id=task.task_id,
            )
        return task_json(await self._desk.set_status(task.task_id, status))


def _asker() -> str | None:
    """For whom the message is handled; None is the house itself."""
    now = in_hand()
    return now.user_id if now else None

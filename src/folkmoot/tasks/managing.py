"""What the manager does with messages: a task that somebody sends it is taken in and shared out like any other."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from folkmoot.agents import Answering
from folkmoot.messaging import Delivery, MessageIntent, Reply
from folkmoot.registry import AgentInfo
from folkmoot.tasks.desk import TaskDesk
from folkmoot.tasks.errors import InvalidTaskError
from folkmoot.tasks.model import NewTask, TaskState
from folkmoot.tasks.views import task_json

_FIELDS: Final = frozenset(NewTask.model_fields)


class Managing:
    """The behaviour of the manager: `assign_task {title, …}` and `update_task_status {task_id, status}`."""

    def __init__(self, *, desk: TaskDesk) -> None:
        self._desk = desk

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
        return task_json(await self._desk.create(new, key=delivery.message.message_id))

    async def _update_task_status(self, delivery: Delivery) -> Reply:
        data = delivery.message.payload.data
        try:
            status = TaskState(str(data.get("status", "")))
        except ValueError as error:
            raise InvalidTaskError(
                f"'{data.get('status')}' is no state of a task; use one of {', '.join(TaskState)}"
            ) from error
        return task_json(await self._desk.set_status(str(data.get("task_id", "")), status))

"""On whose behalf an agent acts while it handles a message, and which calls that message led to already.

The faces put `on_behalf_of` into the context of every message that enters through them, and replace what a client wrote
there. Here it is taken out while the message is handled, and put into every message that the agent sends meanwhile.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from folkmoot.messaging import AgentMessage
from folkmoot.models import Caller
from folkmoot.tools.keys import CallRun

ON_BEHALF_OF: Final = "on_behalf_of"
ROOM: Final = "room"
"""Whose place it is in which something is said, where a program speaks for users of its own."""
_WORKFLOW: Final = "workflow_id"


@dataclass(frozen=True, kw_only=True)
class Handling:
    """One handling of one message. `user_id` None: the house acts for itself."""

    message: AgentMessage
    user_id: str | None
    run: CallRun

    def caller(self, agent_id: str) -> Caller:
        """For whom a model is asked now."""
        workflow = self.message.payload.context.get(_WORKFLOW)
        return Caller(
            agent_id=agent_id,
            user_id=self.user_id,
            conversation_id=self.message.conversation_id,
            workflow_id=workflow if isinstance(workflow, str) else None,
        )


_now: ContextVar[Handling | None] = ContextVar("folkmoot_handling", default=None)


@contextmanager
def handling(message: AgentMessage) -> Iterator[Handling]:
    """While the block runs, its calls and messages are made for this message and its user."""
    user = message.payload.context.get(ON_BEHALF_OF)
    found = Handling(
        message=message, user_id=user if isinstance(user, str) and user else None, run=CallRun(message.message_id)
    )
    mark = _now.set(found)
    try:
        yield found
    finally:
        _now.reset(mark)


def on_behalf_of(message: AgentMessage, user_id: str) -> AgentMessage:
    """A message as it enters through a face: for this user, whatever its context said."""
    context = {**message.payload.context, ON_BEHALF_OF: user_id}
    return message.model_copy(update={"payload": message.payload.model_copy(update={"context": context})})


def in_hand() -> Handling | None:
    """The handling that runs now, None outside of any."""
    return _now.get()


def passed_on(context: Mapping[str, Any] | None) -> dict[str, Any]:
    """The context of a message that is sent now: for whom the present one is handled, whatever the sender wrote."""
    found = in_hand()
    if found is None:
        return dict(context or {})
    rest = {name: value for name, value in (context or {}).items() if name != ON_BEHALF_OF}
    return rest if found.user_id is None else {**rest, ON_BEHALF_OF: found.user_id}

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
FILES_OF: Final = "files_of"
_WORKFLOW: Final = "workflow_id"


@dataclass(frozen=True, kw_only=True)
class Handling:
    """One handling of one message. `user_id` None: the house acts for itself.

    `files_of`: whose files tools keep things in, where that is a room's user and not the account itself.
    """

    message: AgentMessage
    user_id: str | None
    files_of: str | None
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
    context = message.payload.context
    user, files = (one if isinstance(one, str) and one else None for one in map(context.get, (ON_BEHALF_OF, FILES_OF)))
    found = Handling(
        message=message, user_id=user, files_of=(files or user) if user else None, run=CallRun(message.message_id)
    )
    mark = _now.set(found)
    try:
        yield found
    finally:
        _now.reset(mark)


def on_behalf_of(message: AgentMessage, user_id: str, *, files_of: str | None = None) -> AgentMessage:
    """A message as it enters through a face: for this user, whatever its context said.

    `files_of`: a room's user, if what tools keep is to stand in that user's files; the face has to see to it that
    `user_id` may name them.
    """
    context = {**message.payload.context, ON_BEHALF_OF: user_id}
    context.pop(FILES_OF, None)
    if files_of is not None:
        context[FILES_OF] = files_of
    return message.model_copy(update={"payload": message.payload.model_copy(update={"context": context})})


def in_hand() -> Handling | None:
    """The handling that runs now, None outside of any."""
    return _now.get()


def passed_on(context: Mapping[str, Any] | None) -> dict[str, Any]:
    """The context of a message that is sent now: for whom the present one is handled, whatever the sender wrote."""
    found = in_hand()
    if found is None:
        return dict(context or {})
    rest = {name: value for name, value in (context or {}).items() if name not in {ON_BEHALF_OF, FILES_OF}}
    if found.user_id is None:
        return rest
    kept = {FILES_OF: found.files_of} if found.files_of not in {None, found.user_id} else {}
    return {**rest, ON_BEHALF_OF: found.user_id, **kept}

"""Which handler a message goes to: a class's own `handle_<intent>` methods, then the behaviours it was given."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from folkmoot.agents.context import Answering, Behaviour
from folkmoot.agents.errors import AgentsError
from folkmoot.messaging import AgentMessage, Delivery, MessageIntent, Reply
from folkmoot.registry import AgentInfo

_PREFIX: Final = "handle_"
_CUSTOM: Final = "custom:"
_TAKES_DELIVERY: Final = 2


def method_name(intent: str) -> str:
    """`assign_task` → `handle_assign_task`; `custom:daily-report` → `handle_custom_daily_report`."""
    return _PREFIX + re.sub(r"[^a-z0-9]", "_", intent.casefold())


def own_handlers(agent: object) -> dict[str, Answering]:
    """The handlers that are methods of an agent, by intent.

    A method takes the message, and the delivery as a second argument if it wants the transaction or the stream.
    """
    found: dict[str, Answering] = {}
    known = {method_name(intent): str(intent) for intent in MessageIntent}
    for name, _ in inspect.getmembers(type(agent), inspect.isfunction):
        if name in known:
            found[known[name]] = _answering(getattr(agent, name))
        elif name.startswith(f"{_PREFIX}custom_"):
            found[_CUSTOM + name.removeprefix(f"{_PREFIX}custom_")] = _answering(getattr(agent, name))
    return found


def given_handlers(info: AgentInfo, behaviours: Iterable[Behaviour]) -> dict[str, Answering]:
    """The handlers that behaviours give an agent. Two behaviours for one intent are a fault of whoever joined them."""
    found: dict[str, Answering] = {}
    for behaviour in behaviours:
        for intent, handler in behaviour.handlers(info).items():
            if intent in found:
                raise AgentsError(
                    f"two behaviours handle '{intent}' of '{info.agent_id}'; leave one of them away", intent=intent
                )
            found[str(intent)] = handler
    return found


def handler_for(intent: str, handlers: Mapping[str, Answering]) -> Answering | None:
    """The handler of an intent; a custom one is found however its method had to be written."""
    if intent in handlers or not intent.startswith(_CUSTOM):
        return handlers.get(intent)
    wanted = method_name(intent)
    return next((handler for name, handler in handlers.items() if method_name(name) == wanted), None)


def _answering(method: Callable[..., Awaitable[Any]]) -> Answering:
    wants_delivery = len(inspect.signature(method).parameters) >= _TAKES_DELIVERY

    async def answering(delivery: Delivery) -> Reply:
        message: AgentMessage = delivery.message
        reply: Reply = await (method(message, delivery) if wants_delivery else method(message))
        return reply

    return answering

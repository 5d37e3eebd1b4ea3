"""Which handler a message goes to: a class's own `handle_<intent>` methods, then the behaviours it was given."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from folkmoot.agents.context import Answering, Behaviour
from folkmoot.agents.errors import AgentsError
from folkmoot.messaging import AgentMessage, Delivery, MessageIntent, Reply
from folkmoot.registry import AgentInfo

_PREFIX: Final = "handle_"
# What a class that existed before calls its handlers, beside `handle_<intent>`.
SPOKEN: Final[Mapping[MessageIntent, str]] = MappingProxyType(
    {
        MessageIntent.GET_ROADMAP: "_handle_roadmap_request",
        MessageIntent.ASSIGN_TASK: "_handle_task_assignment",
        MessageIntent.UPDATE_TASK_STATUS: "_handle_task_status_update",
        MessageIntent.REQUEST_TASK_HELP: "_handle_task_help_request",
        MessageIntent.SHARE_INSIGHTS: "_handle_insight_sharing",
        MessageIntent.REQUEST_KNOWLEDGE: "_handle_knowledge_request",
        MessageIntent.REQUEST_REVIEW: "_handle_review_request",
        MessageIntent.PROVIDE_FEEDBACK: "_handle_feedback",
        MessageIntent.HEALTH_CHECK: "_handle_health_check",
        MessageIntent.CAPABILITY_QUERY: "_handle_capability_query",
        MessageIntent.AGENT_STATUS: "_handle_status_request",
        MessageIntent.CONSULT: "_handle_consultation",
        MessageIntent.NEGOTIATE: "_handle_negotiation",
        MessageIntent.AWARD: "_handle_award",
        MessageIntent.HANDOFF: "_handle_handoff",
        MessageIntent.NOTIFICATION: "_handle_notification",
        MessageIntent.CHAT: "_handle_chat",
    }
)
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


def spoken_handlers(owner: object) -> dict[str, Answering]:
    """The handlers of a class that is no agent, by intent: `handle_<intent>`, or the private name in `SPOKEN`."""
    private = {intent: getattr(owner, name) for intent, name in SPOKEN.items() if hasattr(type(owner), name)}
    return {**{str(intent): _answering(method) for intent, method in private.items()}, **own_handlers(owner)}


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


def _answering(method: Callable[..., Any]) -> Answering:
    wants_delivery = len(inspect.signature(method).parameters) >= _TAKES_DELIVERY

    async def answering(delivery: Delivery) -> Reply:
        message: AgentMessage = delivery.message
        reply = method(message, delivery) if wants_delivery else method(message)
        said: Reply = await reply if inspect.isawaitable(reply) else reply  # a class that existed before need not await
        return said

    return answering

"""Messages between agents: the envelope, and the broker that keeps each until it was handled.

`broker.py` states the promises; `brokers/` keeps them. A handler's own transaction is in `store.py`. Who exists and
who is online is the registry's business, what a message means the agents'.
"""

from folkmoot.messaging.broker import Broker, Delivery, Directory, Handler, Receipt, Reply, Subscription
from folkmoot.messaging.envelope import (
    EVERYBODY,
    GROUPS,
    AgentMessage,
    MessageIntent,
    MessagePayload,
    Priority,
    selects,
)

__all__ = [
    "EVERYBODY",
    "GROUPS",
    "AgentMessage",
    "Broker",
    "Delivery",
    "Directory",
    "Handler",
    "MessageIntent",
    "MessagePayload",
    "Priority",
    "Receipt",
    "Reply",
    "Subscription",
    "selects",
]

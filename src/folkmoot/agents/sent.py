"""What a sender is told, as plain dictionaries: where an agent stands, what became of a broadcast, its own figures."""

from typing import Literal, TypedDict

from folkmoot.kernel import FolkmootError, rfc3339
from folkmoot.messaging import Receipt
from folkmoot.registry import AgentRecord


class AgentStatus(TypedDict):
    """Where an agent stands: `status` is its presence, `availability` what people said, the rest its load."""

    agent_id: str
    status: str
    availability: str
    current_workload: int
    max_capacity: int
    utilization: float
    last_seen: str | None
    last_active: str | None


class Delivered(TypedDict):
    """What became of a broadcast at one recipient: accepted as a message, or an error."""

    status: Literal["accepted", "refused"]
    message_id: str | None
    error: str | None


class SenderStats(TypedDict):
    """What this sender did since it was made. A reply that came too late counts as a timeout."""

    sender_id: str
    messages_sent: int
    broadcasts_sent: int
    replies_received: int
    timeouts: int
    failures: int


def status_of(one: AgentRecord) -> AgentStatus:
    """Where an agent stands."""
    return AgentStatus(
        agent_id=one.agent_id,
        status=one.presence,
        availability=one.availability,
        current_workload=one.current_workload,
        max_capacity=one.max_capacity,
        utilization=one.utilization,
        last_seen=rfc3339(one.last_seen) if one.last_seen else None,
        last_active=rfc3339(one.last_active) if one.last_active else None,
    )


def delivered(outcome: Receipt | Exception) -> Delivered:
    """What became of one recipient's copy."""
    if isinstance(outcome, Receipt):
        return Delivered(status="accepted", message_id=outcome.message_id, error=None)
    said = outcome.message if isinstance(outcome, FolkmootError) else str(outcome)
    return Delivered(status="refused", message_id=None, error=said)

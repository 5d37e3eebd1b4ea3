"""What the registry announces, and which change is told how. The subject of each event is the agent's id."""

from typing import Any, Final

from folkmoot.events import News
from folkmoot.registry.model import AgentInfo, AgentRecord, Silence

AGENT_REGISTERED: Final = "agent_registered"
"""An agent is known for the first time."""

AGENT_UPDATED: Final = "agent_updated"
"""What an agent is has changed."""

AGENT_DEREGISTERED: Final = "agent_deregistered"
"""An agent is gone for good."""

AGENT_SILENCED: Final = "agent_silenced"
"""A person silenced an agent: it takes no mail, and what it had in hand is cut off. The data says who and why."""

AGENT_UNSILENCED: Final = "agent_unsilenced"
"""A person lets an agent speak again."""

AGENT_STATUS: Final = "agent_status"
"""Presence, availability or load of an agent changed; the data says all three as they are now."""


def as_status(record: AgentRecord) -> dict[str, Any]:
    """What an `agent_status` event says."""
    return {
        "agent_id": record.agent_id,
        "name": record.name,
        "status": record.presence,
        "availability_status": record.availability,
        "current_workload": record.current_workload,
        "max_capacity": record.max_capacity,
        "utilization": record.utilization,
    }


def status_news(record: AgentRecord) -> News:
    """Where an agent stands now."""
    return News(type=AGENT_STATUS, subject=record.agent_id, data=as_status(record))


def change_news(before: AgentRecord | None, after: AgentRecord) -> list[News]:
    """What there is to tell of a change: nothing at all for an agent that registers again as it was."""
    news: list[News] = []
    info = _info(after)
    if before is None:
        news.append(News(type=AGENT_REGISTERED, subject=after.agent_id, data=info.model_dump(mode="json")))
    elif info != _info(before):
        news.append(News(type=AGENT_UPDATED, subject=after.agent_id, data=info.model_dump(mode="json")))
    if before is None or as_status(before) != as_status(after):
        news.append(status_news(after))
    return news


def silence_news(before: AgentRecord, after: AgentRecord, silence: Silence) -> list[News]:
    """What there is to tell of a silence that was set or lifted; who and why only where that is new."""
    news = change_news(before, after)
    if (before.silenced_at is None) != (silence.at is None):
        kind = AGENT_UNSILENCED if silence.at is None else AGENT_SILENCED
        data = {"agent_id": after.agent_id, "name": after.name, "by": silence.by, "reason": silence.reason}
        news.append(News(type=kind, subject=after.agent_id, data=data))
    return news


def gone_news(agent_id: str) -> News:
    """An agent was struck off."""
    return News(type=AGENT_DEREGISTERED, subject=agent_id, data={"agent_id": agent_id})


def _info(record: AgentRecord) -> AgentInfo:
    return AgentInfo.model_construct(**{name: getattr(record, name) for name in AgentInfo.model_fields})

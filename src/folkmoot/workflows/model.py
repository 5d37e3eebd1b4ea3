"""The nouns of a flow while it runs and when it has ended. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from folkmoot.models.model import Source, Usage


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """Something that somebody said in a flow. `quotes`: what the offline model had to quote from, the best first."""

    sender: str
    recipient: str
    content: str
    timestamp: datetime
    model: str | None = None
    quotes: tuple[Source, ...] = ()

    def as_row(self) -> dict[str, Any]:
        """As it is kept and shown."""
        row: dict[str, Any] = {
            "sender": self.sender,
            "recipient": self.recipient,
            "content": self.content,
            "timestamp": self.timestamp.isoformat(),
        }
        return row | ({"model": self.model} if self.model else {})


@dataclass(frozen=True, kw_only=True)
class FlowLimits:
    """What one flow may take: `rounds` of a group chat, `tokens` in all, how long."""

    rounds: int = 30
    tokens: int = 200_000
    time: timedelta = timedelta(minutes=10)
    at_once: int = 8


@dataclass(kw_only=True)
class Spent:
    """What a flow has used so far, by agent; `cost` in nano-USD, None once a price was not known."""

    by_agent: dict[str, Usage] = field(default_factory=dict)
    models: dict[str, None] = field(default_factory=dict)
    cost: int | None = 0

    @property
    def total(self) -> Usage:
        return _sum(list(self.by_agent.values()))

    @property
    def tokens(self) -> int:
        return self.total.input_tokens + self.total.output_tokens

    def add(self, agent: str, usage: Usage, *, model: str, cost: int | None) -> None:
        """Count one answer."""
        self.by_agent[agent] = _sum([self.by_agent.get(agent, Usage()), usage])
        self.models[model] = None
        self.cost = None if self.cost is None or cost is None else self.cost + cost

    def as_row(self) -> dict[str, Any]:
        """`{input_tokens, output_tokens, total_tokens, requests, cost_usd, models, agents}`."""
        return {
            **_shown(self.total),
            "cost_usd": None if self.cost is None else self.cost / 1e9,
            "models": list(self.models),
            "agents": {name: _shown(used) for name, used in self.by_agent.items()},
        }


@dataclass(frozen=True, kw_only=True)
class FlowResult:
    """What a flow came to. `notes` say what was not as the document wanted it."""

    summary: str
    messages: tuple[Utterance, ...]
    usage: dict[str, Any]
    notes: tuple[str, ...]
    started_at: datetime
    ended_at: datetime

    def as_record(self) -> dict[str, Any]:
        """As it is kept with the answer."""
        return {
            "messages": [one.as_row() for one in self.messages],
            "usage": self.usage,
            "notes": list(self.notes),
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
        }


def _sum(several: list[Usage]) -> Usage:
    return Usage(
        input_tokens=sum(one.input_tokens for one in several),
        output_tokens=sum(one.output_tokens for one in several),
        requests=sum(one.requests for one in several),
        tool_calls=sum(one.tool_calls for one in several),
    )


def _shown(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "requests": usage.requests,
    }

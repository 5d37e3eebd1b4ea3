"""The nouns of use: one request to a model and what it took, and sums of them. Money is in nano-USD, whole numbers."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, Literal

NANO: Final = 1_000_000_000
Kind = Literal["answer", "decide", "stream", "test", "embed"]
Outcome = Literal["succeeded", "failed", "cancelled", "refused", "unknown"]
"""`refused`: a budget stopped it before it was sent. `unknown`: the process died while it was on its way."""


def usd(nano: int) -> float:
    """Nano-USD as USD, for the faces."""
    return float(Decimal(nano) / NANO)


def nano(amount: Decimal | float) -> int:
    """USD as nano-USD, rounded half up."""
    return int((Decimal(str(amount)) * NANO).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, kw_only=True)
class Use:
    """One request to a model.

    `model` is the name one would write again, `answered_by` what the server called itself. `cost` is None if the price
    is unknown. `estimated`: the server did not say what it used, and the texts were measured instead.
    """

    usage_id: str
    at: datetime
    kind: str
    model: str
    provider: str
    answered_by: str | None = None
    agent_id: str | None = None
    user_id: str | None = None
    conversation_id: str | None = None
    workflow_id: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    requests: int = 1
    cost: int | None = 0
    duration_ms: int = 0
    outcome: str = "succeeded"
    estimated: bool = False
    offline: bool = False  # costs nothing and no budget holds for it

    @property
    def tokens(self) -> int:
        """Input and output; cached ones are among the input."""
        return self.input_tokens + self.output_tokens


class Group(StrEnum):
    """What use is summed by."""

    MODEL = "model"
    AGENT = "agent"
    USER = "user"
    DAY = "day"
    CONVERSATION = "conversation"
    WORKFLOW = "workflow"
    KIND = "kind"


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """The sum of a group. `key` is None for use that belongs to none, such as the house's own."""

    key: str | None
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: int = 0
    unpriced: int = 0  # requests whose cost is not known
    failed: int = 0
    duration_ms: int = 0

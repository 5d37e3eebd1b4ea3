"""A budget: how many tokens or how much money somebody or something may use in a day, a month, or at all.

Days and months are those of UTC. Pure: where budgets stand and what is left of them is the ledger's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from folkmoot.models.spending.use import NANO, nano

WARN_AT: Final = 0.8  # the share of a budget at which its keepers are told
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LIMIT = re.compile(r"([0-9][0-9_.]*)\s*(usd|tokens)\s*(?:an?|per|/)?\s*(day|month|total)")


class Period(StrEnum):
    """How long a budget lasts before it is full again; `total` never is."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"

    def start(self, at: datetime) -> datetime:
        """When the period began that `at` is in."""
        if self is Period.TOTAL:
            return BEGINNING
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight if self is Period.DAY else midnight.replace(day=1)

    def end(self, at: datetime) -> datetime | None:
        """When the next one begins; None if never."""
        if self is Period.TOTAL:
            return None
        start = self.start(at)
        if self is Period.DAY:
            return start + timedelta(days=1)
        return (start + timedelta(days=32)).replace(day=1)


class Subject(StrEnum):
    """Whose use a budget bounds."""

    WORKPLACE = "workplace"
    USER = "user"
    AGENT = "agent"
    MODEL = "model"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One budget. `subject_id` is empty for the workplace; a model's may be `provider:name` or a whole provider.

    `tokens` counts input and output together, `cost` is in nano-USD; None is without limit. `key` is what its use is
    counted under: the budget's id, or what follows from the setting that it comes from.
    """

    key: str
    subject: Subject
    subject_id: str
    period: Period
    tokens: int | None = None
    cost: int | None = None
    from_settings: bool = False

    @property
    def name(self) -> str:
        """As a message names it: `user anna, 2 USD a day`."""
        whose = self.subject.value if self.subject is Subject.WORKPLACE else f"{self.subject} {self.subject_id}"
        limits = [f"{self.tokens:,} tokens"] if self.tokens is not None else []
        limits += [f"{shown_usd(self.cost)} USD"] if self.cost is not None else []
        often = "in all" if self.period is Period.TOTAL else f"a {self.period}"
        return f"{whose}, {' and '.join(limits)} {often}"

    def holds_for(self, *, model: str, provider: str, agent_id: str | None, user_id: str | None) -> bool:
        """Whether a request of these is bounded by it."""
        match self.subject:
            case Subject.WORKPLACE:
                return True
            case Subject.USER:
                return user_id == self.subject_id
            case Subject.AGENT:
                return agent_id == self.subject_id
            case Subject.MODEL:
                return self.subject_id in {model, provider}


@dataclass(frozen=True, kw_only=True)
class DefaultBudget:
    """A budget that a setting gives to the workplace, or to each user or agent that has none of that period."""

    subject: Subject
    period: Period
    tokens: int | None = None
    cost: int | None = None

    def for_(self, subject_id: str) -> Budget:
        """The budget of one of them."""
        return Budget(
            key=f"setting:{self.subject}:{subject_id}:{self.period}",
            subject=self.subject,
            subject_id=subject_id,
            period=self.period,
            tokens=self.tokens,
            cost=self.cost,
            from_settings=True,
        )


def read_budgets(text: str, subject: Subject) -> list[DefaultBudget]:
    """`2 usd a day, 40 usd a month, 500000 tokens a day`; raises `ValueError` that names the part and an example."""
    limits: dict[Period, dict[str, int]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        found = _LIMIT.fullmatch(part.casefold())
        if found is None:
            raise ValueError(f"'{part}' is no budget; write for example 2 usd a day, 500000 tokens a month")
        try:
            amount = Decimal(found[1].replace("_", ""))
        except InvalidOperation:
            raise ValueError(f"'{found[1]}' in '{part}' is no number") from None
        limits.setdefault(Period(found[3]), {})[found[2]] = nano(amount) if found[2] == "usd" else int(amount)
    return [
        DefaultBudget(subject=subject, period=period, tokens=one.get("tokens"), cost=one.get("usd"))
        for period, one in limits.items()
    ]


def holding(
    budgets: Sequence[Budget],
    defaults: Sequence[DefaultBudget],
    *,
    model: str,
    provider: str,
    agent_id: str | None,
    user_id: str | None,
) -> list[Budget]:
    """The budgets that hold for a request, in a fixed order; one's own goes before what a setting gives to all."""
    found = [
        one for one in budgets if one.holds_for(model=model, provider=provider, agent_id=agent_id, user_id=user_id)
    ]
    own = {(one.subject, one.period) for one in found}
    whose = {Subject.WORKPLACE: "", Subject.USER: user_id, Subject.AGENT: agent_id, Subject.MODEL: model}
    for default in defaults:
        subject_id = whose[default.subject]
        if subject_id is not None and (default.subject, default.period) not in own:
            found.append(default.for_(subject_id))
    return sorted(found, key=lambda one: one.key)


def shown_usd(nano_usd: int) -> str:
    """As a person reads it: `2`, `0.35`, `0.000012`."""
    text = f"{Decimal(nano_usd) / NANO:.6f}".rstrip("0").rstrip(".")
    return text or "0"

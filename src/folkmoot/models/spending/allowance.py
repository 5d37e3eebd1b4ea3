"""How much of an answer the budgets leave room for. Pure.

A request is bounded before it is sent: what it says is measured from above, and what it may answer is capped. The cap
shrinks to what a budget has left, so that the last of it can be used, but not below what is worth asking for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from folkmoot.models.spending.budget import Budget

LEAST_ANSWER: Final = 256  # tokens: an answer that must be shorter is refused instead
_NARROWER: Final = 0.98

Cost = Callable[[int, int], int | None]
"""Input and output tokens → nano-USD, None if the price is not known."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What was used of a budget in its period, and what requests on their way hold."""

    tokens: int = 0
    cost: int = 0
    held_tokens: int = 0
    held_cost: int = 0

    def left(self, budget: Budget) -> tuple[int | None, int | None]:
        """Tokens and nano-USD that nobody used or holds; None without limit. May be negative."""
        return (
            None if budget.tokens is None else budget.tokens - self.tokens - self.held_tokens,
            None if budget.cost is None else budget.cost - self.cost - self.held_cost,
        )

    def share(self, budget: Budget) -> float:
        """The part of the budget that was used, 0 to 1 and above; the tighter of its limits decides."""
        of_tokens = 0.0 if budget.tokens is None else self.tokens / budget.tokens if budget.tokens else 1.0
        of_cost = 0.0 if budget.cost is None else self.cost / budget.cost if budget.cost else 1.0
        return max(of_tokens, of_cost)


@dataclass(frozen=True, kw_only=True)
class Room:
    """What fits: `output` tokens; or, if that is None, the budget that is too small for the request."""

    output: int | None
    tightest: Budget | None = None
    unpriced: bool = False  # it bounds money, and the price of the model is not known


def room_for(budgets: Sequence[tuple[Budget, Spent]], *, asked: int, wanted: int, cost: Cost) -> Room:
    """The longest answer up to `wanted` tokens that every budget leaves room for, to a request of `asked` tokens."""
    least, output = min(LEAST_ANSWER, wanted), wanted
    for budget, spent in budgets:
        tokens, money = spent.left(budget)
        if tokens is not None:
            output = min(output, tokens - asked)
        if money is not None and output >= least:
            if cost(asked, least) is None:
                return Room(output=None, tightest=budget, unpriced=True)
            output = _affordable(money, asked=asked, output=output, least=least, cost=cost)
        if output < least:
            return Room(output=None, tightest=budget)
    return Room(output=output)


def _affordable(money: int, *, asked: int, output: int, least: int, cost: Cost) -> int:
    """The longest answer up to `output` that `money` pays for; 0 if it does not even pay for the least."""
    whole = cost(asked, output) or 0
    if whole <= money:
        return output
    begun = cost(asked, 0) or 0
    if (cost(asked, least) or 0) > money or whole == begun:
        return 0
    fits = max(least, min(output, (money - begun) * output // (whole - begun)))
    while fits > least and (cost(asked, fits) or 0) > money:  # steps in a price are not straight
        fits = max(least, int(fits * _NARROWER))
    return fits

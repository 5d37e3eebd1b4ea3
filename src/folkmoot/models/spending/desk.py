"""What people read and set: who used how much, which budgets there are, and what is left of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from folkmoot.kernel import Clock, new_id
from folkmoot.models.errors import BudgetInvalidError, UnknownBudgetError
from folkmoot.models.spending import store
from folkmoot.models.spending.allowance import Spent
from folkmoot.models.spending.budget import Budget, Period, Subject
from folkmoot.models.spending.ledger import UsageLedger
from folkmoot.models.spending.use import Group, Grouped
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A budget and what was used of it in the present period, which ends at `resets_at` (None: never)."""

    budget: Budget
    spent: Spent
    resets_at: datetime | None

    @property
    def share(self) -> float:
        """The part that was used, from 0."""
        return self.spent.share(self.budget)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Use by group: one page of the groups, how many there are, and the sum of all."""

    groups: list[Grouped]
    total: int
    whole: Grouped


class BudgetDesk:
    """See above."""

    def __init__(
        self, *, database: Database, clock: Clock, ledger: UsageLedger, metrics: Metrics | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._ledger = ledger
        self._metrics = metrics

    async def report(
        self,
        by: Group,
        *,
        since: datetime,
        until: datetime | None = None,
        user_id: str | None = None,
        only: Mapping[str, str] | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Report:
        """What was used from `since` until before `until`, by group; of one user if `user_id` is given.

        `only`: further equalities, by `model`, `agent_id`, `conversation_id`, `workflow_id`.
        """
        await self._ledger.flush()
        async with self._database.read() as session:
            groups, total, whole = await store.grouped(
                session, by, since=since, until=until, user_id=user_id, only=only or {}, limit=limit, offset=offset
            )
        return Report(groups=groups, total=total, whole=whole)

    async def standings(self, *, user_id: str | None = None) -> list[Standing]:
        """Every budget with what is left; with `user_id` only that person's own.

        What settings give to everybody is shown for the workplace, for those who drew on it, and for `user_id`.
        """
        await self._ledger.flush()
        now = self._clock.now()
        async with self._database.write() as session:
            await store.alone(session)
            budgets = await store.select_budgets(session)
            drawn = await store.setting_spendings(session, {period: period.start(now) for period in Period})
            budgets += self._of_settings(budgets, {key for key, _ in drawn}, user_id)
            if user_id is not None:
                budgets = [one for one in budgets if one.subject is Subject.USER and one.subject_id == user_id]
            return [
                Standing(
                    budget=one,
                    spent=store.spent(await store.spending_of(session, one, now)),
                    resets_at=one.period.end(now),
                )
                for one in budgets
            ]

    async def set_budget(
        self,
        subject: Subject,
        subject_id: str,
        period: Period,
        *,
        tokens: int | None,
        cost: int | None,
        user_id: str,
    ) -> Standing:
        """Make a budget or change its limits; `cost` in nano-USD. Raises `BudgetInvalidError`."""
        if tokens is None and cost is None:
            raise BudgetInvalidError("a budget bounds tokens, cost_usd, or both; to lift it, delete it")
        if (subject is Subject.WORKPLACE) != (subject_id == ""):
            raise BudgetInvalidError(
                "the workplace's budget names nobody" if subject_id else f"say which {subject} the budget is for",
                field="subject_id",
            )
        wanted = Budget(key=new_id(), subject=subject, subject_id=subject_id, period=period, tokens=tokens, cost=cost)
        now = self._clock.now()
        await self._ledger.flush()
        async with self._database.write() as session:
            await store.alone(session)
            kept = await store.put_budget(session, wanted, user_id=user_id, at=now)
            spent = store.spent(await store.spending_of(session, kept, now))
        self._ledger.forget_known()
        return Standing(budget=kept, spent=spent, resets_at=period.end(now))

    async def remove(self, budget_id: str) -> None:
        """Lift a budget. Raises `UnknownBudgetError`."""
        async with self._database.write() as session:
            await store.alone(session)
            there = await store.drop_budget(session, budget_id)
        if not there:
            raise UnknownBudgetError(
                f"there is no budget {budget_id}; those that come from settings are changed there", budget_id=budget_id
            )
        self._ledger.forget_known()

    async def measure(self) -> None:
        """Put what is left of every budget into the metrics."""
        if self._metrics is None:
            return
        self._metrics.budget_remaining.clear()
        for one in await self.standings():
            label = self._metrics.budgets(f"{one.budget.subject}:{one.budget.subject_id}:{one.budget.period}")
            self._metrics.budget_remaining.labels(label).set(max(1.0 - one.share, 0.0))

    def _of_settings(self, own: list[Budget], drawn: set[str], user_id: str | None) -> list[Budget]:
        there = {(one.subject, one.subject_id, one.period) for one in own}
        found = []
        for default in self._ledger.defaults:
            whose = {""} if default.subject is Subject.WORKPLACE else _named(drawn, default.subject, default.period)
            if default.subject is Subject.USER and user_id is not None:
                whose.add(user_id)
            found += [
                replace(default.for_(one), from_settings=True)
                for one in sorted(whose)
                if (default.subject, one, default.period) not in there
            ]
        return found


def _named(keys: set[str], subject: Subject, period: Period) -> set[str]:
    head, tail = f"setting:{subject}:", f":{period}"
    return {key[len(head) : -len(tail)] for key in keys if key.startswith(head) and key.endswith(tail)}

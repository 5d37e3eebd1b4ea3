"""The one book in which every request to a model stands: held of the budgets before it is sent, counted after it.

A request for which a budget holds is written down before it is sent (`begin`), in one transaction that finds the room
and takes it, so that many at once cannot all have the last of a budget. What it used is written behind the answer
(`end`): nobody waits for it. An orderly stop writes everything; a killed process loses the uses of its last moments for
which no budget held, and those for which one held are found again by their reservations and count as wholly used.
The offline model is counted too, and no budget holds for it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, FolkmootError, rfc3339
from folkmoot.models.errors import ModelBudgetExceededError, ModelPriceUnknownError
from folkmoot.models.model import ModelHandle
from folkmoot.models.spending import store
from folkmoot.models.spending.allowance import Spent, room_for
from folkmoot.models.spending.budget import WARN_AT, Budget, DefaultBudget, holding, shown_usd
from folkmoot.models.spending.prices import Prices, Tokens
from folkmoot.models.spending.tables import BudgetSpendingRow
from folkmoot.models.spending.use import Use, usd
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics, get_logger

BUDGET_NEARLY_USED: Final = "budget_nearly_used"
BUDGET_EXHAUSTED: Final = "budget_exhausted"
ABANDONED: Final = timedelta(hours=1)
GATHER: Final = timedelta(milliseconds=500)
_AGAIN: Final = timedelta(seconds=2)
_KNOWN_FOR: Final = timedelta(seconds=5)
_LONGEST_QUEUE: Final = 20_000
_log = get_logger("folkmoot.models")


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """Leave for one request. `output_tokens` is the longest answer that was reserved, None where no budget holds."""

    use: Use
    output_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    use: Use
    handle: ModelHandle
    output: int


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    budget: Budget
    spent: Spent
    unpriced: bool


class UsageLedger:
    """See above. `longest_answer`: tokens held for an answer where a budget holds and the request names no limit."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        events: EventLog,
        prices: Prices,
        metrics: Metrics | None = None,
        defaults: Sequence[DefaultBudget] = (),
        longest_answer: int = 8192,
    ) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._metrics = metrics
        self._waiting: deque[Use] = deque()
        self._writing = asyncio.Lock()
        self._heard = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._known: tuple[float, list[Budget]] | None = None
        self.prices = prices
        self.defaults = tuple(defaults)
        self._longest_answer = longest_answer

    async def start(self) -> None:
        """Find what an earlier process left on its way, and begin to write."""
        # The home has one owner, so on SQLite nobody else can have made them; elsewhere another server may be at work.
        patience = timedelta(0) if self._database.is_sqlite else ABANDONED
        await self.collect_abandoned(patience)
        self._writer = asyncio.create_task(self._write_behind(), name="usage-writer")

    async def stop(self) -> None:
        """Write everything that was used, and end."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        try:
            await self.flush()
        except FolkmootError as error:
            self._lost(len(self._waiting), error)
            self._waiting.clear()

    def forget_known(self) -> None:
        """The budgets changed: look at them anew."""
        self._known = None

    async def begin(self, use: Use, *, handle: ModelHandle, wanted: int | None = None) -> Ticket:
        """Leave to send a request of at most `use.input_tokens`, whose answer may have `wanted` tokens.

        Raises `ModelBudgetExceededError` if a budget has no room for it, and `ModelPriceUnknownError` if a budget
        bounds money and the price of the model is not known.
        """
        if handle.offline or not await self._bounded(use):
            return Ticket(use=use)
        if handle.remote:
            await asyncio.to_thread(self.prices.cost, handle, Tokens(input=1))  # imports the list, once
        outcome = await self._write(_Wanted(use=use, handle=handle, output=wanted or self._longest_answer))
        if isinstance(outcome, _Refusal):
            if self._metrics is not None:
                self._metrics.budget_refusals.labels(outcome.budget.subject.value).inc()
            raise self._refused(outcome, handle)
        return Ticket(use=use, output_tokens=outcome)

    def end(self, use: Use) -> None:
        """A request came to its end; what it held is given back and what it used is counted, in a moment."""
        self._measure(use)
        if len(self._waiting) >= _LONGEST_QUEUE:
            self._lost(1, None)
            return
        self._waiting.append(use)
        self._heard.set()

    async def flush(self) -> None:
        """Write what waits, now."""
        if self._waiting:
            await self._write(None)

    async def collect_abandoned(self, older_than: timedelta = ABANDONED) -> int:
        """Count what was reserved that long ago and never ended as used: nobody knows better. How many there were."""
        async with self._database.read() as session:
            found = await store.abandoned(session, before=self._clock.now() - older_than)
        for use in found:
            _log.warning("a request to a model was cut off; it counts as wholly used", model=use.model, at=str(use.at))
            self._waiting.append(replace(use, outcome="unknown", estimated=True))
        await self.flush()
        return len(found)

    async def prune(self, older_than: timedelta) -> int:
        """Forget uses made longer ago than that; how many."""
        async with self._database.write() as session:
            return await store.prune_uses(session, self._clock.now() - older_than)

    async def _bounded(self, use: Use) -> bool:
        now = self._clock.monotonic()
        if self._known is None or now - self._known[0] > _KNOWN_FOR.total_seconds():
            async with self._database.read() as session:
                self._known = (now, await store.select_budgets(session))
        return bool(self._holding(use, self._known[1]))

    def _holding(self, use: Use, budgets: Sequence[Budget]) -> list[Budget]:
        return holding(
            budgets,
            self.defaults,
            model=use.model,
            provider=use.provider,
            agent_id=use.agent_id,
            user_id=use.user_id,
        )

    async def _write(self, wanted: _Wanted | None) -> _Refusal | int | None:
        async with self._writing:
            batch = list(self._waiting)
            self._waiting.clear()
            try:
                async with self._database.write() as session:
                    await store.alone(session)
                    budgets = await store.select_budgets(session)
                    if batch:
                        await self._settle(session, batch, budgets)
                    outcome = await self._reserve(session, wanted, budgets) if wanted else None
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise
            finally:
                if self._metrics is not None:
                    self._metrics.usage_unwritten.set(len(self._waiting))
        return outcome

    async def _settle(self, session: store.Transaction, batch: Sequence[Use], budgets: Sequence[Budget]) -> None:
        fresh = await store.insert_uses(session, batch)
        await store.release(session, [one.usage_id for one in fresh])
        for use in fresh:
            if use.offline:
                continue
            for budget in self._holding(use, budgets):
                row = await store.known_spending(session, budget, use.at)
                # One that nobody asked for yet will be made from the uses on record, of which this is one.
                if row is not None:
                    row.tokens += use.tokens
                    row.cost += use.cost or 0
                    await self._tell(session, budget, row, exhausted=False)

    async def _reserve(
        self, session: store.Transaction, wanted: _Wanted, budgets: Sequence[Budget]
    ) -> _Refusal | int | None:
        use, handle = wanted.use, wanted.handle

        def cost(asked: int, answered: int) -> int | None:
            return self.prices.cost(handle, Tokens(input=asked, output=answered))

        rows = [(one, await store.spending_of(session, one, use.at)) for one in self._holding(use, budgets)]
        if not rows:
            return None
        room = room_for(
            [(one, store.spent(row)) for one, row in rows], asked=use.input_tokens, wanted=wanted.output, cost=cost
        )
        if room.output is None:
            assert room.tightest is not None
            budget, row = next((one, row) for one, row in rows if one == room.tightest)
            if not room.unpriced and not (row.held_tokens or row.held_cost):
                await self._tell(session, budget, row, exhausted=True)
            return _Refusal(budget=budget, spent=store.spent(row), unpriced=room.unpriced)
        most = cost(use.input_tokens, room.output)
        kept = replace(use, output_tokens=room.output, cost=most)
        tokens = use.input_tokens + room.output
        held = [row for _, row in rows]
        await store.hold(session, kept, held, tokens=tokens, cost=most or 0, at=self._clock.now())
        return room.output

    async def _tell(
        self, session: store.Transaction, budget: Budget, row: BudgetSpendingRow, *, exhausted: bool
    ) -> None:
        """Say once in a period that a budget is nearly used, and once that it stopped somebody."""
        said = row.exceeded if exhausted else row.warned
        if said or not (exhausted or store.spent(row).share(budget) >= WARN_AT):
            return
        if exhausted:
            row.exceeded = True
        else:
            row.warned = True
        resets = budget.period.end(row.period_start)
        data = {
            "budget": budget.name,
            "budget_id": budget.key,
            "subject": budget.subject.value,
            "subject_id": budget.subject_id,
            "period": budget.period.value,
            "used_tokens": row.tokens,
            "limit_tokens": budget.tokens,
            "used_cost_usd": usd(row.cost),
            "limit_cost_usd": None if budget.cost is None else usd(budget.cost),
            "resets_at": rfc3339(resets) if resets else None,
        }
        what = BUDGET_EXHAUSTED if exhausted else BUDGET_NEARLY_USED
        await self._events.record(session, what, budget.key, data)
        _log.warning(what, **data)

    def _refused(self, refusal: _Refusal, handle: ModelHandle) -> ModelBudgetExceededError | ModelPriceUnknownError:
        budget, spent = refusal.budget, refusal.spent
        if refusal.unpriced:
            return ModelPriceUnknownError(
                f"the budget '{budget.name}' bounds money, and the price of {handle.name} is not known; name it in the "
                "file of MODEL_PRICES_FILE, or ask a model whose price is known",
                model=handle.name,
                budget=budget.name,
            )
        now = self._clock.now()
        resets = budget.period.end(now)
        if spent.held_tokens or spent.held_cost:
            when = "requests that are on their way hold the rest: try again when they have ended"
            patience: float | None = 5.0
        elif resets is not None:
            when, patience = f"it is full again at {rfc3339(resets)}", (resets - now).total_seconds()
        else:
            when, patience = "it does not fill again by itself", None
        used = [f"{spent.tokens:,} of {budget.tokens:,} tokens"] if budget.tokens is not None else []
        used += [f"{shown_usd(spent.cost)} of {shown_usd(budget.cost)} USD"] if budget.cost is not None else []
        return ModelBudgetExceededError(
            f"the budget '{budget.name}' has no room for this request: {' and '.join(used)} are used; {when}. "
            "An administrator can raise it (dashboard, Usage; or `folkmoot usage set-budget`)",
            budget=budget.name,
            budget_id=budget.key,
            used_tokens=spent.tokens,
            limit_tokens=budget.tokens,
            used_cost_usd=usd(spent.cost),
            limit_cost_usd=None if budget.cost is None else usd(budget.cost),
            resets_at=rfc3339(resets) if resets else None,
            retry_after_seconds=patience,
        )

    async def _write_behind(self) -> None:
        while True:
            await self._heard.wait()
            self._heard.clear()
            await asyncio.sleep(GATHER.total_seconds())
            try:
                await self.flush()
            except FolkmootError as error:
                _log.warning("use cannot be written now and is kept", waiting=len(self._waiting), error=error.message)
                await asyncio.sleep(_AGAIN.total_seconds())
                self._heard.set()

    def _measure(self, use: Use) -> None:
        if self._metrics is None:
            return
        model = self._metrics.models(use.model)
        self._metrics.model_requests.labels(model, use.outcome).inc(use.requests)
        self._metrics.model_seconds.labels(model).observe(use.duration_ms / 1000)
        self._metrics.model_tokens.labels(model, "input").inc(use.input_tokens)
        self._metrics.model_tokens.labels(model, "output").inc(use.output_tokens)
        self._metrics.model_tokens.labels(model, "cached").inc(use.cached_tokens)
        self._metrics.model_cost.labels(model).inc(usd(use.cost or 0))

    def _lost(self, count: int, error: FolkmootError | None) -> None:
        if count:
            _log.error("records of use were lost", count=count, error=error.message if error else "too many wait")
        if self._metrics is not None and count:
            self._metrics.usage_lost.inc(count)

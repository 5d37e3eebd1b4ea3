"""How use and budgets get into their tables and out of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, case, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.kernel import rfc3339
from folkmoot.models.spending.allowance import Spent
from folkmoot.models.spending.budget import Budget, Period, Subject
from folkmoot.models.spending.tables import BudgetReservationRow, BudgetRow, BudgetSpendingRow, ModelUsageRow
from folkmoot.models.spending.use import Group, Grouped, Use

Transaction: TypeAlias = AsyncSession
"""What `Database.write()` gives."""

# Who settles or reserves does it alone: two servers must not both find the last of a budget.
_ONE_AT_A_TIME: Final = 0x6275_6467
_FIELDS: Final = tuple(field.name for field in fields(Use))


async def alone(session: Transaction) -> None:
    """Wait for other servers' reservations to commit; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})


async def select_budgets(session: Transaction) -> list[Budget]:
    """Every budget that a person set."""
    rows = await session.scalars(select(BudgetRow).order_by(BudgetRow.subject, BudgetRow.subject_id, BudgetRow.period))
    return [_budget(row) for row in rows]


async def put_budget(session: Transaction, wanted: Budget, *, user_id: str, at: datetime) -> Budget:
    """Make a budget, or change the limits of the one that there is for this subject and period."""
    row = await session.scalar(
        select(BudgetRow).where(
            BudgetRow.subject == wanted.subject,
            BudgetRow.subject_id == wanted.subject_id,
            BudgetRow.period == wanted.period,
        )
    )
    if row is None:
        row = BudgetRow(
            budget_id=wanted.key,
            subject=wanted.subject.value,
            subject_id=wanted.subject_id,
            period=wanted.period.value,
            created_at=at,
        )
        session.add(row)
    row.tokens, row.cost, row.user_id, row.updated_at = wanted.tokens, wanted.cost, user_id, at
    await session.flush()
    spending = await session.get(BudgetSpendingRow, (row.budget_id, wanted.period.start(at)))
    if spending is not None:
        spending.warned = spending.exceeded = False  # the limits changed: what was said of the old ones is over
    return _budget(row)


async def drop_budget(session: Transaction, budget_id: str) -> bool:
    """Delete a budget and what was counted for it; whether there was one."""
    row = await session.get(BudgetRow, budget_id)
    if row is None:
        return False
    await session.delete(row)
    await session.execute(delete(BudgetSpendingRow).where(BudgetSpendingRow.key == budget_id))
    return True


async def insert_uses(session: Transaction, uses: Sequence[Use]) -> list[Use]:
    """Write uses; those that were not there yet."""
    known = set(
        await session.scalars(
            select(ModelUsageRow.usage_id).where(ModelUsageRow.usage_id.in_([one.usage_id for one in uses]))
        )
    )
    fresh = [one for one in uses if one.usage_id not in known]
    if fresh:
        await session.execute(insert(ModelUsageRow), [asdict(one) for one in fresh])
    return fresh


async def spending_of(session: Transaction, budget: Budget, at: datetime) -> BudgetSpendingRow:
    """What was used of a budget in the period of `at`; made from the uses on record when it is first asked for."""
    start = budget.period.start(at)
    row = await session.get(BudgetSpendingRow, (budget.key, start))
    if row is None:
        used = (
            await session.execute(
                select(
                    func.coalesce(func.sum(ModelUsageRow.input_tokens + ModelUsageRow.output_tokens), 0),
                    func.coalesce(func.sum(ModelUsageRow.cost), 0),
                ).where(ModelUsageRow.at >= start, ModelUsageRow.offline.is_(False), *_of(budget))
            )
        ).one()
        row = BudgetSpendingRow(
            key=budget.key,
            period_start=start,
            tokens=int(used[0] or 0),
            cost=int(used[1] or 0),
            held_tokens=0,
            held_cost=0,
            warned=False,
            exceeded=False,
        )
        session.add(row)
        await session.flush()
    return row


async def known_spending(session: Transaction, budget: Budget, at: datetime) -> BudgetSpendingRow | None:
    """As `spending_of`, None if nobody asked for it yet."""
    return await session.get(BudgetSpendingRow, (budget.key, budget.period.start(at)))


async def setting_spendings(session: Transaction, starts: Mapping[Period, datetime]) -> list[tuple[str, datetime]]:
    """Keys of budgets that come from settings and were drawn on in a present period."""
    rows = await session.execute(
        select(BudgetSpendingRow.key, BudgetSpendingRow.period_start).where(
            BudgetSpendingRow.key.like("setting:%"), BudgetSpendingRow.period_start.in_(set(starts.values()))
        )
    )
    return [(key, start) for key, start in rows]


def spent(row: BudgetSpendingRow) -> Spent:
    """The row as the pure part knows it."""
    return Spent(tokens=row.tokens, cost=row.cost, held_tokens=row.held_tokens, held_cost=row.held_cost)


async def hold(
    session: Transaction, use: Use, rows: Sequence[BudgetSpendingRow], *, tokens: int, cost: int, at: datetime
) -> None:
    """Reserve of every budget at once."""
    for row in rows:
        row.held_tokens += tokens
        row.held_cost += cost
    kept = {**asdict(use), "at": rfc3339(use.at)}
    held = [[row.key, rfc3339(row.period_start)] for row in rows]
    session.add(BudgetReservationRow(usage_id=use.usage_id, at=at, tokens=tokens, cost=cost, held=held, use=kept))
    await session.flush()


async def release(session: Transaction, usage_ids: Collection[str]) -> None:
    """Give back what these requests held, if they still hold something."""
    held = BudgetReservationRow.usage_id.in_(usage_ids)
    for reservation in list(await session.scalars(select(BudgetReservationRow).where(held))):
        for key, start in reservation.held:
            row = await session.get(BudgetSpendingRow, (key, datetime.fromisoformat(start)))
            if row is not None:
                row.held_tokens = max(row.held_tokens - reservation.tokens, 0)
                row.held_cost = max(row.held_cost - reservation.cost, 0)
        await session.delete(reservation)
    await session.flush()


async def abandoned(session: Transaction, *, before: datetime) -> list[Use]:
    """The uses that reservations made before a time become, as far as anybody can tell."""
    rows = await session.scalars(select(BudgetReservationRow).where(BudgetReservationRow.at <= before))
    found = []
    for row in rows:
        values: dict[str, Any] = {name: row.use[name] for name in _FIELDS if name in row.use}
        values["at"] = datetime.fromisoformat(str(values["at"]))
        found.append(Use(**values))
    return found


async def prune_uses(session: Transaction, before: datetime) -> int:
    """Forget uses made before a time, and periods that ended before it; how many uses."""
    gone = await session.execute(delete(ModelUsageRow).where(ModelUsageRow.at < before))
    await session.execute(
        delete(BudgetSpendingRow).where(
            BudgetSpendingRow.period_start < before, BudgetSpendingRow.period_start > Period.TOTAL.start(before)
        )
    )
    return int(getattr(gone, "rowcount", 0))


async def grouped(
    session: Transaction,
    by: Group,
    *,
    since: datetime,
    until: datetime | None,
    user_id: str | None,
    only: Mapping[str, str],
    limit: int,
    offset: int,
) -> tuple[list[Grouped], int, Grouped]:
    """Sums by group, the dearest first (days: the newest first), how many groups there are, and the sum of all."""
    row = ModelUsageRow
    key = _key(by, session.get_bind().dialect.name)
    where: list[ColumnElement[bool]] = [row.at >= since]
    if until is not None:
        where.append(row.at < until)
    if user_id is not None:
        where.append(row.user_id == user_id)
    where += [getattr(row, name) == value for name, value in only.items()]
    sums = (
        func.coalesce(func.sum(row.requests), 0),
        func.coalesce(func.sum(row.input_tokens), 0),
        func.coalesce(func.sum(row.output_tokens), 0),
        func.coalesce(func.sum(row.cached_tokens), 0),
        func.coalesce(func.sum(row.cost), 0),
        func.coalesce(func.sum(case((row.cost.is_(None), row.requests), else_=0)), 0),
        func.coalesce(func.sum(case((row.outcome != "succeeded", 1), else_=0)), 0),
        func.coalesce(func.sum(row.duration_ms), 0),
    )
    order = [key.desc()] if by is Group.DAY else [sums[4].desc(), (sums[1] + sums[2]).desc(), key]
    found = await session.execute(
        select(key, *sums).where(*where).group_by(key).order_by(*order).limit(limit).offset(offset)
    )
    groups = [_grouped(one[0], one[1:]) for one in found]
    count = await session.scalar(select(func.count()).select_from(select(key).where(*where).group_by(key).subquery()))
    whole = (await session.execute(select(*sums).where(*where))).one()
    return groups, int(count or 0), _grouped(None, whole)


def _grouped(key: str | None, sums: Sequence[Any]) -> Grouped:
    numbers = [int(one) for one in sums]
    return Grouped(
        key=key,
        requests=numbers[0],
        input_tokens=numbers[1],
        output_tokens=numbers[2],
        cached_tokens=numbers[3],
        cost=numbers[4],
        unpriced=numbers[5],
        failed=numbers[6],
        duration_ms=numbers[7],
    )


def _key(by: Group, dialect: str) -> Any:
    row = ModelUsageRow
    if by is Group.DAY:
        if dialect == "sqlite":
            return func.substr(row.at, 1, 10)
        return func.to_char(func.timezone("UTC", row.at), text("'YYYY-MM-DD'"))
    columns: dict[Group, Any] = {
        Group.MODEL: row.model,
        Group.AGENT: row.agent_id,
        Group.USER: row.user_id,
        Group.CONVERSATION: row.conversation_id,
        Group.WORKFLOW: row.workflow_id,
        Group.KIND: row.kind,
    }
    return columns[by]


def _of(budget: Budget) -> list[ColumnElement[bool]]:
    """Which uses a budget counts; the same as `Budget.holds_for`."""
    row = ModelUsageRow
    match budget.subject:
        case Subject.WORKPLACE:
            return []
        case Subject.USER:
            return [row.user_id == budget.subject_id]
        case Subject.AGENT:
            return [row.agent_id == budget.subject_id]
        case Subject.MODEL:
            return [(row.model == budget.subject_id) | (row.provider == budget.subject_id)]


def _budget(row: BudgetRow) -> Budget:
    return Budget(
        key=row.budget_id,
        subject=Subject(row.subject),
        subject_id=row.subject_id,
        period=Period(row.period),
        tokens=row.tokens,
        cost=row.cost,
    )

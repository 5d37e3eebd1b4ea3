"""What models used and cost, by model, agent, user, day; and the budgets that bound it (SPEC C5)."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.models.spending import Group, Grouped, Period, Standing, Subject
from folkmoot.models.spending.use import nano, usd
from folkmoot.security import Principal
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.bounded import bounded
from folkmoot.web.moments import Moment

router = APIRouter(prefix="/api/usage", tags=["usage"])
MOST_TOKENS = 10**15
MOST_USD = 1_000_000.0
USUAL = timedelta(days=30)


class UsageSum(BaseModel):
    """What a group used. `key` is null for use that belongs to none; `cost_usd` is of what has a known price."""

    key: str | None = Field(examples=["openai:gpt-5-mini"])
    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int = Field(description="among the input")
    total_tokens: int
    cost_usd: float
    unpriced_requests: int = Field(description="requests of models whose price is not known")
    failed_requests: int
    seconds: float


class UsagePage(Page[UsageSum]):
    """Use by group, the dearest first (days: the newest first), and the sum of all."""

    group_by: Group
    since: AwareDatetime
    until: AwareDatetime | None
    whole: UsageSum


class BudgetWanted(BaseModel):
    """Whose use is bounded, for how long, by how much; the workplace's budget names nobody."""

    model_config = ConfigDict(extra="forbid")
    subject: Subject = Field(examples=["user"])
    subject_id: str = Field(
        default="",
        max_length=200,
        description="The user, agent, `provider:model` or provider",
        examples=["anna"],
    )
    period: Period = Field(examples=["day"])
    tokens: int | None = Field(default=None, ge=0, le=MOST_TOKENS, examples=[500_000])
    cost_usd: float | None = Field(default=None, ge=0, le=MOST_USD, allow_inf_nan=False, examples=[2.5])


class BudgetShown(BaseModel):
    """A budget and where it stands. `held` is what requests on their way may still use."""

    budget_id: str
    name: str = Field(examples=["user anna, 2.5 USD a day"])
    subject: Subject
    subject_id: str
    period: Period
    source: Literal["person", "settings"]
    tokens: int | None
    cost_usd: float | None
    used_tokens: int
    used_cost_usd: float
    held_tokens: int
    held_cost_usd: float
    share: float = Field(description="the part that is used, from 0; the tighter limit decides")
    resets_at: AwareDatetime | None = Field(description="null: never")


class BudgetList(BaseModel):
    """Every budget that the asker may see."""

    items: list[BudgetShown]
    total: int
    next: str | None = None


@router.get("", responses=documented(401, 422, 503))
async def usage(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    group_by: Annotated[Group, Query(description="What is summed by")] = Group.MODEL,
    since: Annotated[Moment | None, Query(description="From then on; without it the last 30 days")] = None,
    until: Annotated[Moment | None, Query(description="Before then; without it until now")] = None,
    user_id: Annotated[str | None, Query(max_length=200, description="Only this user's; others' is for admins")] = None,
    agent_id: Annotated[str | None, Query(max_length=200)] = None,
    model: Annotated[str | None, Query(max_length=200)] = None,
    conversation_id: Annotated[str | None, Query(max_length=200)] = None,
    workflow_id: Annotated[str | None, Query(max_length=200)] = None,
) -> UsagePage:
    """Tokens, cost and time, by group. Who is no administrator sees their own."""
    begin = since or rooms.clock.now() - USUAL
    named = {
        "agent_id": agent_id,
        "model": model,
        "conversation_id": conversation_id,
        "workflow_id": workflow_id,
    }
    found = await rooms.budgets.report(
        group_by,
        since=begin,
        until=until,
        user_id=_whose(principal, user_id),
        only={name: value for name, value in named.items() if value is not None},
        limit=window.limit,
        offset=window.offset,
    )
    page = window.page([_sum(one) for one in found.groups], found.total)
    return UsagePage(
        items=page.items,
        total=page.total,
        next=page.next,
        group_by=group_by,
        since=begin,
        until=until,
        whole=_sum(found.whole),
    )


@router.get("/budgets", responses=documented(401, 503))
async def budgets(principal: SignedIn, rooms: Rooms) -> BudgetList:
    """The budgets and what is left of them; who is no administrator sees their own."""
    found = await rooms.budgets.standings(user_id=None if principal.is_admin else principal.user_id)
    shown = [_budget(one) for one in found]
    return BudgetList(items=shown, total=len(shown))


@router.put("/budgets", responses=documented(401, 403, 413, 422, 429, 503))
async def set_budget(principal: SignedIn, rooms: Rooms, wanted: BudgetWanted) -> BudgetShown:
    """Make a budget, or change the limits of the one that this subject has for this period."""
    kept = await rooms.budgets.set_budget(
        wanted.subject,
        await bounded(rooms.users, wanted.subject, wanted.subject_id.strip()),
        wanted.period,
        tokens=wanted.tokens,
        cost=None if wanted.cost_usd is None else nano(wanted.cost_usd),
        user_id=principal.user_id,
    )
    return _budget(kept)


@router.delete("/budgets/{budget_id}", status_code=204, responses=documented(401, 403, 404, 422, 429, 503))
async def lift_budget(_principal: SignedIn, rooms: Rooms, budget_id: str) -> Response:
    """Lift a budget that a person set."""
    await rooms.budgets.remove(budget_id)
    return Response(status_code=204)


def _whose(principal: Principal, asked: str | None) -> str | None:
    return asked if principal.is_admin else principal.user_id


def _sum(one: Grouped) -> UsageSum:
    return UsageSum(
        key=one.key,
        requests=one.requests,
        input_tokens=one.input_tokens,
        output_tokens=one.output_tokens,
        cached_tokens=one.cached_tokens,
        total_tokens=one.input_tokens + one.output_tokens,
        cost_usd=usd(one.cost),
        unpriced_requests=one.unpriced,
        failed_requests=one.failed,
        seconds=round(one.duration_ms / 1000, 3),
    )


def _budget(one: Standing) -> BudgetShown:
    budget, spent = one.budget, one.spent
    return BudgetShown(
        budget_id=budget.key,
        name=budget.name,
        subject=budget.subject,
        subject_id=budget.subject_id,
        period=budget.period,
        source="settings" if budget.from_settings else "person",
        tokens=budget.tokens,
        cost_usd=None if budget.cost is None else usd(budget.cost),
        used_tokens=spent.tokens,
        used_cost_usd=usd(spent.cost),
        held_tokens=spent.held_tokens,
        held_cost_usd=usd(spent.held_cost),
        share=round(one.share, 4),
        resets_at=one.resets_at,
    )

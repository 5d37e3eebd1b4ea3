"""Which language models there are, how they are, and a try of one (SPEC C6)."""

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.kernel import excerpt
from folkmoot.models import Caller, Limits
from folkmoot.models.model import ModelReport, ModelState
from folkmoot.models.spending.prices import Tokens
from folkmoot.models.spending.use import usd
from folkmoot.web import Rooms, SignedIn, documented

router = APIRouter(prefix="/api/models", tags=["models"])
_MILLION = 1_000_000
_LONGEST_REPLY = 500


class ModelShown(BaseModel):
    """One provider and the model that its bare name means now.

    `status`: `ok`, `down` (its server does not answer), `not_configured` (see `detail`). Prices are USD for a million
    tokens; null if nobody knows them.
    """

    provider: str = Field(examples=["openai"])
    name: str | None = Field(examples=["openai:gpt-5-mini"])
    status: str = Field(examples=["ok"])
    detail: str | None
    remote: bool | None = Field(description="whether what it is told leaves this machine and its network")
    default: bool = Field(description="whether agents without a model of their own ask it")
    models: list[str] = Field(description="what its server lists, if it lists any")
    requests_per_minute: int | None = Field(description="how often this process asks it in a minute; null: no limit")
    requests_at_once: int | None = Field(description="how many requests may be on their way; null: no limit")
    requests_last_minute: int
    requests_on_their_way: int
    requests_waiting: int
    input_price_usd: float | None
    output_price_usd: float | None


class ModelList(BaseModel):
    """The providers, in the order in which `auto` tries them."""

    items: list[ModelShown]
    total: int
    next: str | None = None
    default: str | None = Field(description="what agents without a model of their own ask now")
    chain: list[str] = Field(description="the models of `default`, in the order in which they are asked")
    asked: list["ModelFigures"] = Field(description="how each model was that was asked since the start")


class ModelFigures(BaseModel):
    """How one model was since the server started; seconds are of its latest few hundred requests.

    `breaker`: `closed` (asked as usual), `open` (left alone), `half-open` (tried with one request).
    """

    name: str = Field(examples=["openai:gpt-5-mini"])
    provider: str
    remote: bool
    breaker: str = Field(examples=["closed"])
    rests_for_seconds: float
    requests: int
    failed_requests: int
    repeated_requests: int = Field(description="sent again after a passing fault")
    fallbacks: int = Field(description="how often a chain went on to its next model from here")
    seconds_median: float | None
    seconds_p95: float | None
    first_token_seconds_median: float | None = Field(description="of streams")
    first_token_seconds_p95: float | None
    last_answer_at: AwareDatetime | None
    last_failure_at: AwareDatetime | None
    last_failure: str | None


class ModelFiguresList(BaseModel):
    """Every model that was asked since the server started."""

    items: list[ModelFigures]
    total: int
    next: str | None = None


class ModelHealth(BaseModel):
    """Whether a question to the workplace's model would be answered now.

    `ok`: by the first of the chain; `degraded`: by a later one, or offline though a model is set; `down`: by none.
    """

    status: Literal["ok", "degraded", "down"]
    detail: str | None
    default: str | None
    members: list["MemberHealth"]


class MemberHealth(BaseModel):
    """One model of the chain."""

    name: str
    status: Literal["ok", "down"]
    breaker: str
    detail: str | None


class TestWanted(BaseModel):
    """Which model is tried; without one the workplace's."""

    model_config = ConfigDict(extra="forbid")
    model: str | None = Field(default=None, min_length=1, max_length=200, examples=["ollama:llama3.2"])
    prompt: str = Field(default="Answer with one word: ready?", min_length=1, max_length=2000)


class TestResult(BaseModel):
    """What it answered, how fast, and what that took."""

    ok: bool = True
    model: str
    answered_by: str
    reply: str
    seconds: float
    input_tokens: int
    output_tokens: int
    cost_usd: float | None = Field(description="null if its price is not known")


@router.get("", responses=documented(401, 422, 503))
async def models(
    _principal: SignedIn,
    rooms: Rooms,
    listing: Annotated[bool, Query(description="Ask each server for the models it has")] = False,
) -> ModelList:
    """The providers, whether they can be asked now, and what they cost."""
    states = await rooms.models.states(listing=listing)
    shown = [_shown(one, rooms) for one in states]
    chosen = await rooms.models.chosen()
    return ModelList(
        items=shown,
        total=len(shown),
        default=chosen.name if chosen else None,
        chain=[one.name for one in chosen.members] if chosen else [],
        asked=[_figures(one) for one in rooms.models.reports()],
    )


@router.get("/health", responses=documented(401, 503))
async def health(_principal: SignedIn, rooms: Rooms) -> ModelHealth:
    """Whether the models that agents without one of their own ask can be asked now."""
    chosen = await rooms.models.chosen()
    if chosen is None:
        return ModelHealth(status="down", detail="no model of MODEL can be asked", default=None, members=[])
    found = await rooms.models.conditions(chosen)
    members = [
        MemberHealth(name=one.handle.name, status="down" if one.fault else "ok", breaker=one.breaker, detail=one.fault)
        for one in found
    ]
    first = next((index for index, one in enumerate(members) if one.status == "ok"), None)
    status: Literal["ok", "degraded", "down"] = "down" if first is None else "ok" if first == 0 else "degraded"
    detail = None if status == "ok" else f"{members[0].name}: {members[0].detail}"
    return ModelHealth(status=status, detail=detail, default=chosen.name, members=members)


@router.get("/metrics", responses=documented(401, 503))
async def figures(_principal: SignedIn, rooms: Rooms) -> ModelFiguresList:
    """How fast and how reliable each model was since the server started; `/metrics` has the series for Prometheus."""
    found = [_figures(one) for one in rooms.models.reports()]
    return ModelFiguresList(items=found, total=len(found))


@router.post("/test", responses=documented(401, 403, 413, 422, 429, 503, 504))
async def test(principal: SignedIn, rooms: Rooms, wanted: TestWanted) -> TestResult:
    """Ask a model something small. It is counted and bounded as every other request."""
    handle = await rooms.models.resolve(wanted.model)
    began = time.perf_counter()
    answer = await rooms.models.answer(
        handle,
        instructions="You are being tried out. Answer in one short sentence.",
        prompt=wanted.prompt,
        limits=Limits(turns=2),
        caller=Caller(user_id=principal.user_id),
    )
    tokens = Tokens(input=answer.usage.input_tokens, output=answer.usage.output_tokens)
    cost = rooms.models.cost(answer.by or handle, tokens)
    return TestResult(
        model=(answer.by or handle).name,
        answered_by=answer.model,
        reply=excerpt(answer.text, _LONGEST_REPLY),
        seconds=round(time.perf_counter() - began, 3),
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cost_usd=None if cost is None else usd(cost),
    )


def _figures(one: ModelReport) -> ModelFigures:
    return ModelFigures(
        name=one.handle.name,
        provider=one.handle.provider,
        remote=one.handle.remote,
        breaker=one.breaker,
        rests_for_seconds=round(one.rests_for.total_seconds(), 3),
        requests=one.requests,
        failed_requests=one.failed,
        repeated_requests=one.repeated,
        fallbacks=one.fallbacks,
        seconds_median=one.seconds_median,
        seconds_p95=one.seconds_p95,
        first_token_seconds_median=one.first_token_median,
        first_token_seconds_p95=one.first_token_p95,
        last_answer_at=one.answered_at,
        last_failure_at=one.failed_at,
        last_failure=one.fault,
    )


def _shown(state: ModelState, rooms: Rooms) -> ModelShown:
    handle = state.handle
    prices = [
        rooms.models.cost(handle, one) if handle else None for one in (Tokens(input=_MILLION), Tokens(output=_MILLION))
    ]
    limits = state.limits
    return ModelShown(
        provider=state.provider,
        name=handle.name if handle else None,
        status=state.status,
        detail=state.detail,
        remote=handle.remote if handle else None,
        default=state.default,
        models=list(state.models),
        requests_per_minute=limits.per_minute if limits else None,
        requests_at_once=limits.at_once if limits else None,
        requests_last_minute=limits.last_minute if limits else 0,
        requests_on_their_way=limits.on_their_way if limits else 0,
        requests_waiting=limits.waiting if limits else 0,
        input_price_usd=None if prices[0] is None else usd(prices[0]),
        output_price_usd=None if prices[1] is None else usd(prices[1]),
    )

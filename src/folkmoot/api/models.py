"""Which language models there are, how they are, and a try of one (SPEC C6)."""

import time
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from folkmoot.kernel import excerpt
from folkmoot.models import Caller, Limits
from folkmoot.models.model import ModelState
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
    input_price_usd: float | None
    output_price_usd: float | None


class ModelList(BaseModel):
    """The providers, in the order in which `auto` tries them."""

    items: list[ModelShown]
    total: int
    next: str | None = None
    default: str | None = Field(description="what agents without a model of their own ask now")


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
    return ModelList(items=shown, total=len(shown), default=next((one.name for one in shown if one.default), None))


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
    cost = rooms.models.cost(handle, tokens)
    return TestResult(
        model=handle.name,
        answered_by=answer.model,
        reply=excerpt(answer.text, _LONGEST_REPLY),
        seconds=round(time.perf_counter() - began, 3),
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cost_usd=None if cost is None else usd(cost),
    )


def _shown(state: ModelState, rooms: Rooms) -> ModelShown:
    handle = state.handle
    prices = [
        rooms.models.cost(handle, one) if handle else None for one in (Tokens(input=_MILLION), Tokens(output=_MILLION))
    ]
    return ModelShown(
        provider=state.provider,
        name=handle.name if handle else None,
        status=state.status,
        detail=state.detail,
        remote=handle.remote if handle else None,
        default=state.default,
        models=list(state.models),
        input_price_usd=None if prices[0] is None else usd(prices[0]),
        output_price_usd=None if prices[1] is None else usd(prices[1]),
    )

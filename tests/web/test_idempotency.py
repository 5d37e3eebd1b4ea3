"""What is shown once is not kept for a repeated request."""

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Database
from folkmoot.web import Idempotency, IdempotencyStore


async def test_a_consents_token_is_not_kept(database: Database, clock: SimulatedClock) -> None:
    granted = 0

    async def grant(_request: Request) -> JSONResponse:
        nonlocal granted
        granted += 1
        return JSONResponse({"token": "fmc_secret"}, status_code=201)

    app = Starlette(routes=[Route("/api/consents", grant, methods=["POST"])])
    guarded = Idempotency(app, store=IdempotencyStore(database), clock=clock)
    headers = {"Idempotency-Key": "once"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=guarded), base_url="http://here") as caller:
        first = await caller.post("/api/consents", headers=headers)
        again = await caller.post("/api/consents", headers=headers)
    assert (first.status_code, again.status_code, granted) == (201, 409, 1)
    assert "fmc_secret" in first.text
    assert "fmc_secret" not in again.text


async def test_an_answer_too_large_to_keep_is_no_leave_to_act_again(database: Database, clock: SimulatedClock) -> None:
    acted = 0

    async def act(_request: Request) -> JSONResponse:
        nonlocal acted
        acted += 1
        return JSONResponse({"much": "x" * (1024 * 1024)})

    app = Starlette(routes=[Route("/api/tasks", act, methods=["POST"])])
    guarded = Idempotency(app, store=IdempotencyStore(database), clock=clock)
    headers = {"Idempotency-Key": "once"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=guarded), base_url="http://here") as caller:
        first = await caller.post("/api/tasks", headers=headers)
        again = await caller.post("/api/tasks", headers=headers)
    assert (first.status_code, again.status_code, acted) == (200, 409, 1)
    assert again.json()["type"].endswith("answer_not_kept")

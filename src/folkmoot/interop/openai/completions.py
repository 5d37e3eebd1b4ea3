"""The routes: which models there are, and answers of agents as completions."""

import hashlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from folkmoot.conversations import Before, ChatMessage, Saying
from folkmoot.conversations.model import Accepted
from folkmoot.interop.openai.cut import Cutter
from folkmoot.interop.openai.errors import UnknownModelNameError, documented
from folkmoot.interop.openai.shapes import (
    AGENT,
    AUTO,
    Chunks,
    Completion,
    ModelList,
    ModelShown,
    completion,
    seconds,
)
from folkmoot.interop.openai.telling import Telling, check_answered
from folkmoot.interop.openai.wanted import Asked, CompletionWanted, asked
from folkmoot.kernel import FolkmootError
from folkmoot.registry import AgentRecord
from folkmoot.telemetry import get_logger
from folkmoot.web import Parts, Rooms, SignedIn
from folkmoot.web.problems import problem
from folkmoot.web.speaking import speaker
from folkmoot.web.sse import stream

_KIND: Final = "openai"
_LOOKED_BACK: Final = 100  # messages of a user
_STREAMED: Final = {"text/event-stream": {"schema": {"type": "string"}}}


class _Route(APIRoute):
    """A fault of ours answers below the walls, so that it gets the form of errors there."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except (FolkmootError, HTTPException, RequestValidationError):
                raise
            except Exception as error:  # noqa: BLE001  # it is logged, and answered as every fault
                get_logger("folkmoot.interop").error("request failed", path=request.url.path, exc_info=error)
                return problem(500, "internal", "this is a fault of the server; its log has the details")

        return handled


router = APIRouter(prefix="/v1", tags=["openai"], route_class=_Route)


@router.get("/models", responses=documented(401, 403, 503))
async def models(principal: SignedIn, rooms: Rooms) -> ModelList:
    """The agents that you may talk to, each as a model `agent:<id>`, and `auto`: whoever fits best."""
    there = await rooms.conversations.picker.offered(principal.user_id)
    return ModelList(data=[_auto(rooms), *(_model(one) for one in there)])


@router.get("/models/{model}", responses=documented(400, 401, 403, 404, 503))
async def model(principal: SignedIn, rooms: Rooms, model: str) -> ModelShown:
    """One model."""
    if (agent := _agent_in(model)) is None:
        return _auto(rooms)
    return _model(await rooms.conversations.picker.named(agent, account=principal.user_id))


@router.post(
    "/chat/completions",
    responses=documented(400, 401, 403, 404, 413, 503) | {200: {"model": Completion, "content": _STREAMED}},
    response_model=None,
)
async def completions(
    principal: SignedIn,
    rooms: Rooms,
    wanted: CompletionWanted,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Completion | Response:
    """Have an agent answer the last message of a conversation, at once or as a stream."""
    agent, turn = _agent_in(wanted.model), asked(wanted)
    # What an administrator's program calls its user is one here; anybody else speaks for themselves alone.
    who = speaker(principal, wanted.user if principal.is_admin else None)
    before = turn.before
    if agent is None and before.turns:
        before = replace(before, last_agent=await _last_agent(rooms, who.owner, before))
    saying = Saying(
        speaker=who,
        text=turn.text,
        agent=agent,
        kind=_KIND,
        uploads=turn.uploads,
        before=before,
        conversation_id=_repeatable(who.owner, idempotency_key, wanted),
        client_key=idempotency_key or None,
    )
    accepted = await rooms.conversations.say(saying)
    if wanted.stream:
        begun = await rooms.conversations.message(accepted.answer_id, viewer=None)
        chunks = Chunks(
            accepted.answer_id, model=wanted.model, created=seconds(begun.created_at), with_usage=turn.with_usage
        )
        return stream(_streamed(rooms, accepted, Telling(turn, chunks)))
    return _whole(await rooms.conversations.answered(accepted, viewer=None), turn, wanted.model)


def _whole(answer: ChatMessage, turn: Asked, wanted: str) -> Completion:
    check_answered(answer)
    cutter = Cutter(stops=turn.stops, most=turn.most)
    text = cutter.feed(answer.content) + cutter.finish()
    return completion(answer, text, cutter.ended or "stop", wanted=wanted)


async def _streamed(rooms: Parts, accepted: Accepted, telling: Telling) -> AsyncGenerator[bytes, None]:
    """The chunks, to the end or to a fault. Who goes away before takes nothing from the answer: it is made and kept."""
    async with aclosing(rooms.conversations.follow(accepted.answer_id, viewer=None)) as moments:
        async for moment in moments:
            for chunk in telling.of(moment):
                yield chunk
            if telling.over:
                return


def _agent_in(name: str) -> str | None:
    """The agent that a model's name means; None for `auto`. Raises `UnknownModelNameError`."""
    if name == AUTO:
        return None
    if not name.startswith(AGENT) or not name.removeprefix(AGENT).strip():
        raise UnknownModelNameError(
            f"there is no model {name[:60]!r}; there are 'auto' and 'agent:<id>', see GET /v1/models", field="model"
        )
    return name.removeprefix(AGENT)


async def _last_agent(rooms: Parts, owner: str, before: Before) -> str | None:
    """Who answered last in the client's conversation: the agent whose late answer to this user it sends back."""
    said = next((turn.text.strip() for turn in reversed(before.turns) if turn.role == "agent"), "")
    if not said:
        return None
    latest = await rooms.conversations.latest(owner)
    happened = await rooms.conversations.happened(owner, after=max(latest - _LOOKED_BACK, 0), limit=_LOOKED_BACK)
    # The client may have had it cut short.
    theirs = (one.agent_id for one in reversed(happened) if one.role == "assistant" and one.content.startswith(said))
    return next(theirs, None)


def _repeatable(owner: str, key: str | None, wanted: CompletionWanted) -> str | None:
    """A conversation's id that is the same when the same request comes again with its key, so that it is one."""
    if not key:
        return None
    digest = hashlib.sha256(f"{owner}\x00{key}\x00{wanted.model_dump_json()}".encode())
    return f"conv_{digest.hexdigest()[:40]}"


def _model(one: AgentRecord) -> ModelShown:
    return ModelShown(
        id=f"{AGENT}{one.agent_id}",
        created=seconds(one.registered_at),
        owned_by="folkmoot",
        name=one.name,
        description=one.description,
    )


def _auto(rooms: Parts) -> ModelShown:
    return ModelShown(
        id=AUTO,
        created=seconds(rooms.started_at),
        owned_by="folkmoot",
        name="Auto",
        description="Whichever agent fits what is asked",
    )

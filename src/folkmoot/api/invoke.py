"""Asking one agent directly, by its id or its type, and waiting for what it says."""

import re
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from folkmoot.api.agents import meant
from folkmoot.kernel import Family, FolkmootError, new_id
from folkmoot.messaging import AgentMessage, MessageIntent, MessagePayload
from folkmoot.web import Rooms, SignedIn, documented

router = APIRouter(prefix="/api/agents", tags=["agents"])
PATIENCE: Final = timedelta(seconds=120)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.@-]")
# What keeps these from an answer is the request, the caller or the house, and no answer of the agent.
_REFUSED: Final = frozenset({Family.INVALID, Family.FORBIDDEN, Family.NOT_FOUND, Family.LIMITED, Family.TOO_LARGE})
SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:@-]+$", max_length=100)]


class InvokeInput(BaseModel):
    """What is said. Further fields go to the agent as they are."""

    model_config = ConfigDict(extra="allow")

    message: Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"\S")]


class InvokeWanted(BaseModel):
    """Whom to ask, and what. `session_id` keeps an order among questions; `user_id` is the asker's own name for one."""

    model_config = ConfigDict(extra="forbid")

    agent_type: str = Field(min_length=1, max_length=200, examples=["web_development"])
    input_data: InvokeInput = Field(examples=[{"message": "Which shop system for 4,000 products?"}])
    session_id: SessionId | None = None
    user_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class Invoked(BaseModel):
    """What the agent answered. `execution_time` is in seconds; `error` says why there is no result."""

    agent_id: str
    result: dict[str, Any] = Field(examples=[{"answer": "…", "sources": [{"source": "shop-systems.md"}]}])
    execution_time: float
    status: Literal["success", "error"]
    error: str | None = None


@router.post("/invoke", responses=documented(401, 403, 404, 413, 422, 429, 503))
async def invoke(principal: SignedIn, rooms: Rooms, wanted: InvokeWanted) -> Invoked:
    """Ask an agent, by its id, type or role, and wait for its answer."""
    agent = await meant(rooms.registry, wanted.agent_type, principal)
    if agent.presence == "silenced":  # its mail waits until it may speak, which no caller would wait for
        said = f"{agent.name} is silenced; ask again when it may speak, or ask another agent"
        return Invoked(agent_id=agent.agent_id, result={}, execution_time=1e-6, status="error", error=said)
    session = wanted.session_id or new_id()
    data = wanted.input_data.model_dump() | {"stream": False}
    if wanted.user_id is not None:
        data["user_id"] = wanted.user_id
    message = AgentMessage(
        conversation_id=session,
        sender_id=_UNSAFE.sub("-", f"user.{principal.user_id}.{session}")[:200],
        recipient_id=agent.agent_id,
        intent=MessageIntent.CHAT,
        timestamp=rooms.clock.now(),
        expires_at=rooms.clock.now() + PATIENCE,
        payload=MessagePayload(
            data=data,
            requires_response=True,
            response_timeout=PATIENCE.total_seconds(),
            context={"on_behalf_of": principal.user_id},
        ),
    )
    started = rooms.clock.monotonic()
    result: dict[str, Any] = {}
    failure: str | None = None
    try:
        reply = await rooms.broker.request(message, timeout=PATIENCE)
        result = reply.payload.data
    except FolkmootError as error:
        if error.family in _REFUSED:
            raise
        failure = error.message
    return Invoked(
        agent_id=agent.agent_id,
        result=result,
        execution_time=max(round(rooms.clock.monotonic() - started, 6), 1e-6),
        status="error" if failure else "success",
        error=failure,
    )

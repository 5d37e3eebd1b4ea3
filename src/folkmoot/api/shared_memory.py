"""What agents share by key: read, written with versions, deleted. A workflow's or conversation's memory is a space."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.memory.shared import Entry, MemoryScope
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented

router = APIRouter(prefix="/api/memory", tags=["shared memory"])

_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:@\-]{0,199}$"
SpaceId = Annotated[
    str, Path(pattern=_ID, description="A conversation, a workflow, or `workplace`", examples=["conv_1"])
]
Key = Annotated[str, Path(pattern=_ID, examples=["budget"])]
Scope = Annotated[
    MemoryScope | None, Query(description="Who sees it; without it the agent's own, then the conversation's")
]
Agent = Annotated[str | None, Query(min_length=1, max_length=100, description="The agent that alone sees it")]
Version = Annotated[
    int | None, Query(ge=1, le=2**53, description="The version it must have; another answers 409", examples=[3])
]


class MemoryWanted(BaseModel):
    """A value. `version` is the one it must have now, 0 if there must be none; without it the last one wins."""

    model_config = ConfigDict(extra="forbid")
    value: Any = Field(examples=[{"usd": 5000}])
    scope: MemoryScope | None = Field(default=None, examples=["conversation"])
    agent_id: str | None = Field(default=None, min_length=1, max_length=100, examples=["agent.cmo"])
    version: int | None = Field(default=None, ge=0, le=2**53, examples=[0])
    expires_in: float | None = Field(
        default=None, gt=0, le=315_000_000, description="Seconds until it is forgotten", examples=[3600]
    )


class MemoryShown(BaseModel):
    """A value as it stands."""

    space_id: str
    key: str
    value: Any
    scope: MemoryScope
    version: int
    agent_id: str | None = Field(description="the agent that alone sees it")
    updated_by: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    expires_at: AwareDatetime | None


class MemoryCleared(BaseModel):
    """How many values were deleted."""

    deleted: int


@router.get("/{space_id}", responses=documented(401, 404, 422, 503))
async def list_memory(  # each is a parameter of the request
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    space_id: SpaceId,
    scope: Scope = None,
    agent_id: Agent = None,
) -> Page[MemoryShown]:
    """A space's values by key."""
    found, total = await rooms.shared_memory.list(
        space_id, principal=principal, scope=scope, agent_id=agent_id, limit=window.limit, offset=window.offset
    )
    return window.page([_shown(one) for one in found], total)


@router.delete("/{space_id}", responses=documented(401, 404, 422, 503))
async def clear_memory(principal: SignedIn, rooms: Rooms, space_id: SpaceId) -> MemoryCleared:
    """Delete a whole space."""
    return MemoryCleared(deleted=await rooms.shared_memory.clear(space_id, principal=principal))


@router.get("/{space_id}/{key}", responses=documented(401, 404, 422, 503))
async def read_memory(
    principal: SignedIn, rooms: Rooms, space_id: SpaceId, key: Key, scope: Scope = None, agent_id: Agent = None
) -> MemoryShown:
    """One value with its version."""
    return _shown(await rooms.shared_memory.get(space_id, key, principal=principal, scope=scope, agent_id=agent_id))


@router.put("/{space_id}/{key}", responses=documented(401, 404, 409, 413, 422, 429, 503))
async def write_memory(
    principal: SignedIn, rooms: Rooms, space_id: SpaceId, key: Key, wanted: MemoryWanted
) -> MemoryShown:
    """Write a value."""
    written = await rooms.shared_memory.set(
        space_id,
        key,
        wanted.value,
        principal=principal,
        scope=wanted.scope,
        agent_id=wanted.agent_id,
        version=wanted.version,
        expires_in=timedelta(seconds=wanted.expires_in) if wanted.expires_in is not None else None,
    )
    return _shown(written)


@router.delete("/{space_id}/{key}", status_code=204, responses=documented(401, 404, 409, 422, 503))
async def delete_memory(  # each is a parameter of the request
    principal: SignedIn,
    rooms: Rooms,
    space_id: SpaceId,
    key: Key,
    scope: Scope = None,
    agent_id: Agent = None,
    version: Version = None,
) -> Response:
    """Delete a value."""
    await rooms.shared_memory.delete(
        space_id, key, principal=principal, scope=scope, agent_id=agent_id, version=version
    )
    return Response(status_code=204)


def _shown(entry: Entry) -> MemoryShown:
    return MemoryShown(
        space_id=entry.space_id,
        key=entry.key,
        value=entry.value,
        scope=entry.scope,
        version=entry.version,
        agent_id=entry.agent_id or None,
        updated_by=entry.updated_by,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
        expires_at=entry.expires_at,
    )

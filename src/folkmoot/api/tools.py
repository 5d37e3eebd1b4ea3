"""Which tools there are, and which agents may call them."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from folkmoot.security import allowed_effects
from folkmoot.tools import Effect
from folkmoot.web import Rooms, SignedIn, documented

router = APIRouter(prefix="/api/tools", tags=["tools"])


class ToolShown(BaseModel):
    """A tool. `agents` list it; `allowed` says whether they may call it on your behalf."""

    name: str
    description: str
    source: str = Field(examples=["folkmoot"], description="where it comes from: the house, or an MCP server")
    effect: Effect
    approval: bool = Field(description="it waits for a person's approval, whoever calls it")
    timeout_seconds: float
    per_minute: int | None
    parameters: dict[str, Any] = Field(description="JSON schema")
    agents: list[str]
    allowed: bool


class SourceShown(BaseModel):
    """An MCP server; while it is away its tools are skipped."""

    name: str
    connected: bool
    problem: str | None


class ToolList(BaseModel):
    """Every tool, and the MCP servers that bring some."""

    items: list[ToolShown]
    total: int
    sources: list[SourceShown]


@router.get("", responses=documented(401, 403, 429, 503))
async def list_tools(principal: SignedIn, rooms: Rooms) -> ToolList:
    """Every tool of the house and of its MCP servers."""
    agents = [one.agent_id for one in await rooms.registry.discover()]
    walls = rooms.tools.walls
    mine = allowed_effects(principal.role)
    found = [
        ToolShown(
            name=one.name,
            description=one.description,
            source=one.source,
            effect=one.effect,
            approval=one.approval or walls.asks_first("", one.name),
            timeout_seconds=one.timeout.total_seconds(),
            per_minute=one.per_minute,
            parameters=one.parameters,
            agents=[agent for agent in agents if walls.lists(agent, one.name)],
            allowed=one.effect.value in mine,
        )
        for one in rooms.tools.registry.all()
    ]
    sources = [
        SourceShown(name=name, connected=problem is None, problem=problem if principal.is_admin else None)
        for name, problem in rooms.tools.sources().items()
    ]
    return ToolList(items=found, total=len(found), sources=sources)

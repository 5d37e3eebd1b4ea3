"""Searching the documents, as oneself or as an agent sees them (SPEC D1, D3)."""

from typing import Final

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.memory import Filters
from folkmoot.web import Rooms, SignedIn, documented
from folkmoot.web.moments import Moment

router = APIRouter(prefix="/api/knowledge", tags=["knowledge"])
_LONGEST_QUERY: Final = 10_000


class SearchFilters(BaseModel):
    """What narrows a search."""

    model_config = ConfigDict(extra="forbid")
    source: str | None = Field(default=None, max_length=300, examples=["handbook.pdf"])
    scope: str | None = Field(default=None, max_length=400, examples=["marketing"])
    document_id: str | None = Field(default=None, max_length=100)
    media_type: str | None = Field(default=None, max_length=100)
    since: Moment | None = None
    until: Moment | None = None


class SearchWanted(BaseModel):
    """A search. `agent_id` and `role` narrow it to what that agent, or one in that role, may see."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(max_length=_LONGEST_QUERY, examples=["How do we announce a launch?"])
    agent_id: str | None = Field(default=None, max_length=200, examples=["agent.cmo"])
    role: str | None = Field(default=None, max_length=200, examples=["CMO"])
    filters: SearchFilters = Field(default_factory=SearchFilters)
    limit: int = Field(default=10, ge=1, le=200)


class PassageShown(BaseModel):
    """A piece of knowledge that fits, and where it is from."""

    text: str
    score: float = Field(ge=0, le=1)
    source: str
    scope: str
    passage_id: str
    document_id: str
    heading: str
    page: int | None
    line: int | None
    position: int
    at: AwareDatetime | None


class SearchShown(BaseModel):
    """What was found, the best first; `notice` says why nothing, or less than usual, was looked at."""

    results: list[PassageShown]
    method: str = Field(examples=["lexical"])
    scopes: list[str]
    notice: str


@router.post("/search", responses=documented(401, 403, 404, 422, 503))
async def search(principal: SignedIn, rooms: Rooms, wanted: SearchWanted) -> SearchShown:
    """Search as oneself, or as an agent sees it: never more than one may see oneself."""
    narrowed = wanted.filters
    found = await rooms.knowledge.search(
        wanted.query,
        principal=principal,
        agent_id=wanted.agent_id,
        role=wanted.role,
        scopes=[narrowed.scope] if narrowed.scope is not None else None,
        limit=wanted.limit,
        filters=Filters(
            source=narrowed.source,
            since=narrowed.since,
            until=narrowed.until,
            document=narrowed.document_id,
            media_type=narrowed.media_type,
        ),
    )
    results = [
        PassageShown(
            text=one.text,
            score=round(one.score, 6),
            source=one.source,
            scope=one.scope,
            passage_id=one.passage_id,
            document_id=one.origin,
            heading=one.heading,
            page=one.page,
            line=one.line,
            position=one.position,
            at=one.at,
        )
        for one in found.results
    ]
    return SearchShown(results=results, method=found.method, scopes=sorted(found.scopes), notice=found.notice)

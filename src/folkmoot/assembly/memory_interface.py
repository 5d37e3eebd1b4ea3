"""`AgentMemoryInterface`: the knowledge of a workplace for programs that are no agents (SPEC J7).

It joins what is running, by URL, settings or home; with neither it builds a workplace in this process. Who may see what
is decided there, by the same desk as for every other search: a role or an agent named here only narrows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self, overload

from folkmoot.assembly.joining import Workplace
from folkmoot.assembly.settings import Settings
from folkmoot.kernel import rfc3339


@dataclass(frozen=True, kw_only=True)
class KnowledgeResult:
    """A passage that fits, and where it stands: document, heading, page (from 1) or line (from 1)."""

    text: str
    score: float
    source: str
    scope: str
    id: str = ""
    document_id: str = ""
    heading: str = ""
    page: int | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class KnowledgeResults(Sequence[KnowledgeResult]):
    """What was found, the best first. `notice` says why it is nothing, or less than usual."""

    results: tuple[KnowledgeResult, ...] = ()
    notice: str = ""

    @overload
    def __getitem__(self, index: int) -> KnowledgeResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[KnowledgeResult]: ...
    def __getitem__(self, index: int | slice) -> KnowledgeResult | Sequence[KnowledgeResult]:
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)


class AgentMemoryInterface:
    """Searches the knowledge and uses the shared memory of the workplace that is meant.

    `url` and `token` name a server; else FOLKMOOT_URL, the server of FOLKMOOT_HOME, or a workplace in this process.
    Usable as `async with`; one that is not closed is closed when the program's event loop ends.
    """

    def __init__(self, url: str | None = None, *, token: str | None = None, settings: Settings | None = None) -> None:
        self._workplace = Workplace(url=url, token=token, settings=settings)

    async def initialize(self) -> None:
        """Join the workplace; twice is once. Searching does so by itself."""
        await self._workplace.open()

    async def close(self) -> None:
        """Leave it."""
        await self._workplace.close()

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def search_knowledge(
        self,
        agent_id: str,
        role: str | None = None,
        query: str = "",
        intent: str | None = None,  # noqa: ARG002  # callers say for what they search; whoever may see it is the same
        *,
        limit: int = 10,
        source: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> KnowledgeResults:
        """The passages that fit best of what this agent, in this role, may see; empty where that is nothing.

        Raises `JoinError` with the workplace's own words.
        """
        filters: dict[str, Any] = {"source": source}
        filters |= {"since": rfc3339(since) if since else None, "until": rfc3339(until) if until else None}
        wanted = {
            "query": query,
            "agent_id": agent_id,
            "role": role,
            "limit": limit,
            "filters": {name: value for name, value in filters.items() if value is not None} or None,
        }
        body = {name: value for name, value in wanted.items() if value is not None}
        answer = await self._workplace.call("POST", "/api/knowledge/search", json=body)
        found = tuple(_result(one) for one in answer["results"])
        return KnowledgeResults(results=found, notice=str(answer.get("notice") or ""))

    async def set_shared_memory(
        self, space_id: str, key: str, value: Any, *, scope: str | None = None, version: int | None = None
    ) -> Mapping[str, Any]:
        """Write a shared value: `{value, scope, version, …}`. Raises `JoinError`, with status 409 for a stale one."""
        body = {"value": value, "scope": scope, "version": version}
        body = {name: one for name, one in body.items() if one is not None or name == "value"}
        written: Mapping[str, Any] = await self._workplace.call("PUT", f"/api/memory/{space_id}/{key}", json=body)
        return written

    async def get_shared_memory(self, space_id: str, key: str) -> Mapping[str, Any]:
        """A shared value: `{value, scope, version, …}`. Raises `JoinError`, with status 404 if there is none."""
        found: Mapping[str, Any] = await self._workplace.call("GET", f"/api/memory/{space_id}/{key}")
        return found


def _result(one: Mapping[str, Any]) -> KnowledgeResult:
    return KnowledgeResult(
        text=one["text"],
        score=one["score"],
        source=one["source"],
        scope=one["scope"],
        id=one["passage_id"],
        document_id=one["document_id"],
        heading=one["heading"],
        page=one["page"],
        line=one["line"],
    )

"""The one tool that every model finds what an agent knows by, the offline one too: `search_knowledge`.

The search itself is passed in: who may see what was decided before. The results of the tool are what an answer names
as its sources.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from folkmoot.models.model import Source

SEARCH_TOOL: Final = "search_knowledge"
MAX_RESULTS: Final = 20

Tool = Callable[..., Awaitable[Any]]
"""What a model can call: an async function whose name, parameters and docstring describe it."""


def search_tool(search: Callable[[str, int], Awaitable[Sequence[Source]]]) -> Tool:
    """The tool by which a model searches: `search(query, limit)` answers the best pieces first."""

    async def search_knowledge(query: str, limit: int = 5) -> list[dict[str, Any]]:
        """Search what you know: your own earlier messages and documents. Cite the source of what you use.

        Args:
            query: What to look for, in the words of the question.
            limit: How many results at most, 1 to 20.
        """
        found = await search(query, max(1, min(limit, MAX_RESULTS)))
        return [{"text": one.text, "source": one.source, "score": round(one.score, 4), "id": one.id} for one in found]

    return search_knowledge


def sources_in(results: Iterable[Any]) -> tuple[Source, ...]:
    """The sources among what `search_knowledge` returned in one run, each once, in order."""
    found: dict[tuple[str, str], Source] = {}
    for result in results:
        for entry in result if isinstance(result, list) else ():
            if isinstance(entry, Mapping) and isinstance(entry.get("text"), str):
                source = Source(
                    text=entry["text"],
                    source=str(entry.get("source", "")),
                    score=float(entry.get("score") or 0.0),
                    id=str(entry.get("id", "")),
                )
                found.setdefault((source.source, source.text), source)
    return tuple(found.values())

"""What a model can call, and the one tool that every model finds what an agent knows by: `search_knowledge`.

The search itself is passed in: who may see what was decided before. The results of the tool are what an answer names
as its sources.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from folkmoot.models.model import Source

SEARCH_TOOL: Final = "search_knowledge"
ABOUT_TOOL: Final = "about_me"
SAID_LIKE: Final = "said_like"
MAX_RESULTS: Final = 20

Call = Callable[..., Awaitable[Any]]
Strayed = Callable[[str, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class OfferedTool:
    """Something a model can call, described beforehand: `parameters` is a JSON schema, `call` takes them by name.

    `one_at_a_time`: no other call of the same answer runs beside it. `said_like` are phrases by which people ask for it
    (`phrases.py`): the offline model goes by them.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    call: Call
    one_at_a_time: bool = False
    said_like: tuple[str, ...] = ()

    def with_call(self, call: Call) -> "OfferedTool":
        """The same tool, carried out by another function."""
        return replace(self, call=call)


Tool: TypeAlias = Call | OfferedTool
"""What a model can call; an async function is described by its name, parameters and docstring."""


class Toolbox(list[Tool]):
    """The tools of one answer. `strayed` is told of each call that the model wanted beside them; it is not made."""

    def __init__(self, tools: Iterable[Tool], *, strayed: Strayed | None = None) -> None:
        super().__init__(tools)
        self.strayed = strayed


def search_tool(search: Callable[[str, int], Awaitable[Sequence[Source]]]) -> Tool:
    """The tool by which a model searches: `search(query, limit)` answers the best pieces first."""

    async def search_knowledge(query: str, limit: int = 5) -> list[dict[str, Any]]:
        """Search what you know: your own earlier messages and documents. Cite the source of what you use.

        Args:
            query: What to look for, in the words of the question.
            limit: How many results at most, 1 to 20.
        """
        return as_found(await search(query, max(1, min(limit, MAX_RESULTS))))

    return search_knowledge


def as_found(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """What the tool answers."""
    return [{"text": one.text, "source": one.source, "score": round(one.score, 4), "id": one.id} for one in sources]


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

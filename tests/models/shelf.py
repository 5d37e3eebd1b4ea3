"""A hub as the assembly makes it, and something to search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from folkmoot.kernel import SystemClock
from folkmoot.models import ModelHub, ModelSettings
from folkmoot.models.knowledge import Tool, search_tool
from folkmoot.models.model import Source
from folkmoot.models.providers import Anthropic, Google, Offline, Ollama, OpenAICompatible


def hub_for(settings: ModelSettings, **more: Any) -> ModelHub:
    """A hub with every provider, as the assembly makes it."""
    return ModelHub(
        settings=settings,
        providers=[
            OpenAICompatible(settings),
            Anthropic(settings),
            Google(settings),
            Ollama(settings, clock=SystemClock()),
            Offline(),
        ],
        **more,
    )


@dataclass
class Shelf:
    """Something to search; remembers what was asked of it."""

    sources: Sequence[Source]
    asked: list[str]

    def tool(self) -> Tool:
        async def search(query: str, limit: int) -> Sequence[Source]:
            self.asked.append(query)
            return self.sources[:limit]

        return search_tool(search)

"""Which tools there are, by name; who may call one is the walls' business."""

from collections.abc import Iterable

from folkmoot.tools.errors import ToolDefinitionError
from folkmoot.tools.specify import ToolSpec


class ToolRegistry:
    """Every tool of the house. Sources may come and go while it runs."""

    def __init__(self) -> None:
        self._specs: dict[str, ToolSpec] = {}

    def add(self, *specs: ToolSpec) -> None:
        """Offer tools. Raises `ToolDefinitionError` for a name that is taken; then none is added."""
        names = [one.name for one in specs]
        taken = sorted({name for name in names if name in self._specs or names.count(name) > 1})
        if taken:
            raise ToolDefinitionError(
                f"there is a tool '{taken[0]}' already; give this one another name", tool=taken[0]
            )
        self._specs.update((one.name, one) for one in specs)

    def replace(self, source: str, specs: Iterable[ToolSpec]) -> None:
        """Offer exactly these tools of a source; its earlier ones go, and tools of other sources keep their names."""
        others = {name: one for name, one in self._specs.items() if one.source != source}
        self._specs = {**{one.name: one for one in specs}, **others}

    def get(self, name: str) -> ToolSpec | None:
        """The tool of that name."""
        return self._specs.get(name)

    def all(self) -> list[ToolSpec]:
        """Every tool, by name."""
        return sorted(self._specs.values(), key=lambda one: one.name)

"""What a type of task calls for (SPEC G7): a map from type to capabilities, which the workplace may change. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from folkmoot.kernel import slug

DEFAULT_TASK_TYPES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "technical-content": ("documentation", "writing"),
        "documentation": ("documentation", "writing"),
        "planning": ("planning", "coordination"),
        "bug": ("debugging",),
        "feature": ("development",),
        "review": ("review",),
        "design": ("design",),
        "research": ("research", "analysis"),
        "analysis": ("analysis",),
        "marketing": ("marketing", "content_creation"),
        "sales": ("sales",),
        "support": ("support",),
        "operations": ("operations", "deployment"),
        "testing": ("testing",),
    }
)


class TaskTypes:
    """Looks up a type, whatever its spelling: `Technical content` and `technical_content` are one."""

    def __init__(self, types: Mapping[str, Sequence[str]] = DEFAULT_TASK_TYPES) -> None:
        self._types = {slug(name): tuple(capabilities) for name, capabilities in types.items()}

    def capabilities(self, task_type: str) -> tuple[str, ...]:
        """What this type calls for; nothing for a type that is not in the map."""
        return self._types.get(slug(task_type), ())

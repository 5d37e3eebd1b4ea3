"""Folkmoot: a self-hosted workplace for agents.

The names of the Python API are found when they are first asked for, so that importing the package costs nothing.
"""

import importlib
from typing import Any

from folkmoot.version import __version__

_NAMES = {
    "AgentMemoryInterface": "folkmoot.assembly.memory_interface",
    "MessageIntent": "folkmoot.messaging",
}

__all__ = ["AgentMemoryInterface", "MessageIntent", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'folkmoot' has no attribute '{name}'")
    return getattr(importlib.import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

"""Folkmoot: a self-hosted workplace for agents.

The names of the Python API are found when they are first asked for, so that importing the package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from folkmoot.version import __version__

if TYPE_CHECKING:  # type checkers see the names where they are; at run time they are found by `__getattr__`
    from folkmoot.agents.answers import Answer
    from folkmoot.agents.config import AgentConfig, create_agent_config
    from folkmoot.assembly.app import create_app
    from folkmoot.assembly.memory_interface import AgentMemoryInterface
    from folkmoot.assembly.programs.agent import BaseAgent
    from folkmoot.assembly.programs.dashboard import DashboardInterface
    from folkmoot.assembly.programs.mixin import AgentCommunicationMixin
    from folkmoot.assembly.programs.rooms import AgentRegistry, MessageBroker
    from folkmoot.assembly.programs.sender import MessageSender
    from folkmoot.assembly.programs.startup import create_startup_config, save_startup_config
    from folkmoot.kernel import FolkmootError
    from folkmoot.messaging import AgentMessage, Delivery, MessageIntent, MessagePayload, Priority, Receipt
    from folkmoot.registry import AgentInfo

_NAMES = {
    "AgentCommunicationMixin": "folkmoot.assembly.programs.mixin",
    "AgentConfig": "folkmoot.agents.config",
    "AgentInfo": "folkmoot.registry",
    "AgentMemoryInterface": "folkmoot.assembly.memory_interface",
    "AgentMessage": "folkmoot.messaging",
    "AgentRegistry": "folkmoot.assembly.programs.rooms",
    "Answer": "folkmoot.agents.answers",
    "BaseAgent": "folkmoot.assembly.programs.agent",
    "DashboardInterface": "folkmoot.assembly.programs.dashboard",
    "Delivery": "folkmoot.messaging",
    "FolkmootError": "folkmoot.kernel",
    "MessageBroker": "folkmoot.assembly.programs.rooms",
    "MessageIntent": "folkmoot.messaging",
    "MessagePayload": "folkmoot.messaging",
    "MessageSender": "folkmoot.assembly.programs.sender",
    "Priority": "folkmoot.messaging",
    "Receipt": "folkmoot.messaging",
    "create_agent_config": "folkmoot.agents.config",
    "create_app": "folkmoot.assembly.app",
    "create_startup_config": "folkmoot.assembly.programs.startup",
    "save_startup_config": "folkmoot.assembly.programs.startup",
}

__all__ = [
    "AgentCommunicationMixin",
    "AgentConfig",
    "AgentInfo",
    "AgentMemoryInterface",
    "AgentMessage",
    "AgentRegistry",
    "Answer",
    "BaseAgent",
    "DashboardInterface",
    "Delivery",
    "FolkmootError",
    "MessageBroker",
    "MessageIntent",
    "MessagePayload",
    "MessageSender",
    "Priority",
    "Receipt",
    "__version__",
    "create_agent_config",
    "create_app",
    "create_startup_config",
    "save_startup_config",
]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'folkmoot' has no attribute '{name}'")
    return getattr(importlib.import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

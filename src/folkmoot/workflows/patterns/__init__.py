"""In which order the agents of a flow speak, one file a pattern. Each is given how to ask, and asks nothing itself."""

from folkmoot.workflows.patterns.autonomous import autonomous
from folkmoot.workflows.patterns.group_chat import group_chat
from folkmoot.workflows.patterns.sequential import sequential

__all__ = ["autonomous", "group_chat", "sequential"]

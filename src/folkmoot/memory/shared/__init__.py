"""What agents tell each other by key: values of a conversation or a workflow, with versions, scopes and expiry.

A space is a conversation or a workflow and belongs to whoever wrote there first; nobody else knows that it exists. In
it a value is seen by one agent, by the conversation, or by the workflow; the space `workplace` is everybody's.
"""

from folkmoot.memory.shared.by_agents import AgentsMemory
from folkmoot.memory.shared.desk import SharedMemory
from folkmoot.memory.shared.model import WORKPLACE, Entry, MemoryScope

__all__ = ["WORKPLACE", "AgentsMemory", "Entry", "MemoryScope", "SharedMemory"]

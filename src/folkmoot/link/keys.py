"""The names of everything that is kept in Redis. Nobody writes one elsewhere.

All begin with the house's prefix (`folkmoot:` unless several houses share a database). What stands in braces decides in
a Cluster on which node a key lies: everything of one mailbox lies together, and so does the registry.
"""

from typing import Final

PREFIX: Final = "folkmoot"


class Keys:
    """Names below a prefix."""

    def __init__(self, prefix: str = PREFIX) -> None:
        self.prefix = prefix

    def mailbox(self, agent_id: str, part: str = "") -> str:
        """A part of an agent's mailbox; without one, what all its parts begin with."""
        # A brace in an id would end what decides on the node too early.
        name = agent_id.replace("%", "%25").replace("{", "%7B").replace("}", "%7D")
        return f"{self.prefix}:mail:{{{name}}}:{part}"

    def registry(self, part: str) -> str:
        """A part of the registry."""
        return f"{self.prefix}:{{registry}}:{part}"

    def house(self, part: str) -> str:
        """Something the whole house has once."""
        return f"{self.prefix}:house:{part}"

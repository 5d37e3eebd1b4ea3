"""The names of the broker's keys. Those of a mailbox are described in the package's docstring."""

from typing import Final

from folkmoot.link import Keys

GROUP: Final = "agents"
RANKS: Final = range(4)
SLOT_SECONDS: Final = 10
"""Figures of what went through a mailbox are kept in slots of so many seconds…"""
SLOTS: Final = 30
"""…and summed over so many of them, which are five minutes."""
_BELL: Final = "bell"


class Names:
    """Every key and channel that this broker uses."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.timers = keys.house("timers")
        """When each mailbox has something that the time comes for: a sorted set of agents."""
        self.mailboxes = keys.house("mailboxes")
        """Agents that have, or had, mail within retention: a set."""
        self.new = keys.house("{new}:list")
        """What was accepted and stands in no list yet: a list of JSON arrays."""
        self.parts = keys.house("{new}:parts")
        """Names of former `new` lists that are being listed: a set."""
        self.all = keys.house("list:all")
        """Every message by position, as `<agent> <id>`: a sorted set, like the three that follow."""
        self.alive_prefix = keys.house("alive:")
        self.answers_prefix = keys.house("answers:")

    def base(self, agent_id: str) -> str:
        """What every key of a mailbox begins with."""
        return self._keys.mailbox(agent_id)

    def stream(self, agent_id: str, rank: int) -> str:
        """What waits within one priority."""
        return f"{self.base(agent_id)}s:{rank}"

    def lanes(self, agent_id: str) -> str:
        """Who has which lane."""
        return f"{self.base(agent_id)}lanes"

    def dead(self, agent_id: str) -> str:
        """The dead letters of one mailbox."""
        return f"{self.base(agent_id)}dead"

    def settled(self, agent_id: str) -> str:
        """What ended, by time."""
        return f"{self.base(agent_id)}settled"

    def chunks(self, agent_id: str, message_id: str) -> str:
        """Parts of a reply."""
        return f"{self.base(agent_id)}c:{message_id}"

    def bell(self, agent_id: str) -> str:
        """The channel that tells of new mail."""
        return f"{self.base(agent_id)}{_BELL}"

    def claim(self, message_id: str) -> str:
        """In which mailbox a message is."""
        return self._keys.house(f"id:{message_id}")

    def alive(self, consumer: str) -> str:
        """There as long as a process lives."""
        return f"{self.alive_prefix}{consumer}"

    def answers(self, consumer: str) -> str:
        """The channel on which a process hears of ends."""
        return f"{self.answers_prefix}{consumer}"

    def to(self, agent_id: str) -> str:
        """The messages to an agent."""
        return self._keys.house(f"list:to:{agent_id}")

    def sent_by(self, agent_id: str) -> str:
        """The messages from somebody."""
        return self._keys.house(f"list:from:{agent_id}")

    def conversation(self, conversation_id: str) -> str:
        """The messages of a conversation."""
        return self._keys.house(f"list:in:{conversation_id}")

    def part(self, mark: str) -> str:
        """A former `new` list."""
        return self._keys.house(f"{{new}}:part:{mark}")

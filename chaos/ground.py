"""Where a round takes place: its folder with ledgers and database, and the numbers of its messages.

Every process of a round rebuilds it alike from what a `Ground` says. Nothing here knows a broker, so that a peer's
processes, which have no Folkmoot, write the same ledgers.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.ledger import Ledger

KEEPER: Final = "keeper"
"""The agent that puts its effect into the transaction it is given."""
PLAIN: Final = "plain"
"""The agent that does not."""
SENDERS: Final = 8
_PRIORITIES: Final = ("normal", "normal", "high", "low")
_ASKED_EVERY: Final = 10


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One round's place. Without `redis_url` the broker is the embedded one. `broken` plants a fault, by its name."""

    folder: Path
    messages: int
    redis_url: str | None = None
    broken: str = ""

    @property
    def accepted(self) -> Ledger:
        """Messages whose `publish` or `request` returned."""
        return Ledger(self.folder / "accepted")

    @property
    def answered(self) -> Ledger:
        """Questions whose right answer came."""
        return Ledger(self.folder / "answered")

    @property
    def begun(self) -> Ledger:
        """Messages that a handler was given, each time."""
        return Ledger(self.folder / "begun")

    @property
    def spared(self) -> Ledger:
        """Deliveries whose effect was there already: the mark was found."""
        return Ledger(self.folder / "spared")

    @property
    def plain_effects(self) -> Ledger:
        """Effects of the agent that uses no transaction."""
        return Ledger(self.folder / "effects")

    @property
    def rows(self) -> Path:
        """The database of the agents: marks, and effects in a table without any key."""
        return self.folder / "rows.db"

    def kept_effects(self) -> list[str]:
        """Effects of the agent that uses the transaction, in the order of their commits."""
        connection = sqlite3.connect(self.rows)
        try:
            return [row[0] for row in connection.execute("SELECT id FROM effects ORDER BY rowid")]
        finally:
            connection.close()

    @staticmethod
    def name(number: int) -> str:
        """The id of message `number`: the same however often it is sent. It begins with its recipient's name."""
        return f"{PLAIN if number % 2 else KEEPER}-{number:06d}"

    @staticmethod
    def sender(number: int) -> int:
        """Which sender sends message `number`: each has mail for both agents."""
        return number // 2 % SENDERS

    @staticmethod
    def priority(number: int) -> str:
        """The priority of message `number`."""
        return _PRIORITIES[number // (2 * SENDERS) % len(_PRIORITIES)]

    @staticmethod
    def asked(number: int) -> bool:
        """Whether message `number` is a question, whose sender waits for the answer."""
        return number % _ASKED_EVERY < 2  # one for each agent

    def names(self) -> list[str]:
        """Every message's id."""
        return [self.name(number) for number in range(self.messages)]

    def questions(self) -> list[str]:
        """The ids of the questions."""
        return [self.name(number) for number in range(self.messages) if self.asked(number)]

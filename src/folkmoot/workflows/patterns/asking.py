"""How a pattern asks: the one thing that it is given."""

from collections.abc import Sequence
from typing import Protocol

from folkmoot.workflows.flow_document import Member
from folkmoot.workflows.model import Utterance


class Ask(Protocol):
    """Asks a member for its turn, and keeps what it says."""

    async def __call__(self, member: Member, said: Sequence[Utterance], *, recipient: str) -> Utterance | None:
        """What the member says to `recipient` after what was `said`; None if it said nothing, and why is noted."""
        ...


class Choose(Protocol):
    """Chooses who speaks next in a group chat."""

    async def __call__(self, said: Sequence[Utterance], candidates: Sequence[Member], /) -> Member | None:
        """One of the candidates, None if nobody has anything to add."""
        ...

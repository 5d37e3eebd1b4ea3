"""Who keeps what was said: a Protocol, and the one for when nobody does. The rows are written by `record.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from folkmoot.tasks.situation import Inquiry
from folkmoot.tasks.talk import Consultation, Position, Utterance, Verdict


class Minutes(Protocol):
    """Keeps each answer and message once, however often it is told of it."""

    async def answered(self, inquiry: Inquiry) -> Mapping[str, Consultation]:
        """The answers that are kept already, by agent."""
        ...

    async def consulted(self, inquiry: Inquiry, answer: Consultation) -> None: ...

    async def negotiating(self, inquiry: Inquiry) -> None:
        """The consultation is over, and somebody can do it."""
        ...

    async def said(self, inquiry: Inquiry, messages: Sequence[Utterance]) -> None: ...

    async def decided(
        self, inquiry: Inquiry, verdict: Verdict, positions: Mapping[int, Sequence[Position]]
    ) -> None: ...


class NoMinutes:
    """For replays of a history, where only the result counts."""

    async def answered(self, inquiry: Inquiry) -> Mapping[str, Consultation]:  # noqa: ARG002  # see `Minutes`
        return {}

    async def consulted(self, inquiry: Inquiry, answer: Consultation) -> None:
        pass

    async def negotiating(self, inquiry: Inquiry) -> None:
        pass

    async def said(self, inquiry: Inquiry, messages: Sequence[Utterance]) -> None:
        pass

    async def decided(self, inquiry: Inquiry, verdict: Verdict, positions: Mapping[int, Sequence[Position]]) -> None:
        pass

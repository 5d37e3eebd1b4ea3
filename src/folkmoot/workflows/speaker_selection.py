"""Who speaks next in a group chat: a language model decides it, where the group has one; else it is estimated.

The estimate lets whoever was spoken to answer, then whoever has not spoken and whose persona is nearest to what was
said. Nobody is made to speak twice for nothing.
"""

import math
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, Field

from folkmoot.models import Caller, ModelHandle, ModelHub, ModelsError
from folkmoot.models.errors import ModelBudgetExceededError
from folkmoot.models.quoting import subject_words
from folkmoot.workflows.flow_document import Member
from folkmoot.workflows.model import Utterance

NOBODY: Final = "nobody"
_ENOUGH: Final = 2
_STEM: Final = 4
_SHOWN: Final = 12_000  # characters of what was said last


class NextSpeaker(BaseModel):
    """Who is to speak next."""

    speaker: str = Field(description="the name of the one who should speak next, or 'nobody' if the talk is done")


class SpeakerSelection:
    """Chooses for one group chat."""

    def __init__(
        self, *, models: ModelHub, handle: ModelHandle, group: Member, members: Sequence[Member], caller: Caller
    ) -> None:
        self._models = models
        self._handle = handle
        self._group = group
        self._members = members
        self._caller = caller

    async def __call__(self, said: Sequence[Utterance], candidates: Sequence[Member], /) -> Member | None:
        """See `Choose`."""
        if self._handle.offline or len(candidates) == 1 == len(self._members):
            return estimated(said, candidates)
        try:
            decided = await self._models.decide(
                self._handle,
                instructions=_instructions(self._group, candidates),
                prompt=transcript(said)[-_SHOWN:],
                output=NextSpeaker,
                caller=self._caller,
            )
        except ModelBudgetExceededError:
            raise
        except ModelsError:
            return estimated(said, candidates)
        wanted = decided.speaker.strip().casefold()
        chosen = next((one for one in candidates if one.name.casefold() == wanted), None)
        speakers = {one.sender for one in said[1:]}
        if chosen is None and (wanted != NOBODY or len(speakers) < min(_ENOUGH, len(self._members))):
            return estimated(said, candidates)
        return chosen


def estimated(said: Sequence[Utterance], candidates: Sequence[Member]) -> Member | None:
    """Who has a reason to speak. Pure."""
    last = said[-1]
    if not last.quotes:  # names that are only quoted address nobody
        text = last.content.casefold()
        spoken_to = [one for one in candidates if one.name != last.sender and one.name.casefold() in text]
        if spoken_to:
            return min(spoken_to, key=lambda one: text.index(one.name.casefold()))
    speakers = {one.sender for one in said[1:]}
    fresh = [one for one in candidates if one.name not in speakers]
    if not fresh:
        return None
    subject = {word for one in said for word in subject_words(one.content)}
    return max(fresh, key=lambda one: _nearness(one, subject))


def transcript(said: Sequence[Utterance]) -> str:
    """What was said, a paragraph for each."""
    return "\n\n".join(f"{one.sender}: {one.content}" for one in said)


def _nearness(member: Member, subject: set[str]) -> float:
    own = subject_words(f"{member.name.replace('_', ' ')} {member.persona}")
    return sum(1 for word in own if any(_same(word, other) for other in subject)) / math.sqrt(len(own) or 1)


def _same(one: str, other: str) -> bool:
    """Whether two words are forms of one: `announce` and `announcements`."""
    shorter = min(len(one), len(other))
    return one == other or (shorter >= _STEM and one[:shorter] == other[:shorter])


def _instructions(group: Member, candidates: Sequence[Member]) -> str:
    those = "\n".join(f"- {one.name}: {one.persona[:500]}" for one in candidates)
    return (
        f"You lead the group chat {group.name}. {group.persona}\n\nThose who may speak next:\n{those}\n\n"
        f"Say who should speak next by the name alone. Say '{NOBODY}' once the question is answered and nobody has "
        "anything new to add."
    )

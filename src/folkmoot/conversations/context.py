"""What an agent is told of a conversation before the message it answers: the latest turns as they were, and what was
said before them in short. The short part rolls on: it is kept with the conversation, and grows by what leaves the
window.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from folkmoot.conversations.model import Before, ChatMessage, Status
from folkmoot.conversations.store import AsyncSession, change_conversation, select_shown, summary_of
from folkmoot.kernel import JsonValue
from folkmoot.memory.conversation import SUMMARY, Said, in_mind

WINDOW: Final = 24_000  # characters of turns as they were said
BEFORE: Final = "before"  # among a message's details
_MOST_TURNS: Final = 60
_LOOKED_AT: Final = 200_000  # characters of turns that a client tells of


@dataclass(frozen=True, kw_only=True)
class Context:
    """`history` as agents take it: `{"role": "user"|"agent", "text": …}`, oldest first."""

    history: tuple[dict[str, JsonValue], ...] = ()
    summary: str = ""
    instructions: str = ""

    def after(self, told: Mapping[str, Any] | None) -> "Context":
        """This, after what a client told of what was said earlier: see `kept_before`."""
        if not told:
            return self
        short = "\n".join(part for part in (told.get("summary", ""), self.summary) if part)
        history = (*told.get("history", ()), *self.history)
        return Context(history=history, summary=short, instructions=told.get("instructions", ""))


def kept_before(before: Before) -> dict[str, JsonValue]:
    """What a client told of earlier turns, as it is kept with a message: the latest as they were, the rest in short.

    Takes a while for long ones: a matter for a thread.
    """
    size, first = 0, len(before.turns)
    while first > 0 and size <= _LOOKED_AT:  # what was said long before that is not worth the time
        first -= 1
        size += len(before.turns[first].text)
    mind = in_mind(before.turns[first:], window=WINDOW, summary=SUMMARY)
    kept: dict[str, JsonValue] = {}
    if mind.turns:
        kept["history"] = [{"role": one.role, "text": one.text} for one in mind.turns]
    if mind.summary:
        kept["summary"] = mind.summary
    if before.instructions:
        kept["instructions"] = before.instructions
    return kept


async def read_context(session: AsyncSession, conversation_id: str, *, before: int) -> Context:
    """What was said in the shown branch before the message with this number."""
    shown = await select_shown(session, conversation_id, before=before, limit=_MOST_TURNS)
    window = _window([one for one in shown if _counts(one)])
    summary, _ = (
        await summary_of(session, conversation_id) if len(shown) == _MOST_TURNS or len(window) < len(shown) else ("", 0)
    )
    turns: list[dict[str, JsonValue]] = [
        {"role": "user" if one.role == "user" else "agent", "text": one.content} for one in window
    ]
    return Context(history=tuple(turns), summary=summary)


async def roll_summary(session: AsyncSession, conversation_id: str) -> None:
    """Let the short part take in what has left the window. Cheap where nothing has."""
    latest = await select_shown(session, conversation_id, limit=_MOST_TURNS)
    window = _window([one for one in latest if _counts(one)])
    if not window or (len(window) == len(latest) and len(latest) < _MOST_TURNS):
        return
    summary, upto = await summary_of(session, conversation_id)
    leaving = await select_shown(session, conversation_id, after=upto, limit=4 * _MOST_TURNS)
    gone = [one for one in leaving if one.number < window[0].number and _counts(one)]
    if not gone:
        return
    earlier = [Said(*_parted(line)) for line in summary.splitlines()]
    said = [*earlier, *(Said("user" if one.role == "user" else "agent", one.content) for one in gone)]
    # The last one stands in for the window: it is left out of the short form by definition.
    short = in_mind([*said, Said("user", "")], window=0, summary=SUMMARY).summary
    await change_conversation(session, conversation_id, summary=short, summarized=gone[-1].number)


def _window(turns: list[ChatMessage]) -> list[ChatMessage]:
    size, first = 0, len(turns)
    while first > 0 and size + len(turns[first - 1].content) <= WINDOW:
        first -= 1
        size += len(turns[first].content)
    return turns[first:]


def _counts(one: ChatMessage) -> bool:
    return bool(one.content) and one.status in (Status.SAID, Status.ANSWERED, Status.CANCELLED)


def _parted(line: str) -> tuple[str, str]:
    role, colon, text = line.partition(": ")
    return (role, text) if colon and role in ("user", "agent") else ("agent", line)

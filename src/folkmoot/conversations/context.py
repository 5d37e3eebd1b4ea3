"""What an agent is told of a conversation before the message it answers: the latest turns as they were, and what was
said before them in short. The short part rolls on: it is kept with the conversation, and grows by what leaves the
window.
"""

from dataclasses import dataclass
from typing import Final

from folkmoot.conversations.model import ChatMessage, Status
from folkmoot.conversations.store import AsyncSession, change_conversation, select_shown, summary_of
from folkmoot.kernel import JsonValue
from folkmoot.memory.conversation import SUMMARY, Said, in_mind

WINDOW: Final = 24_000  # characters of turns as they were said
_MOST_TURNS: Final = 60


@dataclass(frozen=True, kw_only=True)
class Context:
    """`history` as agents take it: `{"role": "user"|"agent", "text": …}`, oldest first."""

    history: tuple[dict[str, JsonValue], ...] = ()
    summary: str = ""


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

"""What an agent is told of a conversation before the message it answers: the latest turns as they were, and what was
said before them in short. The short part rolls on: it is kept with the conversation, and grows by what leaves the
window. Each function here works within the caller's `Database.run`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from folkmoot.conversations.model import Status
from folkmoot.kernel import JsonValue
from folkmoot.memory.conversation import SUMMARY, Said, in_mind
from folkmoot.storage import Execute

WINDOW: Final = 24_000  # characters of turns as they were said
MOST_TURNS: Final = 60
_NEWEST: Final = 2**62
_SHOWN: Final = (
    "SELECT number, message_id, role, status, content FROM messages "
    "WHERE conversation_id = :conversation_id AND active AND number < :before AND number > :after "
)


@dataclass(frozen=True)
class Shown:
    """A shown message, as far as it is told."""

    number: int
    message_id: str
    role: str
    status: Status
    content: str

    @property
    def counts(self) -> bool:
        """Whether it is told to the agent."""
        return bool(self.content) and self.status in (Status.SAID, Status.ANSWERED, Status.CANCELLED)

    @property
    def speaker(self) -> str:
        return "user" if self.role == "user" else "agent"


@dataclass(frozen=True, kw_only=True)
class Context:
    """`history` as agents take it: `{"role": "user"|"agent", "text": …}`, oldest first. `rolls`: some of what was said
    is beyond it.
    """

    history: tuple[dict[str, JsonValue], ...] = ()
    summary: str = ""
    rolls: bool = False


def shown_before(execute: Execute, conversation_id: str, before: int = _NEWEST) -> list[Shown]:
    """The latest shown messages with a number below that, oldest first."""
    given = {"conversation_id": conversation_id, "before": before, "after": 0, "most": MOST_TURNS}
    rows = execute(f"{_SHOWN} ORDER BY number DESC LIMIT :most", given)
    return [Shown(row[0], row[1], row[2], Status(row[3]), row[4]) for row in reversed(rows)]


def context_of(execute: Execute, conversation_id: str, shown: Sequence[Shown]) -> Context:
    """What an agent is told before what follows these."""
    counting = [one for one in shown if one.counts]
    window = _window(counting)
    rolls = len(window) < len(counting) or len(shown) == MOST_TURNS
    return Context(
        history=tuple({"role": one.speaker, "text": one.content} for one in window),
        summary=_summary(execute, conversation_id)[0] if rolls else "",
        rolls=rolls,
    )


def read_context(execute: Execute, conversation_id: str, *, before: int) -> Context:
    """The same for what follows the shown messages with a number below that."""
    return context_of(execute, conversation_id, shown_before(execute, conversation_id, before))


def roll_summary(execute: Execute, conversation_id: str) -> None:
    """Let the short part take in what has left the window."""
    window = _window([one for one in shown_before(execute, conversation_id) if one.counts])
    if not window:
        return
    summary, upto = _summary(execute, conversation_id)
    given = {"conversation_id": conversation_id, "before": window[0].number, "after": upto, "most": 4 * MOST_TURNS}
    rows = execute(f"{_SHOWN} ORDER BY number LIMIT :most", given)
    gone = [one for one in (Shown(row[0], row[1], row[2], Status(row[3]), row[4]) for row in rows) if one.counts]
    if not gone:
        return
    earlier = [Said(*_parted(line)) for line in summary.splitlines()]
    # The last one stands in for the window: it is left out of the short form by definition.
    said = [*earlier, *(Said(one.speaker, one.content) for one in gone), Said("user", "")]
    short = in_mind(said, window=0, summary=SUMMARY).summary
    execute(
        "UPDATE conversations SET summary = :summary, summarized = :upto WHERE conversation_id = :conversation_id",
        {"summary": short, "upto": gone[-1].number, "conversation_id": conversation_id},
    )


def _summary(execute: Execute, conversation_id: str) -> tuple[str, int]:
    asked = "SELECT summary, summarized FROM conversations WHERE conversation_id = :conversation_id"
    rows = execute(asked, {"conversation_id": conversation_id})
    return (str(rows[0][0]), int(rows[0][1])) if rows else ("", 0)


def _window(turns: list[Shown]) -> list[Shown]:
    size, first = 0, len(turns)
    while first > 0 and size + len(turns[first - 1].content) <= WINDOW:
        first -= 1
        size += len(turns[first].content)
    return turns[first:]


def _parted(line: str) -> tuple[str, str]:
    role, colon, text = line.partition(": ")
    return (role, text) if colon and role in ("user", "agent") else ("agent", line)

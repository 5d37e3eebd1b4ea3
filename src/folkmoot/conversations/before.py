"""What a client that holds a conversation itself tells of its earlier turns: how it is kept, and how it is told on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from folkmoot.conversations.context import WINDOW, Context
from folkmoot.conversations.model import Before
from folkmoot.kernel import JsonValue
from folkmoot.memory.conversation import SUMMARY, in_mind

BEFORE: Final = "before"  # among a message's details
ASKED: Final = "(For this whole conversation, as far as your own instructions allow it)"
_LOOKED_AT: Final = 200_000  # characters of turns


def kept_before(before: Before) -> dict[str, JsonValue]:
    """As it is kept with a message: the latest turns as they were, the rest in short.

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


def with_before(context: Context, told: Mapping[str, Any] | None) -> Context:
    """What was said here, after what was told of.

    What the client asks for the whole conversation comes last, where no window cuts it off, and as words of the user:
    what an agent is, it stays.
    """
    if not told:
        return context
    short = "\n".join(part for part in (told.get("summary", ""), context.summary) if part)
    history = [*told.get("history", ()), *context.history]
    if told.get("instructions"):
        history.append({"role": "user", "text": f"{ASKED}\n{told['instructions']}"})
    return replace(context, history=tuple(history), summary=short)

"""Taking an entry back."""

from typing import Any, Final, Literal

from folkmoot.tools.diary.entries import FILES, take_back
from folkmoot.tools.model import ToolContext
from folkmoot.tools.specify import tool

Kind = Literal["workout", "meal", "goal", "preference", "ziel", "mahlzeit", "vorliebe", "training"]
_KINDS: Final = {"ziel": "goal", "mahlzeit": "meal", "vorliebe": "preference", "training": "workout"}


@tool(
    effect="write",
    said_like=(
        "(remove|delete|undo|take back|forget) [(my|the)] [last] {kind}",
        "(lösche|entferne|streiche) [(mein|meine|das|die)] [(letzte|letztes)] {kind}",
    ),
)
async def remove_entry(context: ToolContext, kind: Kind, entry_id: str = "last") -> dict[str, Any]:
    """Take back what was noted for the user: the last entry of a kind, or the one of an id.

    Args:
        kind: What kind of entry.
        entry_id: The entry's id, or `last`.
    """
    named = _KINDS.get(kind, kind)
    entry = await take_back(context, named, entry_id)
    told = entry.get("text") or entry.get("exercise") or entry.get("id")
    return {
        "summary": f"took back the {named} “{told}” of {entry.get('date')}; {FILES[named]} is without it now.",
        "removed": entry,
    }

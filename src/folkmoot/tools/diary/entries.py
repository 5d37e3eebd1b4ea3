"""A list of dated entries in one JSON file of a user's area: added to, read, and taken back, losing nothing.

The file is the user's: they may read and delete it, and what is no such list is left as it is.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from folkmoot.kernel import JsonValue, new_id
from folkmoot.tools.diary.days import span_of
from folkmoot.tools.errors import ToolFailedError
from folkmoot.tools.model import ToolContext
from folkmoot.user_files import UnknownFileError

FILES: Final[Mapping[str, str]] = {
    "workout": "workouts.json",
    "meal": "meals.json",
    "goal": "goals.json",
    "preference": "preferences.json",
}
_SHOWN: Final = 20
Entry = dict[str, Any]
Worded = Callable[[Entry], str]


async def add(context: ToolContext, kind: str, *, day: date, worded: Worded, **fields: JsonValue) -> dict[str, Any]:
    """Put an entry at the end of the file of its kind, and say so."""
    now = context.clock.now()
    entry: Entry = {
        "id": new_id(kind),
        "date": day.isoformat(),
        **{name: value for name, value in fields.items() if value is not None and value != ""},
        "noted_at": now.isoformat(timespec="seconds"),
        "noted_by": context.agent_id,
    }
    file = FILES[kind]
    await context.files.change(file, lambda before: _text([*_entries(file, before), entry]))
    return {
        "summary": f"noted for {entry['date']}: {worded(entry)}. It stands in your file {file}; "
        f"“remove my last {kind}” takes it back.",
        "entry": entry,
        "file": file,
    }


async def shown(context: ToolContext, kind: str, *, span: str, worded: Worded) -> dict[str, Any]:
    """The entries of a span of days, the latest last."""
    file = FILES[kind]
    days = span_of(span, context.clock.now().date())
    try:
        kept = _entries(file, await context.files.read(file))
    except UnknownFileError:
        kept = []
    found = [one for one in kept if days is None or days[0].isoformat() <= str(one.get("date")) <= days[1].isoformat()]
    about = "" if days is None else f" from {days[0]} to {days[1]}" if days[0] != days[1] else f" for {days[0]}"
    if not found:
        summary = f"I have no {kind}s noted{about}."
    else:
        lines = [f"- {one.get('date')}: {worded(one)}" for one in found[-_SHOWN:]]
        more = f" (the last {_SHOWN} of {len(found)})" if len(found) > _SHOWN else ""
        summary = "\n".join(
            [f"{len(found)} {kind}{'' if len(found) == 1 else 's'} noted{about}{more}, in {file}:", *lines]
        )
    return {"summary": summary, "entries": found[-_SHOWN:], "total": len(found)}


async def take_back(context: ToolContext, kind: str, entry_id: str) -> Entry:
    """Remove the entry of this id, or the `last` one, and answer it. Raises `ToolFailedError` if there is none."""
    file, gone = FILES[kind], []

    def without(before: str | None) -> str:
        kept = _entries(file, before)
        place = next(
            (index for index in range(len(kept) - 1, -1, -1) if entry_id in {"last", kept[index].get("id")}), None
        )
        if place is None:
            raise ToolFailedError(f"there is no {kind} '{entry_id[:40]}' in {file}")
        gone.append(kept.pop(place))
        return _text(kept)

    await context.files.change(file, without)
    return gone[-1]


def plain(entry: Entry) -> str:
    """An entry of one text."""
    return f"“{entry.get('text', '')}”"


def _entries(file: str, text: str | None) -> list[Entry]:
    try:
        kept = json.loads(text) if text and text.strip() else []
    except json.JSONDecodeError as error:
        raise ToolFailedError(f"{file} is no JSON any more ({error}); mend or delete it, and ask again") from error
    if not isinstance(kept, list) or not all(isinstance(one, dict) for one in kept):
        raise ToolFailedError(f"{file} holds something else than a list of entries; rename or delete it, and ask again")
    return kept


def _text(entries: Sequence[Entry]) -> str:
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"

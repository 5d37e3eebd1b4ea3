"""Reading a history to be replayed: JSON lines, plain or gzipped, with the columns named by whoever asks.

Every fault names the file and the line. Nothing is guessed: a column that is not in a line is a fault, except the text
columns, of which one is enough, and the labels.
"""

import gzip
import json
import math
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from folkmoot.skills.history import HistoryItem
from folkmoot.tasks.errors import BadHistoryError

_DAY: Final = 86_400.0


def read_history(
    path: Path,
    *,
    person: str | None = "dev",
    text: Sequence[str] = ("title", "body"),
    time: str = "day",
    labels: str | None = "areas",
) -> list[HistoryItem]:
    """The pieces of work in a file, the oldest first.

    `person`: the column that says who did it, None for tasks whose doer is not told. `text`: the columns of the words;
    the first is the title. `time`: a number of days, or a moment as RFC 3339. `labels`: a column with a list of words.
    Raises `BadHistoryError`.
    """
    items: list[HistoryItem] = []
    known: set[str] = set()
    for number, row in _rows(path):
        where = f"{path.name}, line {number}"
        item_id = _text(row, "id", where)
        if item_id in known:
            raise BadHistoryError(f"{where}: the id '{item_id}' stands in the file twice", line=number)
        known.add(item_id)
        words = [_optional(row, column, where) for column in text]
        if not any(column in row for column in text):
            raise BadHistoryError(
                f"{where}: has none of the text columns {', '.join(text)}; it has {', '.join(sorted(row))}", line=number
            )
        items.append(
            HistoryItem(
                id=item_id,
                person=_text(row, person, where) if person else None,
                title=words[0] if words else "",
                text="\n".join(one for one in words[1:] if one),
                day=_day(row, time, where),
                labels=_labels(row, labels, where) if labels else (),
            )
        )
    if not items:
        raise BadHistoryError(f"{path.name} holds no line; each line is a JSON object with id, {', '.join(text)}")
    return sorted(items, key=lambda one: one.day)


def read_gold(path: Path, *, person: str = "dev") -> dict[str, str]:
    """Who really did each piece of work, by its id. Raises `BadHistoryError`."""
    gold: dict[str, str] = {}
    for number, row in _rows(path):
        where = f"{path.name}, line {number}"
        item_id = _text(row, "id", where)
        if item_id in gold:
            raise BadHistoryError(f"{where}: the id '{item_id}' stands in the file twice", line=number)
        gold[item_id] = _text(row, person, where)
    return gold


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") if _gzipped(path) else path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, _row(line, f"{path.name}, line {number}", number)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadHistoryError(f"{path} cannot be read: {why}", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise BadHistoryError(f"{path} is not UTF-8 text: {error.reason}", path=str(path)) from error


def _gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _row(line: str, where: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadHistoryError(f"{where}: is not JSON: {error}", line=number) from error
    if not isinstance(row, dict):
        raise BadHistoryError(f"{where}: is not a JSON object", line=number)
    return row


def _text(row: dict[str, Any], column: str, where: str) -> str:
    value = row.get(column)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise BadHistoryError(f"{where}: the column '{column}' is missing or empty; it has {', '.join(sorted(row))}")
    return value.strip()


def _optional(row: dict[str, Any], column: str, where: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadHistoryError(f"{where}: the column '{column}' is not a text")
    return value


def _day(row: dict[str, Any], column: str, where: str) -> float:
    value = row.get(column)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 500_000:  # noqa: PLR2004  # days that a calendar holds
        return float(value)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment.timestamp() / _DAY
    raise BadHistoryError(f"{where}: the column '{column}' is neither a number of days nor a moment with a zone")


def _labels(row: dict[str, Any], column: str, where: str) -> tuple[str, ...]:
    value = row.get(column)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadHistoryError(f"{where}: the column '{column}' is not a list of texts")
    return tuple(value)

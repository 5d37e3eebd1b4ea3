"""Reading the files of a backtest: agents as one JSON list, messages as JSON lines, plain or gzipped.

Every fault names the file, the line and the field. Nothing is guessed.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from folkmoot.agents.place import FieldPath, Placed, field_name, read_placed
from folkmoot.conversations.routing.errors import BadRoutingFileError
from folkmoot.conversations.routing.model import Candidate, Utterance

NOBODY: Final = "general"  # what the files call a message that is for none of the agents


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to be routed."""

    id: str
    text: str


def read_agents(path: Path) -> tuple[Candidate, ...]:
    """The agents of a JSON list `[{id, name, description, keywords, examples}]`. Raises `BadRoutingFileError`."""
    raw = _bytes(path)
    try:
        rows = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadRoutingFileError(f"{path.name} is not UTF-8 text: {error.reason}", file=path.name) from error
    except json.JSONDecodeError as error:
        raise BadRoutingFileError(
            f"{path.name}, line {error.lineno}: is not JSON: {error.msg}", file=path.name, line=error.lineno
        ) from error
    except RecursionError as error:
        raise BadRoutingFileError(f"{path.name}: is nested too deeply", file=path.name) from error
    if isinstance(rows, dict) and "agents" in rows:
        return _Agents(path.name, raw, ("agents",)).read(rows["agents"])
    return _Agents(path.name, raw, ()).read(rows)


class _Agents:
    """Reads the list and knows where it stands."""

    def __init__(self, name: str, raw: bytes, within: FieldPath) -> None:
        self._name = name
        self._raw = raw
        self._within = within

    def read(self, rows: Any) -> tuple[Candidate, ...]:
        if not isinstance(rows, list) or not rows:
            raise self._fault((), "must be a list of agents: [{id, name, description, keywords, examples}]")
        found: dict[str, Candidate] = {}
        for number, row in enumerate(rows):
            candidate = self._one(row, number)
            if candidate.agent_id in found:
                raise self._fault((number, "id"), f"the id '{candidate.agent_id}' stands in the file twice")
            found[candidate.agent_id] = candidate
        return tuple(found.values())

    def _one(self, row: Any, number: int) -> Candidate:
        if not isinstance(row, dict):
            raise self._fault((number,), "is not a JSON object")
        agent_id = row.get("id")
        if not isinstance(agent_id, str) or not agent_id.strip():
            raise self._fault((number, "id"), "is missing or empty")
        found = Candidate(
            agent_id=agent_id.strip(),
            name=self._text(row, number, "name") or agent_id.strip(),
            description=self._text(row, number, "description"),
            keywords=self._texts(row, number, "keywords"),
            examples=self._texts(row, number, "examples"),
            aliases=self._texts(row, number, "aliases"),
        )
        if not (found.examples or found.keywords or found.description):
            raise self._fault(
                (number,), "has no examples, no keywords and no description: nothing tells what it is for"
            )
        return found

    def _text(self, row: dict[str, Any], number: int, field: str) -> str:
        value = row.get(field)
        if value is not None and not isinstance(value, str):
            raise self._fault((number, field), "is not a text")
        return (value or "").strip()

    def _texts(self, row: dict[str, Any], number: int, field: str) -> tuple[str, ...]:
        value = row.get(field)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._fault((number, field), "is not a list of texts")
        for place, one in enumerate(value):
            if not isinstance(one, str):
                raise self._fault((number, field, place), "is not a text")
        return tuple(one for one in value if one.strip())

    def _fault(self, path: FieldPath, message: str) -> BadRoutingFileError:
        whole = (*self._within, *path)
        # Lines are looked for only when something is wrong: it takes far longer than reading.
        placed = read_placed(self._raw, file=self._name, as_json=True)
        line = placed.line(whole) if isinstance(placed, Placed) else None
        where = ", ".join(part for part in (self._name, f"line {line}" if line else "", field_name(whole)) if part)
        return BadRoutingFileError(f"{where}: {message}", file=self._name, line=line, field=field_name(whole))


def read_messages(path: Path) -> list[Message]:
    """The messages of `{id, text}` lines. Raises `BadRoutingFileError`."""
    found: dict[str, Message] = {}
    for number, row in _rows(path):
        message = Message(id=_id(row, path, number), text=_text(row, "text", path, number))
        if message.id in found:
            raise _wrong(path, number, "id", f"'{message.id}' stands in the file twice")
        found[message.id] = message
    return list(found.values())


def read_tune(path: Path, known: frozenset[str]) -> list[Utterance]:
    """The `{text, agent}` lines; `general` becomes nobody, unless it is one of the agents. Raises as above."""
    return [
        Utterance(text=_text(row, "text", path, number), agent_id=_agent(row, path, number, known))
        for number, row in _rows(path)
    ]


def read_gold(path: Path, known: frozenset[str]) -> dict[str, str]:
    """The right agent, or `general`, by the message's id. Raises as above."""
    gold: dict[str, str] = {}
    for number, row in _rows(path):
        message_id = _id(row, path, number)
        if message_id in gold:
            raise _wrong(path, number, "id", f"'{message_id}' stands in the file twice")
        gold[message_id] = _agent(row, path, number, known) or NOBODY
    return gold


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = _bytes(path).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadRoutingFileError(f"{path.name} is not UTF-8 text: {error.reason}", file=path.name) from error
    empty = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _wrong(path, number, "", f"is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise _wrong(path, number, "", "is not a JSON object")
        empty = False
        yield number, row
    if empty:
        raise BadRoutingFileError(f"{path.name} holds no line", file=path.name)


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadRoutingFileError(f"{path} cannot be read: {why}", file=str(path)) from error


def _id(row: dict[str, Any], path: Path, number: int) -> str:
    value = row.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(path, number, "id", "is missing or empty")
    return value


def _text(row: dict[str, Any], field: str, path: Path, number: int) -> str:
    value = row.get(field)
    if not isinstance(value, str):
        raise _wrong(path, number, field, "is missing or not a text")
    return value


def _agent(row: dict[str, Any], path: Path, number: int, known: frozenset[str]) -> str | None:
    value = row.get("agent")
    if not isinstance(value, str) or not value.strip():
        raise _wrong(path, number, "agent", "is missing or empty")
    if value in known:
        return value
    if value == NOBODY:
        return None
    raise _wrong(
        path, number, "agent", f"'{value}' is none of the agents ({', '.join(sorted(known))}) and not {NOBODY}"
    )


def _wrong(path: Path, number: int, field: str, message: str) -> BadRoutingFileError:
    where = f"{path.name}, line {number}" + (f", field '{field}'" if field else "")
    return BadRoutingFileError(f"{where}: {message}", file=path.name, line=number, field=field)

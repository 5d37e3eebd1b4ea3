"""One JSON object a line, columns named by the person or by habit."""

from collections.abc import Iterator

import orjson

from folkmoot.kernel import JsonValue
from folkmoot.twins.importers.columns import Columns, Moments
from folkmoot.twins.importers.errors import NotAnExportError
from folkmoot.twins.importers.record import Account, ExportRecord, ReadOptions
from folkmoot.twins.importers.source import Source

_SNIFFED_LINES = 20
_NAMED_IN = 200
"""So many objects decide which columns a file has."""


def _objects(source: Source, account: Account) -> Iterator[tuple[int, dict[str, JsonValue] | None, str]]:
    """Line number, object, and why there is none. Blank lines are nothing."""
    for number, line in enumerate(source.lines(), start=1):
        account.lines = number
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield number, None, "invalid_json"
            continue
        yield (number, value, "") if isinstance(value, dict) else (number, None, "not_an_object")


class JsonLinesImporter:
    """JSON lines (`.jsonl`, `.ndjson`)."""

    platform = "jsonl"

    def sniff(self, head: str, name: str) -> float:
        lines = [one for one in head.split("\n")[:_SNIFFED_LINES] if one.strip()]
        objects = 0
        for line in lines:
            try:
                objects += isinstance(orjson.loads(line), dict)
            except orjson.JSONDecodeError:
                continue
        named = name.casefold().endswith((".jsonl", ".ndjson", ".json"))
        return (0.7 if objects else 0.0) + (0.2 if named and objects else 0.0)

    def members(self, names: list[str]) -> list[str]:
        return [one for one in names if one.casefold().endswith((".jsonl", ".ndjson"))]

    def read(self, source: Source, options: ReadOptions, account: Account) -> Iterator[ExportRecord]:
        zone = options.zone()
        present: dict[str, None] = {}
        for count, (_, value, _) in enumerate(_objects(source, Account())):
            present.update(dict.fromkeys(value or ()))
            if count >= _NAMED_IN and present:
                break
        if not present:
            raise NotAnExportError(
                f"{source.name} has no line that is a JSON object; JSON lines have one object a line", file=source.name
            )
        columns = Columns.choose(options.columns, present, source.name)
        moments = Moments(zone=zone, order=options.date_order)
        moments.survey(
            ((columns.moment(value), number) for number, value, _ in _objects(source, Account()) if value), source.name
        )
        for number, value, fault in _objects(source, account):
            if value is None:
                account.skipped[fault] += 1
                continue
            written = columns.moment(value)
            moment = moments.read(written)
            if moment is None and written not in (None, "") and not _is_relative(written):
                account.skipped["invalid_date"] += 1
                continue
            record = columns.record(value, number, moment)
            if record.author is None and not record.text:
                account.skipped["no_content"] += 1
                continue
            account.parsed += 1
            yield record


def _is_relative(written: JsonValue) -> bool:
    """Small numbers are days or counts of somebody's own; the entry stands, without a time."""
    return isinstance(written, int | float) and not isinstance(written, bool)

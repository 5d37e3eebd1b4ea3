"""What a file would give, without storing any of it and without anybody's consent: JSON objects, one a line."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from folkmoot.kernel import JsonValue, rfc3339
from folkmoot.twins.importers.open import open_export
from folkmoot.twins.importers.record import ExportRecord, ReadOptions


def preview(
    path: Path, platform: str | None = None, options: ReadOptions | None = None
) -> Iterator[dict[str, JsonValue]]:
    """An object `{ts, author, text, kind}` for each entry, with further fields where they say something, and at last
    `{kind: "account", parsed, skipped, total, lines, platform}`.

    `ts` is RFC 3339 in UTC; where neither file nor options give a time zone it is the local time without one.
    Raises every `ImportFormatError`, always before the first object. Blocking.
    """
    export = open_export(path, platform=platform, options=options)
    for record in export.records():
        yield as_json(record)
    yield {"kind": "account", **export.account.as_json(), "platform": export.platform}


def as_json(record: ExportRecord) -> dict[str, JsonValue]:
    """The fields of a record that say something; `ts`, `author`, `text` and `kind` always."""
    line: dict[str, JsonValue] = {
        "ts": _written(record.ts),
        "author": record.author,
        "text": record.text,
        "kind": record.kind.value,
        "position": record.position,
    }
    if record.edited:
        line["edited"] = True
    for name in ("attachment", "thread", "subject"):
        if (value := getattr(record, name)) is not None:
            line[name] = value
    for name in ("recipients", "paths"):
        if values := getattr(record, name):
            line[name] = list(values)
    if record.source_id is not None:
        line["id"] = record.source_id
    return line


def _written(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat() if moment.tzinfo is None else rfc3339(moment)

"""JSON lines and CSV with columns of anybody's naming."""

from pathlib import Path

import pytest

from folkmoot.twins.importers import ExportRecord, ReadOptions, open_export
from folkmoot.twins.importers.errors import AmbiguousDatesError, InvalidReadOptionError, MissingColumnsError


def read(folder: Path, name: str, text: str, **said: str) -> tuple[list[ExportRecord], dict[str, int]]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    export = open_export(path, options=ReadOptions.of(**said))
    records = list(export.records())
    assert export.account.total == len(records) + export.account.skipped.total()
    return records, dict(export.account.skipped)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ('"2024-01-31T21:05:12Z"', "2024-01-31T21:05:12+00:00"),
        ('"2024-01-31 21:05:12+01:00"', "2024-01-31T20:05:12+00:00"),
        ("1706735112", "2024-01-31T21:05:12+00:00"),
        ("1706735112000", "2024-01-31T21:05:12+00:00"),
        ('"Wed, 31 Jan 2024 21:05:12 +0100"', "2024-01-31T20:05:12+00:00"),
        ('"31/01/2024 21:05"', "2024-01-31T21:05:00"),
        ('"2024-01-31"', "2024-01-31T00:00:00"),
    ],
)
def test_times_in_their_forms(tmp_path: Path, when: str, expected: str) -> None:
    records, _ = read(tmp_path, "x.jsonl", f'{{"author": "Ann", "text": "hi", "ts": {when}}}\n')
    assert [one.ts.isoformat() for one in records if one.ts] == [expected]


def test_lines_that_are_no_messages_are_skipped_with_their_reasons(tmp_path: Path) -> None:
    lines = ('{"sender": "Ann", "message": "a"}', "", '{"sender": "Ann", "mess', "[1]", '{"x": 1}')
    text = "\n".join((*lines, '{"sender": "Bob", "message": "b"}\n'))
    records, skipped = read(tmp_path, "x.jsonl", text)
    assert [(one.author, one.text, one.position) for one in records] == [("Ann", "a", 1), ("Bob", "b", 6)]
    assert skipped == {"invalid_json": 1, "not_an_object": 1, "no_content": 1}


def test_a_teams_history_with_named_columns(tmp_path: Path) -> None:
    text = '{"id": "h1", "day": -7.5, "dev": "dev-01", "title": "Fix it", "body": "Why", "areas": ["src/a", "docs"]}\n'
    (record,), _ = read(tmp_path, "x.jsonl", text, columns="author=dev,text=title+body,ts=day,paths=areas")
    assert (record.author, record.text, record.ts, record.paths) == (
        "dev-01",
        "Fix it\nWhy",
        None,
        ("src/a", "docs"),
    )
    assert record.source_id == "h1"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_any_delimiter_and_quoted_line_breaks(tmp_path: Path, delimiter: str) -> None:
    text = (
        delimiter.join(("when", "who", "said"))
        + "\n"
        + delimiter.join(("2024-01-31", "Ann", '"two\nlines; a, b"'))
        + "\nx\n"
    )
    (record,), skipped = read(tmp_path, "x.csv", text, columns="author=who,text=said,ts=when", timezone="Asia/Tokyo")
    assert (record.author, record.text) == ("Ann", "two\nlines; a, b")
    assert record.ts is not None
    assert record.ts.isoformat() == "2024-01-30T15:00:00+00:00"
    assert skipped == {"wrong_columns": 1}


def test_columns_that_cannot_be_told_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnsError, match="--columns author=NAME") as raised:
        read(tmp_path, "x.csv", "a,b\n1,2\n")
    assert raised.value.fields["columns"] == ["a", "b"]
    with pytest.raises(MissingColumnsError, match="no column who"):
        read(tmp_path, "x.csv", "a,b\n1,2\n", columns="author=who,text=b")
    with pytest.raises(InvalidReadOptionError, match="names no column"):
        ReadOptions.of(columns="author")


def test_ambiguous_dates_of_a_table_are_asked_for(tmp_path: Path) -> None:
    text = "date,author,text\n01/02/2024,Ann,a\n02/02/2024,Ann,b\n"
    with pytest.raises(AmbiguousDatesError):
        read(tmp_path, "x.csv", text)
    records, _ = read(tmp_path, "x.csv", text, date_order="mdy")
    assert [one.ts.date().isoformat() for one in records if one.ts] == ["2024-01-02", "2024-02-02"]

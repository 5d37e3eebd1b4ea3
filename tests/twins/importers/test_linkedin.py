"""LinkedIn's messages.csv under each of the headings that it has had."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from folkmoot.twins.importers import Export, Kind, open_export

USUAL = [
    "CONVERSATION ID", "CONVERSATION TITLE", "FROM", "SENDER PROFILE URL", "TO", "RECIPIENT PROFILE URLS",
    "DATE", "SUBJECT", "CONTENT", "FOLDER",
]  # fmt: skip
NEWEST = [*USUAL, "ATTACHMENTS", "IS MESSAGE DRAFT", "IS CONVERSATION ARCHIVED"]
HEADINGS = {
    "old": ["FROM", "TO", "DATE", "SUBJECT", "CONTENT", "FOLDER"],
    "without recipients' addresses": [one for one in USUAL if one != "RECIPIENT PROFILE URLS"],
    "without folder": USUAL[:-1],
    "usual": USUAL,
    "with attachments": [*USUAL, "ATTACHMENTS"],
    "newest": NEWEST,
}
ROW = {"FROM": "Zoë", "TO": "John Smith", "DATE": "2024-01-31 21:05:12 UTC", "CONTENT": "hello", "FOLDER": "INBOX"}


def letters(
    folder: Path, headings: list[str], *rows: dict[str, str], name: str = "messages.csv", before: str = ""
) -> Export:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(before)
        sheet = csv.DictWriter(stream, headings, restval="", extrasaction="ignore", lineterminator="\r\n")
        sheet.writeheader()
        sheet.writerows(rows)
    return open_export(path)


@pytest.mark.parametrize("headings", HEADINGS.values(), ids=HEADINGS.keys())
@pytest.mark.parametrize("before", ["", "\ufeff", "Notes:\r\nnothing is missing\r\n\r\n"])
def test_all_headings_are_read(tmp_path: Path, headings: list[str], before: str) -> None:
    export = letters(tmp_path, headings, ROW, before=before)
    assert export.platform == "linkedin"
    (record,) = export.records()
    assert record.ts == datetime(2024, 1, 31, 21, 5, 12, tzinfo=UTC)
    assert (record.author, record.recipients, record.text, record.kind) == ("Zoë", ("John Smith",), "hello", Kind.TEXT)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-06-01 09:00 UTC", "2026-06-01T09:00:00+00:00"),
        ("2024-01-31 21:05:12", "2024-01-31T21:05:12+00:00"),
        ("1/31/24, 9:05 PM", "2024-01-31T21:05:00+00:00"),
        ("Jan 31, 2024, 9:05 PM", "2024-01-31T21:05:00+00:00"),
        ("31 January 2024 at 9:05:12 AM", "2024-01-31T09:05:12+00:00"),
        ("02/03/2024, 9:05 AM", "2024-02-03T09:05:00+00:00"),
        ("2024-01-31T21:05:12Z", "2024-01-31T21:05:12+00:00"),
    ],
)
def test_dates_in_their_forms(tmp_path: Path, date: str, expected: str) -> None:
    (record,) = letters(tmp_path, USUAL, ROW | {"DATE": date}).records()
    assert record.ts is not None
    assert record.ts.isoformat() == expected


def test_rows_that_are_nobodys_letters_are_skipped_with_their_reasons(tmp_path: Path) -> None:
    export = letters(
        tmp_path,
        NEWEST,
        ROW | {"CONTENT": "two\nlines, with a comma", "SUBJECT": "Hi", "TO": "A B,C D"},
        ROW | {"IS MESSAGE DRAFT": "Yes"},
        ROW | {"FOLDER": "SPAM"},
        ROW | {"DATE": "soon"},
        ROW | {"CONTENT": "", "ATTACHMENTS": "cv.pdf"},
    )
    first, second = export.records()
    assert (first.text, first.subject, first.recipients) == ("two\nlines, with a comma", "Hi", ("A B", "C D"))
    assert (second.kind, second.attachment) == (Kind.MEDIA, "cv.pdf")
    assert export.account.skipped == {"draft": 1, "spam": 1, "invalid_date": 1}
    assert export.account.total == 5


def test_html_becomes_text_and_other_angle_brackets_stay(tmp_path: Path) -> None:
    export = letters(
        tmp_path,
        USUAL,
        ROW | {"CONTENT": '<p class="x">Grow &amp; <b>win</b></p><p>now<br>here</p>'},
        ROW | {"CONTENT": "a < b and c > d, List<T> too"},
    )
    assert [one.text for one in export.records()] == ["Grow & win\nnow\nhere", "a < b and c > d, List<T> too"]


def test_a_row_that_is_cut_off_is_accounted_for(tmp_path: Path) -> None:
    export = letters(tmp_path, USUAL, ROW)
    with export.source.path.open("a", encoding="utf-8") as stream:
        stream.write('c1,,Ann,,"John')
    assert len(list(export.records())) == 1
    assert export.account.skipped == {"wrong_columns": 1}

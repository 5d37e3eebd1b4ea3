"""LinkedIn's `messages.csv` in all the forms that its headings have had, and `guide_messages.csv`."""

import html
import re
from collections.abc import Iterator
from datetime import UTC

from folkmoot.twins.importers.columns import Moments
from folkmoot.twins.importers.delimited import rows
from folkmoot.twins.importers.errors import NotAnExportError
from folkmoot.twins.importers.record import Account, DateOrder, ExportRecord, Kind, ReadOptions
from folkmoot.twins.importers.source import Source

_NEEDED = {"FROM", "TO", "DATE", "CONTENT"}
_MOST_NOTES = 20
"""Some archives put lines of notes before the headings."""
_TAG = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|ul|ol|li|img|h[1-6]|table|tbody|thead|tr|td|th|font|center|blockquote|html"
    r"|head|body|style|title|meta|hr|sup|sub|small|pre|code)(?:\s[^<>]{0,2000})?\s?/?>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6])>", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")
_UNWANTED = {"SPAM": "spam"}


def plain_text(content: str) -> str:
    """A message without its HTML; text that merely holds an angle bracket stays as it is."""
    if "<" in content and _TAG.search(content):
        content = _TAG.sub("", _BREAK.sub("\n", content))
        content = _BLANK_LINES.sub("\n\n", content)
    return (
        html.unescape(content).replace("\r\n", "\n").strip()
        if "&" in content
        else content.replace("\r\n", "\n").strip()
    )


def _headings(cells: list[str]) -> list[str]:
    return [" ".join(one.strip().upper().replace("_", " ").split()) for one in cells]


class LinkedInImporter:
    """The messages of a LinkedIn data archive."""

    platform = "linkedin"

    def sniff(self, head: str, name: str) -> float:
        del name  # people rename what they download
        for line in head.split("\n")[:_MOST_NOTES]:
            cells = set(_headings([one.strip().strip('"') for one in line.split(",")]))
            if cells >= _NEEDED:
                return 0.97 if "FOLDER" in cells or "CONVERSATION ID" in cells or "SUBJECT" in cells else 0.6
        return 0.0

    def members(self, names: list[str]) -> list[str]:
        ends = {one: one.rpartition("/")[2].casefold() for one in names}
        return [one for one in names if ends[one] == "messages.csv"] or [
            one for one in names if ends[one] == "guide_messages.csv"
        ]

    def read(self, source: Source, options: ReadOptions, account: Account) -> Iterator[ExportRecord]:
        notes = self._notes(source)
        headings: list[str] = []
        moments = Moments(zone=options.zone() or UTC, order=options.date_order)
        dates: list[int] = []
        for number, cells in rows(source, Account(), skip_lines=notes):
            if number == 1:
                headings = _headings(cells or [])
                dates = [headings.index("DATE")]
                break
        at = dates[0]
        moments.survey(
            (
                (cells[at], number)
                for number, cells in rows(source, Account(), skip_lines=notes)
                if number > 1 and cells and len(cells) > at
            ),
            source.name,
            default=DateOrder.MDY,  # where LinkedIn writes dates of three numbers, it writes them the American way
        )
        for number, cells in rows(source, account, skip_lines=notes):
            if number == 1:
                continue
            if cells is None:
                account.skipped["malformed_row"] += 1
            elif len(cells) != len(headings):
                account.skipped["wrong_columns"] += 1
            else:
                record = self._record(dict(zip(headings, cells, strict=True)), number, moments, account)
                if record is not None:
                    account.parsed += 1
                    yield record

    def _notes(self, source: Source) -> int:
        for number, line in enumerate(source.lines()):
            if set(_headings([one.strip().strip('"') for one in line.split(",")])) >= _NEEDED:
                return number
            if number >= _MOST_NOTES:
                break
        raise NotAnExportError(
            f"{source.name} is not LinkedIn's messages.csv: the headings FROM, TO, DATE and CONTENT are missing",
            file=source.name,
        )

    def _record(self, row: dict[str, str], number: int, moments: Moments, account: Account) -> ExportRecord | None:
        if row.get("IS MESSAGE DRAFT", "").strip().casefold() in {"yes", "true", "1"}:
            account.skipped["draft"] += 1
            return None
        if reason := _UNWANTED.get(row.get("FOLDER", "").strip().upper()):
            account.skipped[reason] += 1
            return None
        moment = moments.read(row["DATE"])
        if moment is None:
            account.skipped["invalid_date"] += 1
            return None
        text = plain_text(row["CONTENT"])
        attachment = row.get("ATTACHMENTS", "").strip() or None
        return ExportRecord(
            moment,
            row["FROM"].strip() or None,
            text,
            Kind.MEDIA if attachment and not text else Kind.TEXT,
            number,
            thread=row.get("CONVERSATION ID", "").strip() or None,
            recipients=tuple(one.strip() for one in row["TO"].split(",") if one.strip()),
            attachment=attachment,
            subject=row.get("SUBJECT", "").strip() or None,
        )

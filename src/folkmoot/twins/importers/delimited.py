"""Tables with a line of headings: CSV and its relatives, columns named by the person or by habit."""

import csv
from collections.abc import Iterator

from folkmoot.twins.importers.columns import FIELDS, Columns, Moments
from folkmoot.twins.importers.errors import NotAnExportError
from folkmoot.twins.importers.record import Account, ExportRecord, ReadOptions
from folkmoot.twins.importers.source import Source

_DELIMITERS = ",;\t|"
Row = tuple[int, list[str] | None]


def delimiter_of(headings: str) -> str:
    """The likeliest delimiter of a line of headings."""
    return max(_DELIMITERS, key=headings.count)


def rows(source: Source, account: Account, *, skip_lines: int = 0) -> Iterator[Row]:
    """Number (the headings are 1) and cells of each row; None for one that is no row. Blank lines are no rows."""
    lines = source.lines()
    for _ in range(skip_lines):
        next(lines, None)
    first = next(lines, "")
    if not first:
        return
    table = csv.reader(_chain(first, lines), delimiter=delimiter_of(first))
    number = 0
    while True:
        try:
            cells = next(table, None)
        except csv.Error:
            number += 1
            yield number, None
            continue
        account.lines = table.line_num + skip_lines
        if cells is None:
            return
        if cells:
            number += 1
            yield number, cells


def _chain(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


class CsvImporter:
    """A table with named columns (`.csv`, `.tsv`)."""

    platform = "csv"

    def sniff(self, head: str, name: str) -> float:
        first = head.partition("\n")[0]
        cells = {one.strip().strip('"').casefold() for one in first.split(delimiter_of(first))}
        if len(cells) < 2:  # noqa: PLR2004 - one column is no table
            return 0.0
        known = sum(1 for usual in (FIELDS["author"], FIELDS["text"], FIELDS["ts"]) if cells.intersection(usual))
        named = name.casefold().endswith((".csv", ".tsv"))
        return 0.5 * named + 0.13 * known if named else 0.18 * known

    def members(self, names: list[str]) -> list[str]:
        return [one for one in names if one.casefold().endswith((".csv", ".tsv"))]

    def read(self, source: Source, options: ReadOptions, account: Account) -> Iterator[ExportRecord]:
        zone = options.zone()
        headings = next((cells for _, cells in rows(source, Account()) if cells), None)
        if not headings:
            raise NotAnExportError(f"{source.name} has no line of headings", file=source.name)
        headings = [one.strip() for one in headings]
        columns = Columns.choose(options.columns, headings, source.name)
        moments = Moments(zone=zone, order=options.date_order)
        surveyed = ((number, cells) for number, cells in rows(source, Account()) if number > 1 and cells)
        moments.survey(
            ((columns.moment(dict(zip(headings, cells, strict=False))), number) for number, cells in surveyed),
            source.name,
        )
        for number, cells in rows(source, account):
            if number == 1:
                continue
            if cells is None:
                account.skipped["malformed_row"] += 1
            elif len(cells) != len(headings):
                account.skipped["wrong_columns"] += 1
            else:
                row = dict(zip(headings, cells, strict=True))
                written = columns.moment(row)
                moment = moments.read(written)
                if moment is None and written not in {None, ""}:
                    account.skipped["invalid_date"] += 1
                    continue
                account.parsed += 1
                yield columns.record(row, number, moment)

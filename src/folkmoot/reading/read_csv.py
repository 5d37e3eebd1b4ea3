"""Tables: each row says its columns' names, so that a chunk of rows is understood without the first line."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from folkmoot.reading.decode import encoding_of, lines_of
from folkmoot.reading.errors import BrokenDocumentError
from folkmoot.reading.model import Block, Report, Unit

_LONGEST_LINE: Final = 4 * 1024 * 1024
_LONGEST_CELL: Final = 1024 * 1024
_MOST_COLUMNS: Final = 2000
_SAMPLE_LINES: Final = 50


def read_csv(path: Path, report: Report) -> Iterator[Block]:
    """The rows, numbered as the lines of a spreadsheet are: the header is row 1."""
    csv.field_size_limit(_LONGEST_CELL)
    encoding = encoding_of(path)
    dialect = _dialect(path, encoding)
    rows = csv.reader((f"{line}\n" for line in _bounded(path, encoding)), dialect)
    header: list[str] = []
    try:
        for number, row in enumerate(rows, start=1):
            report.alive()
            cells = [cell.strip().replace("\x00", "") for cell in row[:_MOST_COLUMNS]]
            if not header:
                header = cells
                if any(cells):
                    yield Block(text=" | ".join(filter(None, cells)), unit=Unit.ROW, first=number)
            elif any(cells):
                yield Block(text=_row(header, cells), unit=Unit.ROW, first=number)
    except csv.Error as error:
        raise BrokenDocumentError(
            f"{path.name} is no table that can be read ({error}); save it as CSV in UTF-8 again", file=path.name
        ) from error


def _row(header: list[str], cells: list[str]) -> str:
    named = (
        f"{header[place]}: {cell}" if place < len(header) and header[place] else cell
        for place, cell in enumerate(cells)
        if cell
    )
    return " | ".join(named)


def _dialect(path: Path, encoding: str) -> type[csv.Dialect] | csv.Dialect:
    lines = [line for line, _ in zip(lines_of(path, encoding), range(_SAMPLE_LINES), strict=False)]
    try:
        found = csv.Sniffer().sniff("\n".join(line[:2000] for line in lines), delimiters=",;\t|")
    except csv.Error:
        return csv.excel_tab if path.suffix.casefold() == ".tsv" else csv.excel
    # The sniffer takes a lack of doubled quotes in its sample for a rule.
    found.doublequote = True
    return found


def _bounded(path: Path, encoding: str) -> Iterator[str]:
    for number, line in enumerate(lines_of(path, encoding, longest=_LONGEST_LINE + 1), start=1):
        if len(line) > _LONGEST_LINE:
            raise BrokenDocumentError(
                f"line {number} of {path.name} is longer than {_LONGEST_LINE // 2**20} MiB: no table has such a row",
                file=path.name,
                line=number,
            )
        yield line

"""Printing: tables for people, JSON for programs."""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

import typer

_WIDE: Final = 240
_GAP: Final = 2
_ORDINARY: Final = 12  # letters of a word that is kept whole
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def as_json(value: Any) -> None:
    """Print a value as one JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings; cells are shown as text, never as markup. Without rows the title says all."""
    from rich.table import Column

    # The first column is what other commands take, an id or a name: a narrow terminal must not cut it.
    kept = [list(row) for row in rows]
    least = [_least([heading, *(row[number] for row in kept)]) for number, heading in enumerate(headings)]
    first = max((len(str(row[0])) for row in kept), default=0)
    fits = max(first, len(headings[0])) + sum(least[1:]) + _GAP * len(least) <= _width()
    columns = [
        Column(heading, no_wrap=not number, overflow="fold", min_width=least[number] if fits else None)
        for number, heading in enumerate(headings)
    ]
    _sheet(title, columns, kept, headed=True)


def fields(title: str, pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values below each other."""
    from rich.table import Column

    columns = [Column(no_wrap=True, style="bold"), Column(overflow="fold")]
    _sheet(title, columns, [(name, value) for name, value in pairs if value not in (None, "", [], {})], headed=False)


def _least(cells: Sequence[object]) -> int:
    """How narrow a column may become before ordinary words are broken in it."""
    words = [word for cell in cells for word in str(cell).split()]
    return max((len(word) for word in words if len(word) <= _ORDINARY), default=1)


def _sheet(title: str, columns: Sequence[Any], rows: Iterable[Sequence[object]], *, headed: bool) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    sheet = Table(
        *columns, title=title, title_justify="left", title_style="bold", header_style="bold",
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, show_header=headed, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for row in rows:
        sheet.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if not sheet.row_count:
        typer.echo(title)
        return
    Console(file=sys.stdout, width=_width()).print(sheet)


def _width() -> int:
    """Columns to print in. Into a file or a pipe there is no edge to fold at: a program reads whole words there."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return _WIDE
    return shutil.get_terminal_size().columns

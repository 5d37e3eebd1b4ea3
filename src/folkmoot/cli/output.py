"""Printing: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def as_json(value: Any) -> None:
    """Print a value as one JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings; cells are shown as text, never as markup."""
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    # The first column is what other commands take, an id or a name: a narrow terminal must not cut it.
    columns = [Column(heading, no_wrap=not number, overflow="fold") for number, heading in enumerate(headings)]
    sheet = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        sheet.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console(file=sys.stdout).print(sheet)


def fields(title: str, pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values below each other."""
    table(title, ("", ""), [(name, value) for name, value in pairs if value not in (None, "", [], {})])

"""Plain text: paragraphs are what empty lines separate."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from folkmoot.reading.decode import encoding_of, lines_of
from folkmoot.reading.model import Block, Report, Unit

# Without empty lines a paragraph is closed here, so that one endless list does not become one block.
_LONGEST: Final = 2000


def read_text(path: Path, report: Report) -> Iterator[Block]:
    """The paragraphs with the lines they stand on."""
    held: list[str] = []
    first = size = 0
    for number, line in enumerate(lines_of(path, encoding_of(path)), start=1):
        report.alive()
        if held and (not line.strip() or size > _LONGEST):
            yield _block(held, first)
            held, size = [], 0
        if line.strip():
            first = first if held else number
            held.append(line.rstrip())
            size += len(line)
    if held:
        yield _block(held, first)


def _block(lines: list[str], first: int) -> Block:
    text = "\n".join(lines).replace("\x00", "")
    return Block(text=text, unit=Unit.LINE, first=first)

"""Cutting a document into chunks.

A chunk ends where a paragraph or sentence ends, and which end that is depends on the words before it, not on how much
came earlier: a change in one place moves few cuts, so a document that is read again keeps nearly all its chunks. A
chunk never spans two headings. In prose it begins with the last sentence of the one before, so that no thought is torn.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from folkmoot.reading.model import Block, Chunk, Unit

FEWEST: Final = 700  # characters before a cut is looked for
MOST: Final = 1200  # characters that no chunk exceeds but by its overlap
OVERLAP: Final = 160
_PARAGRAPH_ODDS: Final = 2  # one paragraph's end in so many is a cut
_SENTENCE_ODDS: Final = 7
_LONGEST_HEADING: Final = 300
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])")


@dataclass(frozen=True)
class _Piece:
    """A sentence or a row: what is never torn unless it alone is too long."""

    text: str
    block: Block
    ends_block: bool


@dataclass
class _Open:
    """The chunk that is being filled."""

    pieces: list[_Piece] = field(default_factory=list)
    size: int = 0
    overlap: str = ""

    def add(self, piece: _Piece) -> None:
        self.pieces.append(piece)
        self.size += len(piece.text) + 1


def cut(blocks: Iterable[Block]) -> Iterator[Chunk]:
    """The chunks of a document, in its order."""
    held = _Open()
    for block in blocks:
        if held.pieces and held.pieces[-1].block.heading != block.heading:
            yield _closed(held)
            held = _Open()
        for piece in _pieces(block):
            if held.pieces and held.size + len(piece.text) > MOST:
                yield _closed(held)
                held = _after(held)
            held.add(piece)
            if held.size >= FEWEST and _is_cut(piece):
                yield _closed(held)
                held = _after(held)
    if held.pieces:
        yield _closed(held)


def _pieces(block: Block) -> Iterator[_Piece]:
    if len(block.text) <= MOST // 3 or block.unit is Unit.ROW:
        parts = [block.text]
    else:
        parts = [part for part in _SENTENCE.split(block.text) if part.strip()]
    short = [piece for part in parts for piece in _no_longer(part)]
    for number, text in enumerate(short, start=1):
        yield _Piece(text=text, block=block, ends_block=number == len(short))


def _no_longer(text: str) -> Iterator[str]:
    """A piece of at most `MOST` characters at a time, torn at a space where there is one."""
    while len(text) > MOST:
        space = max(text.rfind(" ", MOST // 2, MOST), text.rfind("\n", MOST // 2, MOST))
        end = space if space > 0 else MOST
        yield text[:end].rstrip()
        text = text[end:].lstrip()
    if text.strip():
        yield text


def _is_cut(piece: _Piece) -> bool:
    odds = _PARAGRAPH_ODDS if piece.ends_block else _SENTENCE_ODDS
    return zlib.crc32(piece.text.encode("utf-8", "replace")) % odds == 0


def _after(full: _Open) -> _Open:
    last = full.pieces[-1]
    prose = last.block.unit is not Unit.ROW and len(last.text) <= OVERLAP
    return _Open(overlap=last.text if prose else "")


def _closed(full: _Open) -> Chunk:
    parts = [full.overlap] if full.overlap else []
    parts += [piece.text for piece in full.pieces]
    joined = ""
    ends = [full.pieces[0].block] if full.overlap else []
    ends += [piece.block for piece in full.pieces]
    for number, part in enumerate(parts):
        if number:
            joined += "\n" if ends[number].unit is Unit.ROW else " " if ends[number] is ends[number - 1] else "\n\n"
        joined += part
    start = full.pieces[0].block
    heading = " › ".join(start.heading)[:_LONGEST_HEADING]
    digest = hashlib.blake2b(f"{heading}\x00{joined}".encode("utf-8", "replace"), digest_size=12)
    return Chunk(
        text=f"{heading}\n\n{joined}" if heading else joined,
        heading=heading,
        page=start.first if start.unit is Unit.PAGE else None,
        line=start.first if start.unit in {Unit.LINE, Unit.ROW} else None,
        key=digest.hexdigest(),
    )

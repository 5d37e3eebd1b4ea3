"""Markdown: the headings make the path of what stands below them; comments and front matter are no text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from folkmoot.reading.decode import encoding_of, lines_of
from folkmoot.reading.model import Block, Report, Unit

_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})\s*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_COMMENT = re.compile(r"<!--.*?(-->|$)")
_LONGEST: Final = 2000
_LONGEST_TITLE: Final = 200


@dataclass
class Outline:
    """The headings above the present place."""

    levels: list[tuple[int, str]] = field(default_factory=list)

    bare: bool = False  # nothing stands below the last heading yet

    def enter(self, level: int, title: str) -> Iterator[Block]:
        """Begin a section; it ends the sections of its level and below. A heading that had nothing below it is told."""
        if self.bare and self.levels and self.levels[-1][0] >= level:
            yield from self.ended()
        while self.levels and self.levels[-1][0] >= level:
            self.levels.pop()
        if title:
            self.levels.append((level, title[:_LONGEST_TITLE]))
        self.bare = bool(title)

    def ended(self) -> Iterator[Block]:
        """The last heading as a text of its own, if it had nothing below it."""
        if self.bare:
            yield Block(text=self.levels[-1][1], heading=self.path[:-1])
        self.bare = False

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(title for _, title in self.levels)


@dataclass
class _Paragraph:
    lines: list[str] = field(default_factory=list)
    first: int = 0
    size: int = 0

    def add(self, line: str, number: int) -> None:
        self.first = self.first if self.lines else number
        self.lines.append(line)
        self.size += len(line)

    def taken(self, outline: Outline) -> Iterator[Block]:
        if any(line.strip() for line in self.lines):
            text = "\n".join(self.lines).strip("\n").replace("\x00", "")
            yield Block(text=text, heading=outline.path, unit=Unit.LINE, first=self.first)
            outline.bare = False
        self.lines, self.size = [], 0


def read_markdown(path: Path, report: Report) -> Iterator[Block]:
    """The paragraphs, lists and code blocks with their headings and lines."""
    outline, held = Outline(), _Paragraph()
    fence: str | None = None
    commented = False
    for number, raw in _body(path):
        report.alive()
        line = raw
        if fence is None:
            line, commented = _uncommented(line, within=commented)
        marker = _FENCE.match(line)
        if marker is not None and (fence is None or line.strip().startswith(fence)):
            fence = marker.group(1) if fence is None else None
            held.add(line, number)
            continue
        if fence is None and (heading := _HEADING.match(line)) is not None:
            yield from held.taken(outline)
            yield from outline.enter(len(heading.group(1)), heading.group(2))
            report.title = report.title or heading.group(2)
        elif fence is None and len(held.lines) == 1 and (under := _UNDERLINE.match(line)) is not None:
            title, held.lines = held.lines[0].strip(), []
            yield from outline.enter(1 if under.group(1).startswith("=") else 2, title)
            report.title = report.title or title
        elif (not line.strip() and fence is None) or held.size > _LONGEST:
            yield from held.taken(outline)
            if line.strip():
                held.add(line, number)
        else:
            held.add(line.rstrip(), number)
    yield from held.taken(outline)
    yield from outline.ended()


def _body(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines behind the front matter (`---` … `---` at the very beginning)."""
    lines = enumerate(lines_of(path, encoding_of(path)), start=1)
    head: list[tuple[int, str]] = []
    for number, line in lines:
        head.append((number, line))
        if number == 1 and line.strip() != "---":
            break
        if number > 1 and line.strip() in {"---", "..."}:
            head = []
            break
        if number > 50:  # noqa: PLR2004  # front matter is short: this was a rule, not its beginning
            break
    yield from head
    yield from lines


def _uncommented(line: str, *, within: bool) -> tuple[str, bool]:
    """A line without what a reader of the page does not see; whether the next one begins within a comment."""
    if within:
        before, end, rest = line.partition("-->")
        del before
        if not end:
            return "", True
        line = rest
    open_after = line.rfind("<!--") > line.rfind("-->")
    return _COMMENT.sub("", line), open_after

"""Word documents: paragraphs under their headings, tables row by row, without what was deleted or hidden."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from folkmoot.reading.errors import BrokenDocumentError, HostileDocumentError
from folkmoot.reading.model import Block, Report
from folkmoot.reading.read_markdown import Outline

_RATIO: Final = 200  # honest XML packs to a fiftieth
_SMALL: Final = 8 * 1024 * 1024
_MOST_MEMBERS: Final = 20_000


def refuse_bomb(path: Path, unpacked: int) -> None:
    """Look at what an archive declares before any of it is unpacked; raises `HostileDocumentError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _broken(path, error) from error
    total = sum(one.file_size for one in members)
    packed = max(1, path.stat().st_size)
    if total > unpacked or len(members) > _MOST_MEMBERS or (total > _SMALL and total > _RATIO * packed):
        raise HostileDocumentError(
            f"{path.name} would unpack from {packed // 1024} KiB to {total // 2**20} MiB: no honest document does",
            file=path.name,
            bytes=total,
        )


def read_docx(path: Path, report: Report) -> Iterator[Block]:
    """The paragraphs and table rows, in order."""
    import docx  # noqa: PLC0415  # only who reads such a document pays for it
    from docx.table import Table  # noqa: PLC0415  # see above

    try:
        document = docx.Document(str(path))
        report.title = " ".join(document.core_properties.title.split())
        outline = Outline()
        for part in document.iter_inner_content():
            report.alive()
            if isinstance(part, Table):
                outline.bare = False
                yield from _rows(part, outline)
                continue
            text = _seen(part)
            level = _level(part.style.name if part.style is not None else "")
            if level is not None:
                yield from outline.enter(level, " ".join(text.split()))
            elif text.strip():
                outline.bare = False
                yield Block(text=text.strip(), heading=outline.path)
        yield from outline.ended()
    except (MemoryError, BrokenDocumentError):
        raise
    except Exception as error:  # a damaged package raises whatever it likes, from zip to XML
        raise _broken(path, error) from error


def _seen(paragraph: Any) -> str:
    """The text of the runs and links that are shown."""
    if "w:vanish" not in paragraph._p.xml:  # noqa: SLF001  # the library tells hidden text by no other way
        return str(paragraph.text)
    return "".join(run.text for run in paragraph.runs if not run.font.hidden)


def _rows(table: Any, outline: Outline) -> Iterator[Block]:
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = " ".join(cell.text.split())
            # A merged cell is told once for each place it covers.
            if text and (not cells or cells[-1] != text):
                cells.append(text)
        if cells:
            yield Block(text=" | ".join(cells), heading=outline.path)


def _level(style: str | None) -> int | None:
    """Built-in styles bear English names in every language of Word."""
    if style in {"Title", "Subtitle"}:
        return 1 if style == "Title" else None
    head, _, number = (style or "").rpartition(" ")
    return int(number) + 1 if head == "Heading" and number.isdigit() else None


def _broken(path: Path, error: object) -> BrokenDocumentError:
    return BrokenDocumentError(
        f"{path.name} is damaged or cut off ({str(error)[:200] or type(error).__name__}); save it as DOCX again",
        file=path.name,
    )

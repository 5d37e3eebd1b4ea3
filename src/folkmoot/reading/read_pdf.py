"""PDF: the text of each page, with its number."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from folkmoot.reading.errors import BrokenDocumentError, EncryptedDocumentError, PicturesOnlyError
from folkmoot.reading.model import Block, Report, Unit

_FEW_LETTERS: Final = 3  # a page: less is a page number on a picture
_HYPHEN = re.compile(r"(?<=[a-zà-ÿ])[-\u00ad]\n(?=[a-zà-ÿ])")
_FULL: Final = 0.7  # of the usual width: a shorter line ends a paragraph
_SENTENCE_ENDS: Final = (".", "!", "?", ":", ";")


def read_pdf(path: Path, report: Report) -> Iterator[Block]:
    """The paragraphs of every page. A page that cannot be read is noted; `PicturesOnlyError` if none has text."""
    reader = _opened(path)
    count = len(reader.pages)
    report.title = _title(reader)
    letters, lost = 0, []
    for number in range(1, count + 1):
        report.alive()
        try:
            text = reader.pages[number - 1].extract_text()
        except (MemoryError, KeyboardInterrupt):
            raise
        except Exception:  # noqa: BLE001  # a damaged page raises whatever it likes: it is noted, the others count
            lost.append(number)
            continue
        letters += sum(one.isalnum() for one in text)
        yield from _paragraphs(text, number)
    if lost and len(lost) == count:
        raise _broken(path, "none of its pages can be read")
    if letters <= _FEW_LETTERS * count:
        raise PicturesOnlyError(
            f"{path.name} holds pictures of text, no text: it was scanned. Run a text recognition over it "
            "(such as ocrmypdf) and hand over the result",
            file=path.name,
            pages=count,
        )
    if lost:
        report.notes.append(f"pages that could not be read: {', '.join(map(str, lost[:20]))}")


def _opened(path: Path) -> Any:
    import pypdf  # noqa: PLC0415  # only who reads a PDF pays for it
    from pypdf.errors import FileNotDecryptedError, PyPdfError  # noqa: PLC0415  # see above

    # The library warns of every small fault of a file; what matters is raised.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted(path)
        pages = len(reader.pages)
    except (FileNotDecryptedError, NotImplementedError) as error:
        raise _encrypted(path) from error
    except (PyPdfError, OSError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise _broken(path, error) from error
    if not pages:
        raise _broken(path, "it has no pages")
    return reader


def _title(reader: Any) -> str:
    try:
        said = (reader.metadata or {}).get("/Title")
    except Exception:  # noqa: BLE001  # a title is a courtesy: whatever is wrong with it, there is none
        return ""
    return " ".join(said.split()) if isinstance(said, str) else ""


def _paragraphs(text: str, page: int) -> Iterator[Block]:
    text = _HYPHEN.sub("", text.replace("\x00", "").replace("\r\n", "\n"))
    lines = [line.strip() for line in text.split("\n")]
    widths = sorted(len(line) for line in lines if line)
    full = _FULL * widths[len(widths) * 9 // 10] if widths else 0
    held: list[str] = []
    for line in lines:
        if line:
            held.append(line)
        ends = not line or (len(line) < full and (line.endswith(_SENTENCE_ENDS) or len(held) == 1))
        if held and ends:
            yield Block(text=" ".join(held), unit=Unit.PAGE, first=page)
            held = []
    if held:
        yield Block(text=" ".join(held), unit=Unit.PAGE, first=page)


def _encrypted(path: Path) -> EncryptedDocumentError:
    return EncryptedDocumentError(
        f"{path.name} opens with a password only; remove the password and hand it over again", file=path.name
    )


def _broken(path: Path, error: object) -> BrokenDocumentError:
    return BrokenDocumentError(
        f"{path.name} is damaged or cut off ({error or 'it cannot be opened'}); save it as PDF again", file=path.name
    )

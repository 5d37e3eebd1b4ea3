"""What a file is: told by its content; the name decides only between kinds of text."""

import csv
import re
import zipfile
from pathlib import Path
from typing import Final

from folkmoot.reading.decode import encoding_of
from folkmoot.reading.errors import BrokenDocumentError, EmptyDocumentError, EncryptedDocumentError, UnknownKindError
from folkmoot.reading.model import Kind

_HEAD: Final = 4096
_BY_NAME: Final = {
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".csv": Kind.CSV,
    ".tsv": Kind.CSV,
    ".txt": Kind.TEXT,
}
_MAGIC: Final = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
    (b"\x1f\x8b", "a compressed file; unpack it and hand over what is in it"),
    (b"7z\xbc\xaf", "a compressed file; unpack it and hand over what is in it"),
    (b"Rar!", "a compressed file; unpack it and hand over what is in it"),
    (b"{\\rtf", "a rich-text file; save it as DOCX or PDF"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_PAGE = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HEADINGS = re.compile(r"^#{1,6} \S", re.MULTILINE)
_TAGS = re.compile(r"</(p|div|h[1-6]|table|ul|body)>", re.IGNORECASE)
_FEW_HEADINGS: Final = 2
_CAN: Final = "Markdown, text, HTML, PDF, DOCX and CSV can be read"


def kind_of(path: Path, media_type: str = "") -> Kind:
    """The kind of a file. `media_type` is what its sender called it, a hint between kinds of text.

    Raises `EmptyDocumentError`, `EncryptedDocumentError`, `BrokenDocumentError` or `UnknownKindError`.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xfe\xff"):
        raise EmptyDocumentError(f"{path.name} is empty; there is nothing to keep", file=path.name)
    if b"%PDF-" in head[:1024]:
        return Kind.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise EncryptedDocumentError(
            f"{path.name} is an Office file with a password, or one of the old formats; "
            "save it without a password as DOCX or PDF",
            file=path.name,
        )
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise UnknownKindError(f"{path.name} is {what}; {_CAN}", file=path.name)
    return _of_text(path, head.decode(encoding_of(path), "replace"), media_type)


def _packed(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BrokenDocumentError(
            f"{path.name} is cut off or damaged ({error}); save it again", file=path.name
        ) from error
    if "word/document.xml" in names:
        return Kind.DOCX
    if names & {"xl/workbook.xml", "ppt/presentation.xml", "mimetype"}:
        raise UnknownKindError(
            f"{path.name} is a spreadsheet, slides or another office document; save it as PDF or CSV", file=path.name
        )
    raise UnknownKindError(f"{path.name} is an archive; unpack it and hand over what is in it ({_CAN})", file=path.name)


def _of_text(path: Path, head: str, media_type: str) -> Kind:
    if _PAGE.match(head.lstrip("﻿")):
        return Kind.HTML
    named = _BY_NAME.get(path.suffix.casefold())
    said = next((kind for kind in Kind if kind.value == media_type.partition(";")[0].strip().casefold()), None)
    wanted = named or said
    if wanted is Kind.HTML and not _TAGS.search(head):
        return Kind.TEXT
    if wanted is Kind.CSV and not _has_columns(head):
        return Kind.TEXT
    if wanted in {Kind.PDF, Kind.DOCX}:
        wanted = None
    if not path.suffix and wanted is None and len(_HEADINGS.findall(head)) >= _FEW_HEADINGS:
        return Kind.MARKDOWN
    return wanted or Kind.TEXT


def _has_columns(head: str) -> bool:
    try:
        csv.Sniffer().sniff("\n".join(head.splitlines()[:20]), delimiters=",;\t|")
    except csv.Error:
        # One column is a table too; only a text with sentences is none.
        return all(len(line) < 200 for line in head.splitlines()[:20])  # noqa: PLR2004  # longer than any cell of a list
    return True

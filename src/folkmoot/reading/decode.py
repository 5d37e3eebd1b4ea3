"""The encoding of a text file: told by its mark, by its bytes, else by which reading looks like language."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from folkmoot.reading.errors import BrokenDocumentError, UnknownKindError

BLOCK: Final = 1024 * 1024
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset=["']?([A-Za-z0-9_\-]{2,30})""", re.IGNORECASE)
_CONTROLS: Final = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})
_EAST: Final = ("shift_jis", "gb18030", "euc_kr", "big5")
_CYRILLIC_SHARE: Final = 0.35  # of the letters: so many accents has no text in the Latin script
_SAMPLE: Final = 200_000


def encoding_of(path: Path) -> str:
    """The encoding of a text file; `UnknownKindError` where the bytes are no text at all."""
    with path.open("rb") as stream:
        head = stream.read(BLOCK)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if (wide := _wide(head)) is not None:
        return wide
    if b"\0" in head or len(head) - len(head.translate(None, _CONTROLS)) > len(head) // 50:
        raise UnknownKindError(
            f"{path.name} holds binary data, not text; hand over Markdown, text, HTML, PDF, DOCX or CSV", file=path.name
        )
    if _is_utf8(path):
        return "utf-8"
    declared = _DECLARED.search(head[:4096])
    if declared is not None and (said := declared.group(1).decode()).lower() not in {"utf-8", "utf8"}:
        try:
            return codecs.lookup(said).name
        except LookupError:
            pass
    return _likely(head[:_SAMPLE])


def lines_of(path: Path, encoding: str, *, longest: int = BLOCK) -> Iterator[str]:
    """The lines without their ends, at most `longest` characters at a time: a file may be one endless line."""
    try:
        with path.open(encoding=encoding, errors="replace", newline=None) as stream:
            while line := stream.readline(longest):
                yield line.rstrip("\n")
    except UnicodeError as error:
        raise BrokenDocumentError(
            f"{path.name} is cut off or not in its encoding {encoding} ({error}); save it as UTF-8", file=path.name
        ) from error


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark has a zero in nearly every second byte of a Western text."""
    sample = head[: min(len(head), 4096) & ~1]
    if len(sample) < 4:  # noqa: PLR2004  # two characters tell nothing
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.1:
        return "utf-16-be"
    return None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        try:
            while block := stream.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _likely(sample: bytes) -> str:
    high = sum(byte >= 0x80 for byte in sample)  # noqa: PLR2004  # beyond ASCII
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 0x80) + high  # noqa: PLR2004  # ASCII
    if high < letters * _CYRILLIC_SHARE:
        return "cp1252"
    scored = {name: _east(sample, name) for name in _EAST} | {
        name: _cyrillic(sample, name) for name in ("cp1251", "koi8_r")
    }
    return max(scored, key=lambda name: scored[name])


def _cyrillic(sample: bytes, name: str) -> float:
    """The share of lower-case Cyrillic among all letters: in the wrong one of the two, the cases are swapped."""
    letters = [one for one in sample.decode(name, "replace") if one.isalpha()]
    return sum("а" <= one <= "ё" for one in letters) / max(1, len(letters))


def _east(sample: bytes, name: str) -> float:
    """The share of everyday characters (kana, common ideographs, hangul) in a reading without faults."""
    text = sample.decode(name, "replace")
    beyond = [one for one in text if one > "\x7f"]
    if text.count("�") > len(beyond) // 200 + 1:
        return 0.0
    everyday = sum(
        "぀" <= one <= "ヿ" or "一" <= one <= "龥" or "가" <= one <= "힣" or "　" <= one <= "〿" or "！" <= one <= "～"
        for one in beyond
    )
    # Two bytes make one character, so a Cyrillic text misread as Chinese looks faultless as well: a little less.
    return 0.9 * everyday / max(1, len(beyond))

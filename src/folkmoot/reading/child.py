"""The process that reads: one document after another, within its limits, telling the server in lines of JSON.

In: `{"path", "name", "media_type"}` a line. Out, for each: any number of `{"chunks": [...]}` and `{"alive": true}`,
then `{"read": {...}}` or `{"fault": {...}}`. It holds no secret and no connection: whatever a document does to it, it
can only end, and the server starts another.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from folkmoot.reading.chunks import cut
from folkmoot.reading.errors import DocumentTooLargeError, EmptyDocumentError, HostileDocumentError, ReadingError
from folkmoot.reading.model import Block, Kind, Report
from folkmoot.reading.read_csv import read_csv
from folkmoot.reading.read_docx import read_docx, refuse_bomb
from folkmoot.reading.read_html import read_html
from folkmoot.reading.read_markdown import read_markdown
from folkmoot.reading.read_pdf import read_pdf
from folkmoot.reading.read_text import read_text
from folkmoot.reading.tell_kind import kind_of

BATCH: Final = 64
_SIGN_OF_LIFE_SECONDS: Final = 1.0
_LONGEST_TITLE: Final = 300
_READERS: Final[dict[Kind, Callable[[Path, Report], Iterator[Block]]]] = {
    Kind.TEXT: read_text,
    Kind.MARKDOWN: read_markdown,
    Kind.HTML: read_html,
    Kind.CSV: read_csv,
    Kind.PDF: read_pdf,
    Kind.DOCX: read_docx,
}


def main() -> None:
    """Serve requests until the input ends. The limits are the one argument, as JSON."""
    limits: dict[str, int] = json.loads(sys.argv[1])
    _confine(limits["memory"], limits["cpu"])
    # What a library prints must not get between the answers.
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        for line in sys.stdin.buffer:
            if not _answer(json.loads(line), limits, out):
                return


def _confine(memory: int, cpu: int) -> None:
    for what, wanted in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),  # it writes to its pipe, never to a file
    ):
        ceiling = resource.getrlimit(what)[1]
        allowed = wanted if ceiling == resource.RLIM_INFINITY else min(wanted, ceiling)
        resource.setrlimit(what, (allowed, ceiling))


def _answer(request: dict[str, str], limits: dict[str, int], out: IO[bytes]) -> bool:
    """Read one document; whether this process is fit for another."""
    path, name = Path(request["path"]), request["name"]
    # The processor's time is counted for the whole process, the limit is meant for one document.
    spent = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (spent + limits["cpu"], resource.getrlimit(resource.RLIMIT_CPU)[1]))
    fit = True
    try:
        told: dict[str, Any] = {"read": _read(path, request["media_type"], limits, out)}
    except ReadingError as error:
        told = _fault(error, path, name)
    except (MemoryError, RecursionError) as error:
        fit = False
        what = "memory" if isinstance(error, MemoryError) else "nesting"
        told = _fault(
            HostileDocumentError(f"{path.name} takes more {what} to read than is allowed for one document; split it"),
            path,
            name,
        )
    _tell(out, told)
    return fit


def _read(path: Path, media_type: str, limits: dict[str, int], out: IO[bytes]) -> dict[str, Any]:
    kind = kind_of(path, media_type)
    if kind is Kind.DOCX:
        refuse_bomb(path, limits["unpacked"])
    report = Report(alive=_signs_of_life(out))
    chunks = characters = 0
    found = cut(_READERS[kind](path, report))
    while batch := list(islice(found, BATCH)):
        chunks += len(batch)
        characters += sum(len(one.text) for one in batch)
        if chunks > limits["chunks"] or characters > limits["characters"]:
            raise DocumentTooLargeError(
                f"{path.name} holds more than {limits['characters']:,} characters of text; split it", file=path.name
            )
        _tell(out, {"chunks": [asdict(one) for one in batch]})
    if not chunks:
        raise EmptyDocumentError(f"{path.name} holds no text; there is nothing to keep", file=path.name)
    title = report.title[:_LONGEST_TITLE]
    return {"kind": kind.value, "title": title, "chunks": chunks, "characters": characters, "notes": report.notes}


def _signs_of_life(out: IO[bytes]) -> Callable[[], None]:
    last = time.monotonic()

    def alive() -> None:
        nonlocal last
        if time.monotonic() - last > _SIGN_OF_LIFE_SECONDS:
            last = time.monotonic()
            _tell(out, {"alive": True})

    return alive


def _fault(error: ReadingError, path: Path, name: str) -> dict[str, Any]:
    # The kept copy has a name of its own; people know theirs.
    fields = {key: name if value == path.name else value for key, value in error.fields.items()}
    said = error.message.replace(str(path), name).replace(path.name, name)
    return {"fault": {"code": error.code, "message": said, "fields": fields}}


def _tell(out: IO[bytes], told: dict[str, Any]) -> None:
    out.write(_encoded(told))
    out.flush()


def _encoded(told: dict[str, Any]) -> bytes:
    # Half of a surrogate pair can be in any broken text, and in no UTF-8.
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


if __name__ == "__main__":
    main()

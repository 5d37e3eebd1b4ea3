"""What cannot be read is refused with a reason, and nothing that a file does reaches the server."""

import asyncio
import os
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.reading import DocumentReader, DocumentTooLargeError, Limits, UnreadableDocumentError
from folkmoot.reading.errors import (
    BrokenDocumentError,
    EmptyDocumentError,
    EncryptedDocumentError,
    HostileDocumentError,
    PicturesOnlyError,
    UnknownKindError,
)
from tests.reading import files

MEBIBYTE = 1024 * 1024
BOMBS: dict[str, Callable[[], bytes]] = {
    "zip": files.zip_bomb,
    "entities": files.entity_bomb,
    "flate": files.flate_bomb,
    "tags": lambda: b"<html><body>" + b"<a b=c>" * 1_500_000,
    "nesting": lambda: b"<html><body>" + b"<div>" * 20_000 + b"deep",
    "line": lambda: b"a,b\n1,2\n" * 5000 + b"x" * 9 * MEBIBYTE,
    "nesting_pdf": lambda: files.pdf("x").replace(b"/Type /Catalog", b"/Type /Catalog /X " + b"[" * 200_000),
}


@pytest.fixture
async def reader() -> AsyncIterator[DocumentReader]:
    """With a quarter of the usual memory."""
    reader = DocumentReader(processes=1, limits=Limits(memory=320 * MEBIBYTE))
    yield reader
    await reader.close()


async def refused(reader: DocumentReader, path: Path) -> UnreadableDocumentError:
    async def take(_chunks: object) -> None: ...

    with pytest.raises(UnreadableDocumentError) as caught:
        await reader.read(path, take, name="Übersicht 表.bin")
    assert "Übersicht 表.bin" in caught.value.message  # what people call it, not where it lies
    assert path.name not in caught.value.message
    return caught.value


async def still_reads(reader: DocumentReader, folder: Path) -> None:
    path = folder / "fine.md"
    path.write_text("# Fine\n\nAll is well.")
    got: list[str] = []

    async def take(chunks: object) -> None:
        got.extend(one.text for one in chunks)  # type: ignore[attr-defined]  # chunks, by the promise of `read`

    await reader.read(path, take)
    assert got == ["Fine\n\nAll is well."]


FAULTS: list[tuple[bytes, type[UnreadableDocumentError], str]] = [
        (b"", EmptyDocumentError, "empty"),
        (b" \r\n\t ", EmptyDocumentError, "empty"),
        (b"<html><body><script>x()</script></body></html>", EmptyDocumentError, "no text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), UnknownKindError, "picture"),
        (b"\x7fELF" + bytes(100), UnknownKindError, "program"),
        (b"{\\rtf1 hello}", UnknownKindError, "DOCX or PDF"),
        (os.urandom(4096), UnknownKindError, "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), EncryptedDocumentError, "without a password"),
        (b"%PDF-1.7 and then nothing of the kind", BrokenDocumentError, "damaged"),
        (files.pdf("text here")[:300], BrokenDocumentError, "damaged"),
        (files.pdf("", ""), PicturesOnlyError, "text recognition"),
        (b"PK\x03\x04 and then nothing", BrokenDocumentError, "damaged"),
        (files.package("<w:p><w:r><w:t>unclosed"), BrokenDocumentError, "damaged"),
        (files.package("<w:p/>"), EmptyDocumentError, "no text"),
    ]  # fmt: skip


async def test_each_fault_is_said_so_that_it_can_be_mended(reader: DocumentReader, tmp_path: Path) -> None:
    path = tmp_path / "kept.bin"
    for content, kind, says in FAULTS:
        path.write_bytes(content)
        error = await refused(reader, path)
        assert (type(error), says in error.message) == (kind, True), (content[:40], error.message)


async def test_a_pdf_with_a_password_says_to_remove_it(reader: DocumentReader, tmp_path: Path) -> None:
    files.encrypted_pdf(tmp_path / "locked.pdf", "open sesame")
    error = await refused(reader, tmp_path / "locked.pdf")
    assert isinstance(error, EncryptedDocumentError)
    assert "remove the password" in error.message


async def test_a_pdf_that_anybody_may_open_is_no_locked_one(reader: DocumentReader, tmp_path: Path) -> None:
    files.encrypted_pdf(tmp_path / "open.pdf", "")

    async def take(chunks: object) -> None: ...

    assert (await reader.read(tmp_path / "open.pdf", take)).chunks == 1


async def test_other_archives_are_told_apart(reader: DocumentReader, tmp_path: Path) -> None:
    for name, says in (("xl/workbook.xml", "spreadsheet"), ("notes.txt", "unpack it")):
        path = tmp_path / f"{name.partition('/')[0]}.kept"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "x")
        assert says in (await refused(reader, path)).message


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_ends_its_own_process_at_most(tmp_path: Path, bomb: str) -> None:
    limits = Limits(memory=320 * MEBIBYTE, silence=timedelta(seconds=10), total=timedelta(seconds=20))
    reader = DocumentReader(processes=1, limits=limits)
    path = tmp_path / "bomb.bin"
    path.write_bytes(BOMBS[bomb]())
    if bomb == "line":
        path = path.rename(tmp_path / "bomb.csv")
    try:
        await refused(reader, path)
        await still_reads(reader, tmp_path)
    finally:
        await reader.close()


async def test_a_reader_that_hangs_is_ended_and_the_next_document_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")  # opening it waits for somebody who never comes
    reader = DocumentReader(processes=1, limits=Limits(silence=timedelta(seconds=1)))
    began = time.monotonic()
    try:
        assert isinstance(await refused(reader, tmp_path / "fifo"), HostileDocumentError)
        assert time.monotonic() - began < 30
        await still_reads(reader, tmp_path)
    finally:
        await reader.close()


async def test_whoever_no_longer_wants_it_ends_the_process(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = DocumentReader(processes=1)
    task = asyncio.create_task(refused(reader, tmp_path / "fifo"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await still_reads(reader, tmp_path)
    await reader.close()


async def test_more_text_than_is_kept_of_one_document_is_refused(tmp_path: Path) -> None:
    reader = DocumentReader(limits=Limits(characters=10_000))
    path = tmp_path / "long.txt"
    path.write_text("A sentence that says little. " * 1000)

    async def take(_chunks: object) -> None: ...

    with pytest.raises(DocumentTooLargeError):
        await reader.read(path, take)
    await reader.close()


async def test_the_process_knows_no_secret_of_the_server(
    monkeypatch: pytest.MonkeyPatch, reader: DocumentReader, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-tell")
    await still_reads(reader, tmp_path)
    (process,) = reader._free
    environment = Path(f"/proc/{process._process.pid}/environ")
    told = await asyncio.to_thread(lambda: environment.read_bytes() if environment.exists() else b"")
    assert b"sk-do-not-tell" not in told

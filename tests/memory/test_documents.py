"""Documents are taken in whole or not at all, replaced where they differ, and removed to the last word."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.memory.documents import DocumentStatus
from folkmoot.memory.documents.errors import (
    InvalidDocumentError,
    NotYourDocumentError,
    ScopeNotAllowedError,
    UnknownDocumentError,
)
from folkmoot.reading import DocumentTooLargeError, UnreadableDocumentError
from folkmoot.storage import Database
from tests.memory.shelf import ADMIN, LARGEST, Shelf, member, shelf_on
from tests.waiting import wait_until

HANDBOOK = "# Handbook\n\n## Leave\n\nThirty days a year.\n\n## Remote\n\nTwo days a week at home.\n"


@pytest.fixture
async def shelf(database: Database, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf_on(database, clock, tmp_path) as shelf:
        yield shelf


@pytest.fixture
async def any_shelf(any_database: Database, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    """Once on SQLite and once on PostgreSQL."""
    async with shelf_on(any_database, clock, tmp_path) as shelf:
        yield shelf


def holding(folder: Path, word: bytes) -> list[Path]:
    """The files below a folder with a word in them, the database's own among them."""
    return [one for one in folder.rglob("*") if one.is_file() and word in one.read_bytes().lower()]


async def test_a_document_is_found_with_its_place(any_shelf: Shelf) -> None:
    document = await any_shelf.add("handbook.md", HANDBOOK)
    assert (document.status, document.chunks, document.version) == (DocumentStatus.READY, 2, 1)
    assert (document.title, document.media_type, document.size) == ("Handbook", "text/markdown", len(HANDBOOK))
    found = (await any_shelf.index.search("days at home", scopes=["product"]))[0]
    assert (found.source, found.heading, found.line, found.origin) == (
        "handbook.md",
        "Handbook › Remote",
        9,
        document.document_id,
    )
    chunks, total = await any_shelf.library.chunks(document.document_id, principal=ADMIN)
    assert total == 2
    assert [one.heading for one in chunks] == ["Handbook › Leave", "Handbook › Remote"]
    assert not list(any_shelf.folder.iterdir())  # no copy stays


async def test_the_same_again_changes_nothing(shelf: Shelf, clock: SimulatedClock) -> None:
    first = await shelf.add("handbook.md", HANDBOOK)
    rows = await shelf.passages(first.document_id)
    clock.advance(timedelta(days=1))
    assert await shelf.add("handbook.md", HANDBOOK) == first
    assert await shelf.passages(first.document_id) == rows


async def test_a_newer_version_touches_only_what_differs(any_shelf: Shelf) -> None:
    first = await any_shelf.add("handbook.md", HANDBOOK)
    rows = await any_shelf.passages(first.document_id)
    newer = HANDBOOK.replace("# Handbook\n", "# Handbook\n\nA word of welcome.\n").replace("Two days", "Three days")
    second = await any_shelf.add("handbook.md", newer)
    assert second.document_id == first.document_id
    assert (second.version, second.chunks) == (2, 3)
    kept = rows.items() & (await any_shelf.passages(first.document_id)).items()
    assert len(kept) == 1  # Leave is as it was, two lines further down
    (leave,) = await any_shelf.index.search("thirty", scopes=["product"])
    assert (leave.line, leave.position) == (7, 1)
    assert not await any_shelf.texts("two")
    assert len(await any_shelf.texts("three")) == 1


async def test_equal_words_in_one_document_are_kept_apart(shelf: Shelf) -> None:
    document = await shelf.add("twice.md", "# A\n\nSame words.\n\n# B\n\nOthers.\n\n# A\n\nSame words.\n")
    assert document.chunks == 3
    assert len(await shelf.passages(document.document_id)) == 3
    shorter = await shelf.add("twice.md", "# A\n\nSame words.\n")
    assert len(await shelf.passages(shorter.document_id)) == 1


async def test_what_cannot_be_read_leaves_nothing(shelf: Shelf) -> None:
    with pytest.raises(UnreadableDocumentError):
        await shelf.add("broken.pdf", b"%PDF-1.7 nothing")
    with pytest.raises(DocumentTooLargeError):
        await shelf.add("large.txt", b"x" * (LARGEST + 1))
    assert (await shelf.library.find(principal=ADMIN)).total == 0
    assert not shelf.folder.is_dir() or not list(shelf.folder.iterdir())


async def test_a_newer_version_that_cannot_be_read_leaves_the_earlier_one(any_shelf: Shelf) -> None:
    first = await any_shelf.add("prices.txt", "Soap costs three euro.")
    with pytest.raises(UnreadableDocumentError):
        await any_shelf.add("prices.txt", b"%PDF-1.7 nothing")
    now = await any_shelf.library.get(first.document_id, principal=ADMIN)
    assert (now.status, now.version, now.chunks) == (DocumentStatus.READY, 1, 1)
    assert now.error is not None
    assert "newer version" in now.error
    assert len(await any_shelf.texts("soap")) == 1
    again = await any_shelf.add("prices.txt", "Soap costs three euro.")
    assert again.error is None


async def test_a_document_is_read_in_the_background(shelf: Shelf) -> None:
    document = await shelf.add("later.md", HANDBOOK, wait=timedelta(0))
    assert document.status is DocumentStatus.READING

    async def ready() -> bool:
        found = await shelf.library.get(document.document_id, principal=ADMIN)
        return found.status is DocumentStatus.READY

    await wait_until(ready, seconds=60)
    broken = await shelf.add("broken.pdf", b"%PDF-1.7 nothing", wait=timedelta(0))

    async def failed() -> bool:
        found = await shelf.library.get(broken.document_id, principal=ADMIN)
        return found.status is DocumentStatus.FAILED and "damaged" in (found.error or "")

    await wait_until(failed, seconds=60)
    fine = await shelf.add("broken.pdf", "It is text after all, and fine.")
    assert (fine.document_id, fine.status, fine.error) == (broken.document_id, DocumentStatus.READY, None)


async def test_whoever_hands_over_twice_keeps_the_newest(shelf: Shelf) -> None:
    older = await shelf.add("race.txt", "The older words. " * 5000, wait=timedelta(0))
    newer = await shelf.add("race.txt", "The newest words.")
    assert (newer.document_id, newer.chunks) == (older.document_id, 1)
    assert await shelf.texts("words") == ["The newest words."]


async def test_a_killed_reading_goes_on(any_database: Database, clock: SimulatedClock, tmp_path: Path) -> None:
    async with shelf_on(any_database, clock, tmp_path) as first:
        document = await first.add("later.md", HANDBOOK, wait=timedelta(0))
        # The process ends here, with the copy in its folder.
    async with shelf_on(any_database, clock, tmp_path) as second:
        (second.folder / "left-over.tmp").write_text("of a process that died")
        assert await second.ingest.resume_running() == 1

        async def ready() -> bool:
            found = await second.library.get(document.document_id, principal=ADMIN)
            return found.status is DocumentStatus.READY

        await wait_until(ready, seconds=60)
        assert len(await second.texts("days")) == 2
        assert not list(second.folder.iterdir())
        assert await second.ingest.resume_running() == 0


async def test_a_killed_writing_goes_on_where_it_stopped(
    database: Database, clock: SimulatedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("folkmoot.memory.documents.shelve.BATCH", 5)
    text = "\n\n".join(f"Paragraph {number} is about matter {number % 97}. " * 8 for number in range(1000))
    async with shelf_on(database, clock, tmp_path) as first:
        document = await first.add("long.txt", text, wait=timedelta(0))

        async def some_are_written() -> bool:
            return len(await first.passages(document.document_id)) > 0

        await wait_until(some_are_written, seconds=60)
    written = await first.passages(document.document_id)
    async with shelf_on(database, clock, tmp_path) as second:
        assert await second.ingest.resume_running() == 1
        whole = await second.add("long.txt", text)  # the same again, while it is read: one document all the same
        assert (whole.document_id, whole.status) == (document.document_id, DocumentStatus.READY)
        passages = await second.passages(document.document_id)
        assert 0 < len(written) < len(passages) == whole.chunks
        assert written.items() <= passages.items()


async def test_a_deleted_document_leaves_no_word_in_the_files(
    database: Database, clock: SimulatedClock, tmp_path: Path
) -> None:
    async with shelf_on(database, clock, tmp_path) as shelf:
        kept = await shelf.add("kept.md", "# Kept\n\nThe quokka stays.")
        gone = await shelf.add("gone-zugzwang.md", "# Gone\n\nNobody may read xylophonist again.")
        (tmp_path / "handed-over").unlink()
        assert await shelf.library.delete(gone.document_id, principal=ADMIN) == 1
        with pytest.raises(UnknownDocumentError):
            await shelf.library.get(gone.document_id, principal=ADMIN)
        assert not await shelf.texts("xylophonist")
        assert len(await shelf.texts("quokka")) == 1
        assert not holding(tmp_path, b"xylophon")
        assert not holding(tmp_path, b"zugzwang")
        assert holding(tmp_path, b"quokka")
        assert (await shelf.library.find(principal=ADMIN)).items == [kept]


async def test_the_words_of_an_earlier_version_are_gone_too(
    database: Database, clock: SimulatedClock, tmp_path: Path
) -> None:
    async with shelf_on(database, clock, tmp_path) as shelf:
        await shelf.add("plan.md", "# Plan\n\nWe buy the xylophonist.")
        await shelf.add("plan.md", "# Plan\n\nWe buy nothing.")
        (tmp_path / "handed-over").unlink()
        assert not holding(tmp_path, b"xylophon")


async def test_who_may_do_what(any_shelf: Shelf) -> None:
    zoe, max_, eve = member("zoe", "product"), member("max", "product", "sales"), member("eve", "sales")
    document = await any_shelf.add("plan.md", HANDBOOK, principal=zoe)
    assert document.user_id == zoe.user_id
    assert (await any_shelf.library.get(document.document_id, principal=max_)).name == "plan.md"
    for act in (any_shelf.library.get, any_shelf.library.chunks, any_shelf.library.delete):
        with pytest.raises(UnknownDocumentError):
            await act(document.document_id, principal=eve)
    with pytest.raises(NotYourDocumentError):
        await any_shelf.library.delete(document.document_id, principal=max_)
    with pytest.raises(NotYourDocumentError):
        await any_shelf.add("plan.md", "Mine now.", principal=max_)
    with pytest.raises(ScopeNotAllowedError, match="sales"):
        await any_shelf.add("other.md", HANDBOOK, scope="product", principal=eve)
    await any_shelf.add("deal.md", "# Deal\n\nSigned.", scope="sales", principal=eve)
    assert [one.name for one in (await any_shelf.library.find(principal=zoe)).items] == ["plan.md"]
    assert [one.name for one in (await any_shelf.library.find(principal=max_)).items] == ["deal.md", "plan.md"]
    assert (await any_shelf.library.find(principal=eve, scope="product")).total == 0
    sizes = await any_shelf.library.scopes(principal=zoe, known=["product", "sales", "seo"])
    assert [(one.scope, one.documents) for one in sizes] == [("product", 1)]
    assert [one.scope for one in await any_shelf.library.scopes(principal=ADMIN, known=["seo"])] == [
        "product",
        "sales",
        "seo",
    ]


@pytest.mark.parametrize("scope", ["twin:zoe vale", "", "Marketing", "a b", "../x", "x" * 65, "a%"])
async def test_only_a_plain_word_is_a_scope(shelf: Shelf, scope: str) -> None:
    with pytest.raises(InvalidDocumentError):
        await shelf.add("a.md", HANDBOOK, scope=scope)


async def test_names_of_all_kinds(any_shelf: Shelf) -> None:
    names = {
        "../../etc/passwd": "passwd",
        "C:\\temp\\plan.md": "plan.md",
        "Übersicht 表 – 2026.md": "Übersicht 表 – 2026.md",
        "invoice\u202efdp.md": "invoicefdp.md",
        "a" * 400 + ".md": "a" * 297 + ".md",
    }
    for given, kept in names.items():
        assert (await any_shelf.add(given, HANDBOOK)).name == kept
    with pytest.raises(InvalidDocumentError):
        await any_shelf.add("///", HANDBOOK)
    assert (await any_shelf.library.find(principal=ADMIN, text="ÜBERSICHT 表")).total == 1
    assert (await any_shelf.library.find(principal=ADMIN, text="%")).total == 0

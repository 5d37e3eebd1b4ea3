"""Importing: consent first, nothing twice, nothing half, everything accounted for."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from folkmoot.consent import ConsentMissingError
from folkmoot.kernel import FolkmootError, SimulatedClock
from folkmoot.memory import twin_scope
from folkmoot.storage import Database
from folkmoot.twins import ImportOptions
from folkmoot.twins.errors import AuthorNeededError, InvalidOptionError, RedactionFailedError
from folkmoot.twins.importers import ImportFormatError
from folkmoot.twins.model import ImportState
from folkmoot.twins.prepare import Redacted
from tests.twins.workshop import Workshop, chat


async def rows(database: Database, table: str) -> int:
    async with database.read() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_a_chat_is_read_to_the_last_line_and_the_account_adds_up(workshop: Workshop, chat_file: Path) -> None:
    given = await workshop.grant()
    seen: list[tuple[int, int]] = []
    result = await workshop.imports.run(
        "John Smith", chat_file, progress=lambda done, total: seen.append((done, total))
    )
    assert (result.messages, result.own, result.problems) == (120, 60, [])
    assert result.state is ImportState.DONE
    assert result.messages + sum(result.skipped.values()) == 120
    size = len(await asyncio.to_thread(chat_file.read_bytes))
    assert seen[-1] == (size, size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    async with workshop.database.read() as session:
        stored = (await session.execute(text("SELECT consent_id, own, author, text, at FROM twin_messages"))).all()
    assert {row.consent_id for row in stored} == {given.consent_id}
    assert {row.author for row in stored if row.own} == {""}
    assert {row.author for row in stored if not row.own} == {"Person A"}
    assert "Alice" not in str(stored)
    assert await workshop.index.count(twin_scope("john smith")) == 60
    assert not list(workshop.folder.iterdir())


async def test_without_consent_not_even_the_file_is_read(workshop: Workshop, tmp_path: Path) -> None:
    missing = tmp_path / "does-not-exist.txt"
    for platform in ("whatsapp", None):
        with pytest.raises(ConsentMissingError, match="folkmoot consent grant"):
            await workshop.imports.run("Nobody Known", missing, ImportOptions(platform=platform))
    await workshop.grant("Nobody Known", "linkedin")
    with pytest.raises(ConsentMissingError):
        await workshop.imports.run("Nobody Known", missing, ImportOptions(platform="whatsapp"))
    await workshop.grant("Nobody Known", "whatsapp", "chat")
    with pytest.raises(ConsentMissingError, match="does not cover"):
        await workshop.imports.run("Nobody Known", missing, ImportOptions(platform="whatsapp"))
    assert await rows(workshop.database, "twins") == 0


async def test_an_expired_or_revoked_consent_imports_nothing(
    workshop: Workshop, chat_file: Path, clock: SimulatedClock
) -> None:
    given = await workshop.grant(days=1)
    clock.advance(timedelta(days=1))
    with pytest.raises(ConsentMissingError, match="expired"):
        await workshop.imports.run("John Smith", chat_file, ImportOptions(platform="whatsapp"))
    given = await workshop.grant()
    await workshop.ledger.revoke(given.consent_id)
    with pytest.raises(ConsentMissingError, match="revoked"):
        await workshop.imports.run("John Smith", chat_file, ImportOptions(platform="whatsapp"))
    assert await rows(workshop.database, "twin_messages") == 0


async def test_the_same_file_and_one_that_overlaps_double_nothing(workshop: Workshop, tmp_path: Path) -> None:
    await workshop.grant()
    first = await workshop.imports.run("John Smith", chat(tmp_path / "a.txt", pairs=60))
    again = await workshop.imports.run("John Smith", chat(tmp_path / "b.txt", pairs=60))
    later = await workshop.imports.run("John Smith", chat(tmp_path / "c.txt", pairs=60, first=40))
    assert (first.messages, again.messages, later.messages) == (120, 0, 80)
    assert again.skipped == {"duplicate": 120}
    assert later.skipped == {"duplicate": 40}
    assert await rows(workshop.database, "twin_messages") == 200
    assert await workshop.index.count(twin_scope("john smith")) == 100


async def test_the_same_words_twice_in_a_minute_are_two_messages(workshop: Workshop, tmp_path: Path) -> None:
    await workshop.grant()
    file = tmp_path / "chat.txt"
    file.write_text("31/01/2024, 09:15 - John Smith: ok\n" * 3 + "31/01/2024, 09:15 - Alice: ok\n")
    assert (await workshop.imports.run("John Smith", file)).messages == 4
    assert (await workshop.imports.run("John Smith", file)).messages == 0


async def test_another_zone_for_the_same_file_doubles_nothing(workshop: Workshop, chat_file: Path) -> None:
    await workshop.grant()
    await workshop.imports.run("John Smith", chat_file, ImportOptions(timezone="Europe/Berlin"))
    again = await workshop.imports.run("John Smith", chat_file, ImportOptions(timezone="UTC"))
    assert again.messages == 0
    (evidence, *_) = await workshop.evidence.of("John Smith")
    assert evidence.at == datetime(2024, 1, 1, 9, 5, tzinfo=UTC)


async def test_an_unclear_author_is_asked_for_with_those_there_are(workshop: Workshop, chat_file: Path) -> None:
    await workshop.grant("Jonny")
    for authors in ((), ("Bob",)):
        with pytest.raises(AuthorNeededError, match="Alice Jones \\(60\\)") as refused:
            await workshop.imports.run("Jonny", chat_file, ImportOptions(authors=authors))
        assert refused.value.fields["authors"] == {"Alice Jones": 60, "John Smith": 60}
    assert await rows(workshop.database, "twins") == 0
    assert await rows(workshop.database, "imports") == 0
    result = await workshop.imports.run("Jonny", chat_file, ImportOptions(authors=("john  SMITH",)))
    assert result.own == 60


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (ImportOptions(platform="pigeon"), FolkmootError),
        (ImportOptions(timezone="Mars/Base"), ImportFormatError),
        (ImportOptions(date_order="xyz"), InvalidOptionError),
        (ImportOptions(platform="linkedin"), FolkmootError),
        (ImportOptions(member="nothing.txt", encoding="utf-99"), ImportFormatError),
    ],
)
async def test_a_wrong_option_changes_nothing(
    workshop: Workshop, chat_file: Path, options: ImportOptions, error: type[FolkmootError]
) -> None:
    await workshop.grant()
    with pytest.raises(error):
        await workshop.imports.run("John Smith", chat_file, options)
    for table in ("twins", "imports", "twin_messages", "knowledge_passages"):
        assert await rows(workshop.database, table) == 0
    assert not workshop.folder.exists()


class FailingRedactor:
    """Gives up at one text."""

    def __init__(self, at: str) -> None:
        self.at = at

    def redact(self, text: str) -> Redacted:
        if self.at in text:
            raise RuntimeError(f"cannot judge {text}")
        return Plain(text)


class Plain:
    """A text in which nothing was found."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.counts: dict[str, int] = {}


async def test_a_failing_redactor_stops_the_import_and_takes_back_what_was_stored(
    any_database: Database, tmp_path: Path, chat_file: Path
) -> None:
    good = Workshop(any_database, tmp_path / "uploads")
    await good.grant()
    earlier = chat(tmp_path / "earlier.txt", pairs=20)
    await good.imports.run("John Smith", earlier)
    failing = Workshop(any_database, tmp_path / "uploads", redactor=FailingRedactor("59 minutes"), batch=10)
    with pytest.raises(RedactionFailedError) as refused:
        await failing.imports.run("John Smith", chat_file)
    assert "minutes" not in refused.value.message
    assert await rows(any_database, "twin_messages") == 40
    assert await good.index.count(twin_scope("john smith")) == 20
    imports = (await good.roster.view("John Smith")).imports
    (done, failed) = sorted(imports, key=lambda one: one.state.value)
    assert (failed.state, done.state) == (ImportState.FAILED, ImportState.DONE)
    assert "personal data could not be removed" in failed.problems[0]
    assert failed.messages == 0
    assert not list((tmp_path / "uploads").iterdir())
    assert (await good.imports.run("John Smith", chat_file)).messages == 80


async def test_personal_data_is_replaced_and_counted(workshop: Workshop, tmp_path: Path) -> None:
    await workshop.grant()
    file = tmp_path / "chat.txt"
    file.write_text(
        "31/01/2024, 09:15 - John Smith: write to zoe@vale.example or call +49 151 23456789\n"
        "31/01/2024, 09:16 - Alice Jones: my card is 4111 1111 1111 1111\n"
        "31/01/2024, 09:17 - John Smith: thanks Alice\n"
    )
    result = await workshop.imports.run("John Smith", file)
    assert result.redactions == {"card": 1, "email": 1, "phone": 1}
    async with workshop.database.read() as session:
        stored = str((await session.execute(text("SELECT text FROM twin_messages"))).all())
    assert all(secret not in stored for secret in ("vale.example", "23456789", "4111", "Alice"))


async def test_a_renewed_consent_takes_over_what_is_handed_in_again(
    workshop: Workshop, chat_file: Path, clock: SimulatedClock
) -> None:
    await workshop.grant(days=1)
    await workshop.imports.run("John Smith", chat_file)
    renewed = await workshop.grant(days=30)
    assert (await workshop.imports.run("John Smith", chat_file)).skipped == {"duplicate": 120}
    clock.advance(timedelta(days=2))
    await workshop.ledger.expire_due()
    assert await rows(workshop.database, "twin_messages") == 120
    assert len(await workshop.recall.search("John Smith", "payment api")) == 10
    assert (await workshop.roster.view("John Smith")).profile is not None
    await workshop.ledger.revoke(renewed.consent_id)
    assert await rows(workshop.database, "twin_messages") == 0


async def test_a_consent_that_ends_during_an_import_ends_the_import(workshop: Workshop, tmp_path: Path) -> None:
    given = await workshop.grant()
    file = chat(tmp_path / "long.txt", pairs=200)
    steps = 0

    class EndingRedactor(FailingRedactor):
        def redact(self, text: str) -> Redacted:
            nonlocal steps
            steps += 1
            if steps == 150:
                clock = workshop.clock
                assert isinstance(clock, SimulatedClock)
                clock.advance(timedelta(days=40))
            return Plain(text)

    slow = Workshop(workshop.database, workshop.folder, clock=workshop.clock, redactor=EndingRedactor(""))
    with pytest.raises(ConsentMissingError, match="expired"):
        await slow.imports.run("John Smith", file)
    assert await rows(workshop.database, "twin_messages") == 0
    assert await rows(workshop.database, "knowledge_passages") == 0
    assert [c.consent_id for c in await workshop.ledger.expire_due()] == [given.consent_id]
    assert await rows(workshop.database, "imports") == 0


async def test_commits_and_tables_are_imported_too(workshop: Workshop, tmp_path: Path) -> None:
    await workshop.grant("Zoe Vale", "jsonl")
    await workshop.grant("Zoe Vale", "git")
    table = tmp_path / "work.jsonl"
    table.write_text(
        '{"dev": "dev1", "title": "Fix login", "body": "Token expiry was off", "day": 3, "labels": ["auth"]}\n'
        '{"dev": "dev2", "title": "Docs", "body": "", "day": 4, "labels": []}\n'
    )
    columns = {"author": ("dev",), "text": ("title", "body"), "ts": ("day",), "paths": ("labels",)}
    result = await workshop.imports.run("Zoe Vale", table, ImportOptions(authors=("dev1",), columns=columns))
    assert (result.platform, result.messages, result.own) == ("jsonl", 2, 1)
    log = tmp_path / "git.log"
    log.write_text(
        "commit " + "a" * 40 + "\nAuthor: Zoe Vale <zoe@vale.example>\nDate:   Mon Jan 5 09:00:00 2026 +0100\n\n"
        "    Tune the index\n\n    It was slow.\n\nsrc/orders.sql\n"
    )
    result = await workshop.imports.run("Zoe Vale", log)
    assert (result.platform, result.own) == ("git", 1)
    by_kind = {one.kind: one for one in await workshop.evidence.of("Zoe Vale")}
    assert by_kind["commit"].title == "Tune the index"
    assert by_kind["commit"].labels == ("src/orders.sql",)
    assert by_kind["message"].labels == ("auth",)

"""What ends with a consent: rows, search entries, profile, the estimator's share, and the very bytes."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from folkmoot.consent import Purpose
from folkmoot.consent.store import derived_columns
from folkmoot.kernel import SimulatedClock
from folkmoot.skills import CapabilityEstimator, TaskText
from folkmoot.storage import Base, Database
from folkmoot.twins import ImportOptions
from folkmoot.twins.errors import UnknownTwinError
from folkmoot.twins.model import Twin
from tests.twins.workshop import TOPICS, Workshop, chat

TASK = TaskText(title="Speed up the orders index", text="checkout is slow since the payment api changed")
AT = datetime(2026, 1, 5, tzinfo=UTC)


def letters(path: Path, *, person: str = "John Smith", count: int = 30) -> Path:
    lines = ["FROM,TO,DATE,SUBJECT,CONTENT,FOLDER"]
    for number in range(count):
        who, other = (person, "Mary Major") if number % 2 else ("Mary Major", person)
        topic = TOPICS[number % 5]
        day = f"2024-03-{number % 28 + 1:02d} 10:00:00 UTC"
        lines.append(f'{who},{other},{day},,"Dear {other}, regarding {topic}: wombat.",INBOX')
    path.write_text("\n".join(lines) + "\n")
    return path


async def bytes_of(database: Database) -> bytes:
    file = Path(str(database.url.database))

    def read() -> bytes:
        return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))

    return await asyncio.to_thread(read)


async def derived(database: Database) -> dict[str, int]:
    async with database.read() as session:
        return {
            table.name: int((await session.execute(text(f"SELECT count(*) FROM {table.name}"))).scalar_one())
            for table, _ in derived_columns()
        }


async def test_revoking_one_platform_leaves_nothing_of_it_and_all_of_the_other(
    workshop: Workshop, chat_file: Path, tmp_path: Path
) -> None:
    whatsapp = await workshop.grant()
    await workshop.grant(platform="linkedin")
    await workshop.imports.run("John Smith", letters(tmp_path / "messages.csv"))
    only_letters = await workshop.roster.profile("John Smith")
    await workshop.imports.run("John Smith", chat_file)
    both = await workshop.roster.profile("John Smith")
    assert both is not None
    assert both.platforms == ["linkedin", "whatsapp"]
    assert any(skill.name == "quokka" for skill in both.skills) or both.messages == 75

    ended = await workshop.ledger.revoke(whatsapp.consent_id)
    assert ended.cleared_at is not None
    assert await workshop.ledger.leftovers("John Smith") == {}
    assert await workshop.roster.profile("John Smith") == only_letters
    assert await workshop.recall.search("John Smith", "quokka") == []
    assert len(await workshop.recall.search("John Smith", "wombat")) == 10
    assert {one.platform for one in (await workshop.roster.view("John Smith")).messages} == {"linkedin"}

    fresh = CapabilityEstimator()
    fresh.fit(await workshop.evidence.everyone())
    people = ["john smith", "zoe vale"]
    left = workshop.share.estimator.estimate(TASK, people, at=AT)
    never = fresh.estimate(TASK, people, at=AT)
    assert [one.probability for one in left] == pytest.approx([one.probability for one in never], abs=1e-9)


async def test_the_estimator_equals_one_that_never_saw_the_person(workshop: Workshop, tmp_path: Path) -> None:
    await workshop.grant("Zoe Vale", "linkedin")
    await workshop.imports.run("Zoe Vale", letters(tmp_path / "zoe.csv", person="Zoe Vale"))
    never = workshop.share.estimator.estimate(TASK, ["zoe vale", "john smith"], at=AT)
    given = await workshop.grant()
    await workshop.imports.run("John Smith", chat(tmp_path / "chat.txt"))
    assert workshop.share.estimator.estimate(TASK, ["zoe vale", "john smith"], at=AT) != never
    await workshop.ledger.revoke(given.consent_id)
    after = workshop.share.estimator.estimate(TASK, ["zoe vale", "john smith"], at=AT)
    assert [one.person for one in after] == [one.person for one in never]
    assert [one.probability for one in after] == pytest.approx([one.probability for one in never], abs=1e-9)


async def test_expiry_does_the_same_once_swept_and_closes_every_way_before(
    workshop: Workshop, chat_file: Path, clock: SimulatedClock
) -> None:
    await workshop.grant(days=2)
    await workshop.imports.run("John Smith", chat_file)
    assert await workshop.roster.samples("John Smith", 3)
    clock.advance(timedelta(days=2))
    assert await workshop.roster.profile("John Smith") is None
    assert await workshop.roster.samples("John Smith", 3) == []
    assert await workshop.recall.search("John Smith", "payment") == []
    assert await workshop.evidence.everyone() == []
    await workshop.ledger.expire_due()
    assert set((await derived(workshop.database)).values()) == {0}


async def test_each_purpose_opens_its_own_use_only(workshop: Workshop, chat_file: Path) -> None:
    await workshop.grant("John Smith", "whatsapp", "import")
    await workshop.imports.run("John Smith", chat_file)
    assert await workshop.evidence.everyone() == []
    assert await workshop.roster.profile("John Smith") is None
    assert await workshop.recall.search("John Smith", "payment") == []
    profile = await workshop.grant("John Smith", "whatsapp", "profile", days=10)
    assert (await workshop.learning.profile("John Smith")).messages == 60
    assert len(await workshop.evidence.everyone()) == 60
    assert await workshop.roster.samples("John Smith", 3) == []
    await workshop.grant("John Smith", "whatsapp", "chat")
    assert len(await workshop.roster.samples("John Smith", 3)) == 3
    assert await workshop.recall.search("John Smith", "payment", purpose=Purpose.REMOTE_MODEL) == []

    await workshop.ledger.revoke(profile.consent_id)
    assert await workshop.evidence.everyone() == []
    assert await workshop.roster.profile("John Smith") is None
    assert (await derived(workshop.database))["twin_messages"] == 120
    assert (await derived(workshop.database))["profiles"] == 0


async def test_after_a_revocation_the_words_are_not_in_the_files(database: Database, tmp_path: Path) -> None:
    workshop = Workshop(database, tmp_path / "uploads")
    await workshop.grant("Zoe Vale", "linkedin")
    await workshop.imports.run("Zoe Vale", letters(tmp_path / "zoe.csv", person="Zoe Vale"))
    given = await workshop.grant()
    await workshop.imports.run("John Smith", chat(tmp_path / "chat.txt", pairs=400))
    assert b"quokka" in await bytes_of(database)
    assert (await workshop.ledger.revoke(given.consent_id)).cleared_at is not None
    left = await bytes_of(database)
    assert b"quokka" not in left
    assert b"checking" not in left
    assert b"wombat" in left


async def test_forgetting_removes_everything_everywhere_with_a_receipt(
    workshop: Workshop, chat_file: Path, tmp_path: Path
) -> None:
    await workshop.grant("Zoe Vale", "linkedin")
    await workshop.imports.run("Zoe Vale", letters(tmp_path / "zoe.csv", person="Zoe Vale"))
    zoe = await derived(workshop.database)
    await workshop.grant()
    await workshop.imports.run("John Smith", chat_file)
    await workshop.imports.run("John Smith", chat_file, ImportOptions(platform="whatsapp"))

    receipt = await workshop.forgetting.forget("john smith")
    assert receipt.person == "John Smith"
    assert receipt.remaining == {}
    assert receipt.audit_unlinked
    assert receipt.erased
    assert receipt.removed == {
        "consent_keys": 1,
        "consents": 1,
        "imports": 2,
        "knowledge_passages": 60,
        "profiles": 1,
        "twin_messages": 120,
        "twins": 1,
    }
    assert await derived(workshop.database) == zoe
    assert workshop.share.estimator.people() == ("zoe vale",)
    assert [twin.name for twin in await workshop.roster.list()] == ["Zoe Vale"]
    assert not await workshop.ledger.audit("John Smith")
    with pytest.raises(UnknownTwinError):
        await workshop.forgetting.forget("John Smith")
    with pytest.raises(UnknownTwinError):
        await workshop.roster.view("John Smith")


async def test_after_forgetting_neither_words_nor_name_are_in_the_files(database: Database, tmp_path: Path) -> None:
    workshop = Workshop(database, tmp_path / "uploads")
    await workshop.grant()
    await workshop.imports.run("John Smith", chat(tmp_path / "chat.txt", pairs=200))
    assert (await workshop.forgetting.forget("John Smith")).erased
    left = (await bytes_of(database)).lower()
    for trace in (b"quokka", b"john", b"smith", b"alice", b"checking"):
        assert trace not in left


async def test_consents_without_a_twin_are_forgotten_too(workshop: Workshop) -> None:
    await workshop.grant("Mona Lee")
    receipt = await workshop.forgetting.forget("Mona Lee")
    assert receipt.removed == {"consent_keys": 1, "consents": 1}


class Elsewhere:
    """A part of another room that fails once."""

    name = "tasks"

    def __init__(self) -> None:
        self.asked: list[Twin] = []

    async def forget(self, twin: Twin) -> int:
        self.asked.append(twin)
        if len(self.asked) == 1:
            raise UnknownTwinError("not now")
        return 3


async def test_an_interrupted_forgetting_is_finished_at_the_next_start(workshop: Workshop, chat_file: Path) -> None:
    await workshop.grant()
    await workshop.imports.run("John Smith", chat_file)
    part = Elsewhere()
    workshop.forgetting = type(workshop.forgetting)(
        database=workshop.database,
        clock=workshop.clock,
        events=workshop.events,
        ledger=workshop.ledger,
        index=workshop.index,
        imports=workshop.imports,
        share=workshop.share,
        parts=[part],
    )
    with pytest.raises(UnknownTwinError, match="not now"):
        await workshop.forgetting.forget("John Smith")
    (receipt,) = await workshop.forgetting.finish_begun()
    assert receipt.removed["tasks"] == 3
    assert receipt.remaining == {}
    assert part.asked[1].agent_id == "john-smith"
    assert await workshop.forgetting.finish_begun() == []


def test_every_table_about_a_person_has_the_column_that_is_counted() -> None:
    personal = {table.name for table in Base.metadata.sorted_tables if "person" in table.c}
    assert {"twins", "imports", "twin_messages", "profiles", "consents", "consent_keys"} <= personal

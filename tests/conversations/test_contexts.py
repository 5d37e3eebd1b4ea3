"""Every settled turn stands in its user's file, once: also when the writer is killed in the middle."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.conversations.contexts import FILE, ContextFiles
from folkmoot.kernel import SystemClock
from folkmoot.storage import Database
from folkmoot.user_files import FileLimits, KeptFile, UserFiles
from tests.conversations.house import BO, IDA, Talkhouse, talkhouse
from tests.conversations.turns import insert_turns, words_in
from tests.waiting import wait_until

CHILD = Path(__file__).with_name("contexts_child.py")


@pytest.fixture
async def house(tmp_path: Path, database: Database) -> AsyncIterator[Talkhouse]:
    async with talkhouse(tmp_path, database) as house:
        await house.agent("helios")
        yield house


class KilledError(Exception):
    """Stands for the end of the process."""


class Mortal(UserFiles):
    """Writes, and ends before anybody learns of it as often as it is told."""

    dies = 0

    async def change(self, user: str, name: str, make: Callable[[str | None], str]) -> KeptFile:
        done = await super().change(user, name, make)
        if self.dies:
            self.dies -= 1
            raise KilledError
        return done


def contexts(database: Database, files: UserFiles, *, most: int = 1024 * 1024) -> ContextFiles:
    return ContextFiles(
        database=database,
        clock=SystemClock(),
        files=files,
        most_bytes=most,
        alone=database.is_sqlite,
        wait=timedelta(0),
    )


def areas(tmp_path: Path, *, most: int = 1024 * 1024) -> UserFiles:
    return UserFiles(tmp_path / "users", limits=FileLimits(file_bytes=most))


async def test_settled_turns_are_written_as_they_come(house: Talkhouse, tmp_path: Path) -> None:
    files = areas(tmp_path)
    writer = contexts(house.database, files)
    house.answering.settled.append(writer.settled)
    await writer.start()
    await house.say("A workout?")
    await house.say("Another?", speaker=BO)

    async def written() -> bool:
        return {one.name for user in ("ida", "bo") for one in await files.area(user).names()} == {FILE}

    await wait_until(written)
    await writer.stop()
    text = await files.area("ida").read(FILE)
    assert text.startswith("# Conversations\n\n## 2")
    assert "**You:**\n\n> A workout?\n\n**Helios** (confidence " in text
    assert "> you said: A workout?" in text
    assert "Another?" not in text


async def test_a_turn_is_written_once_although_the_process_ended_before_it_was_noted(
    house: Talkhouse, tmp_path: Path
) -> None:
    files = areas(tmp_path)
    mortal = Mortal(tmp_path / "users")
    writer = contexts(house.database, mortal)
    for number in range(6):
        await house.say(f"question {number}.")
        mortal.dies = number % 3
        while mortal.dies:
            with pytest.raises(KilledError):
                await contexts(house.database, mortal).catch_up("ida")
        await writer.catch_up("ida")
    text = await files.area("ida").read(FILE)
    assert words_in(text) == [f"question {number}." for number in range(6)]


async def test_what_stands_behind_the_right_part_is_cut(house: Talkhouse, tmp_path: Path) -> None:
    files = areas(tmp_path)
    writer = contexts(house.database, files)
    await house.say("one.")
    await writer.catch_up("ida")
    area = files.area("ida")
    await area.save(FILE, await area.read(FILE) + "## 2026 and half a tur")
    await house.say("two.")
    await writer.catch_up("ida")
    text = await area.read(FILE)
    assert words_in(text) == ["one.", "two."]
    assert "half a tur" not in text


async def test_a_file_that_was_deleted_begins_anew(house: Talkhouse, tmp_path: Path) -> None:
    files = areas(tmp_path)
    writer = contexts(house.database, files)
    await house.say("one.")
    await writer.catch_up("ida")
    await asyncio.to_thread((tmp_path / "users" / "ida" / FILE).unlink)
    await house.say("two.")
    await writer.catch_up("ida")
    assert words_in(await files.area("ida").read(FILE)) == ["two."]


async def test_a_file_that_is_full_loses_its_oldest_turns(any_database: Database, tmp_path: Path) -> None:
    files = areas(tmp_path, most=4096)
    mortal = Mortal(tmp_path / "users", limits=FileLimits(file_bytes=4096))
    await insert_turns(any_database, "ida", 60)
    mortal.dies = 9
    while True:
        try:
            await contexts(any_database, mortal, most=4096).catch_up("ida")
            break
        except KilledError:
            continue
    text = await files.area("ida").read(FILE)
    assert len(text.encode()) <= 4096
    assert "Older turns were dropped" in text
    there = words_in(text)
    assert there == [f"question {number}." for number in range(60 - len(there), 60)]
    assert len(there) > 10


async def test_one_whose_file_cannot_be_written_holds_nobody_up(house: Talkhouse, tmp_path: Path) -> None:
    class OneIsFull(UserFiles):
        async def change(self, user: str, name: str, make: Callable[[str | None], str]) -> KeptFile:
            return await super().change(user, name, (lambda _before: "x" * 5000) if user == "ida" else make)

    files = areas(tmp_path, most=3000)
    writer = contexts(house.database, OneIsFull(tmp_path / "users", limits=FileLimits(file_bytes=3000)), most=3000)
    house.answering.settled.append(writer.settled)
    for speaker in (IDA, BO):
        await house.say("Hello?", speaker=speaker)
    await writer.write_all()
    assert words_in(await files.area("bo").read(FILE)) == ["Hello?"]
    await writer.write_all()  # not again before its time


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_nothing_is_lost_and_nothing_doubled_by_kill_9(database: Database, tmp_path: Path) -> None:
    await insert_turns(database, "ida", 400)
    place = tmp_path / "users" / "ida" / FILE

    def told() -> int:
        return len(words_in(place.read_text())) if place.exists() else 0

    for round_ in range(6):
        before = told()
        child = await asyncio.create_subprocess_exec(sys.executable, str(CHILD), str(tmp_path))
        await wait_until(lambda before=before: told() > before, seconds=30)  # type: ignore[misc]  # of this round
        await asyncio.sleep(0.003 * round_)
        child.kill()
        assert await child.wait() == -signal.SIGKILL
    assert told() < 400, "the last one was killed when all was done"
    await contexts(database, areas(tmp_path)).catch_up("ida")
    assert words_in(place.read_text()) == [f"question {number}." for number in range(400)]

"""Changing files: nothing is lost between two writers, nothing is torn by a kill, and forgetting leaves nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from folkmoot.user_files import (
    FileLimitError,
    FileLimits,
    FileNameError,
    UnknownFileError,
    UnusableAreaError,
    UserFiles,
)
from folkmoot.user_files.names import folder_name

ROOT = Path(__file__).parents[2]


@pytest.fixture
def files(tmp_path: Path) -> UserFiles:
    return UserFiles(tmp_path / "user_contexts", limits=FileLimits(file_bytes=400, files=3, total_bytes=900))


async def test_what_is_appended_stands_at_the_end(files: UserFiles) -> None:
    await files.append("room-1a2b", "conversations.md", "Grüße\n")
    kept = await files.append("room-1a2b", "conversations.md", "Bye\n")
    assert await files.read("room-1a2b", "conversations.md") == "Grüße\nBye\n"
    assert kept.size == 12
    assert [one.name for one in await files.names("room-1a2b")] == ["conversations.md"]
    assert await files.names("room-other") == []


async def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    # Two objects, as two processes have them: what keeps them apart is the folder's lock.
    one, other = UserFiles(tmp_path), UserFiles(tmp_path)

    def one_more(before: str | None) -> str:
        return json.dumps([*json.loads(before or "[]"), "x"])

    await asyncio.gather(
        *(each.append("ida", "a.txt", f"{number}\n") for number in range(30) for each in (one, other)),
        *(each.change("ida", "b.json", one_more) for _ in range(15) for each in (one, other)),
    )
    lines = (await one.read("ida", "a.txt")).splitlines()
    assert sorted(map(int, lines)) == sorted([*range(30), *range(30)])
    assert len(json.loads(await one.read("ida", "b.json"))) == 30


async def test_what_does_not_fit_changes_nothing(files: UserFiles) -> None:
    await files.append("ida", "a.txt", "x" * 390)
    with pytest.raises(FileLimitError):
        await files.append("ida", "a.txt", "y" * 20)
    assert await files.read("ida", "a.txt") == "x" * 390

    def broken(_before: str | None) -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await files.change("ida", "a.txt", broken)
    assert await files.read("ida", "a.txt") == "x" * 390


async def test_the_oldest_goes_where_that_is_wanted(files: UserFiles) -> None:
    for number in range(40):
        await files.append("ida", "talk.md", f"turn {number} äöü\n", drop_oldest=True)
    text = await files.read("ida", "talk.md")
    first, _, *turns = text.splitlines()
    assert "Older parts were dropped" in first
    assert text.count("Older parts") == 1
    assert turns == [f"turn {number} äöü" for number in range(40 - len(turns), 40)]
    assert len(turns) > 10
    assert len(text.encode()) <= 400


async def test_a_file_is_removed_and_a_user_forgotten(files: UserFiles, tmp_path: Path) -> None:
    await files.save("ida", "a.txt", "x")
    await files.save("ida", "b.txt", "x")
    await files.save("bo", "a.txt", "x")
    await files.remove("ida", "a.txt")
    with pytest.raises(UnknownFileError):
        await files.remove("ida", "a.txt")
    with pytest.raises(UnknownFileError):
        await files.remove("nobody", "a.txt")
    with pytest.raises(FileNameError):
        await files.remove("ida", "../bo/a.txt")
    assert await files.forget("ida") == 1
    assert await files.forget("ida") == 0
    assert await files.names("ida") == []
    assert await files.read("bo", "a.txt") == "x"
    assert [path.name for path in (tmp_path / "user_contexts").iterdir()] == ["bo"]


async def test_forgetting_follows_no_link(files: UserFiles, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / "secret.txt"
    secret.parent.mkdir()
    secret.write_text("secret")
    await files.save("ida", "a.txt", "x")
    (tmp_path / "user_contexts" / "ida" / "deep").symlink_to(secret.parent)
    (tmp_path / "user_contexts" / "eve").symlink_to(secret.parent)
    await files.forget("ida")
    assert await files.forget("eve") == 0
    with pytest.raises(UnusableAreaError):
        await files.append("eve", "secret.txt", "more")
    assert await files.names("eve") == []
    assert secret.read_text() == "secret"


async def test_forgetting_while_others_write_ends_with_a_whole_folder(tmp_path: Path) -> None:
    files = UserFiles(tmp_path)
    await asyncio.gather(
        *(files.append("ida", f"{number}.txt", "x") for number in range(20)),
        *(files.forget("ida") for _ in range(5)),
    )
    await files.append("ida", "last.txt", "x")
    assert await files.read("ida", "last.txt") == "x"
    assert os.listdir(tmp_path) == ["ida"]  # noqa: PTH208  # a test has nothing else to do meanwhile


async def test_a_folder_that_is_removed_as_it_is_found_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, times = Path.mkdir, iter([FileExistsError("there a moment ago")])

    def found_first(folder: Path, *arguments: Any, **named: Any) -> None:
        for error in times:
            raise error
        make(folder, *arguments, **named)

    monkeypatch.setattr(Path, "mkdir", found_first)
    files = UserFiles(tmp_path)
    await files.append("ida", "a.txt", "x")
    assert list(times) == []
    assert await files.read("ida", "a.txt") == "x"


async def test_a_start_ends_what_was_cut_off_and_takes_over_the_old_folder(tmp_path: Path) -> None:
    old = UserFiles(tmp_path / "users")
    await old.save("ida", "a.txt", "x")
    files = UserFiles(tmp_path / "user_contexts")
    files.recover(before=tmp_path / "users")
    assert await files.read("ida", "a.txt") == "x"
    left = tmp_path / "user_contexts" / ".gone-1"
    left.mkdir()
    (left / "a.txt").write_text("x")
    (tmp_path / "user_contexts" / "ida" / ".draft-1").write_text("half")
    files.recover(before=tmp_path / "users")
    await files.save("ida", "b.txt", "x")
    assert sorted(path.name for path in (tmp_path / "user_contexts").rglob("*")) == ["a.txt", "b.txt", "ida"]


@given(some.lists(some.text(max_size=200), min_size=2, max_size=2, unique=True))
@settings(max_examples=300, deadline=None)
def test_no_two_users_share_a_folder_and_each_is_a_plain_name(users: list[str]) -> None:
    one, other = map(folder_name, users)
    assert one.casefold() != other.casefold()
    for name in (one, other):
        assert 0 < len(name) <= 120
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-%")


@pytest.mark.parametrize("user", ["", ".", "..", "con", "a/b", "%68", "h", "Room", "room", "x" * 200, "%h-"])
def test_odd_users_have_folders_of_their_own(user: str) -> None:
    odd = ["", ".", "..", "con", "a/b", "%68", "h", "Room", "room", "x" * 200, "%h-", "%h-" + "0" * 64]
    assert [other for other in odd if folder_name(other) == folder_name(user)] == [user]
    assert folder_name("room-1a2b") == "room-1a2b"
    assert folder_name(f"%h-{'0' * 64}") != f"%h-{'0' * 64}"


@pytest.mark.slow
async def test_a_kill_tears_nothing(tmp_path: Path) -> None:
    for _ in range(4):
        child = subprocess.Popen(  # noqa: ASYNC220  # its output is read in a thread
            [sys.executable, "-m", "tests.user_files.writer_child", str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        said = -1
        while said < 25:
            said = int(await asyncio.to_thread(child.stdout.readline))
        child.send_signal(signal.SIGKILL)
        rest = await asyncio.to_thread(child.stdout.read)
        said = max([said, *map(int, rest.split())])
        child.wait()
        child.stdout.close()
        text = await UserFiles(tmp_path).read("ida", "log.txt")
        assert all(line.endswith(f"{'x' * 9000} end") for line in text.splitlines() if line[:1].isdigit())
        assert text.endswith(" end\n")
        assert int(text.splitlines()[-1].split()[0]) >= said  # what was said to be kept is kept

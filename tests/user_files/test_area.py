"""A user's own area: nothing leads out of it, and nothing is half written."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from folkmoot.user_files import (
    FileLimitError,
    FileLimits,
    FileNameError,
    NoUserError,
    UnknownFileError,
    UnusableAreaError,
    UserFiles,
    UserFilesError,
)

WRONG = [
    "",
    ".txt",
    "..",
    "../secret.txt",
    "/etc/passwd",
    "a/b.txt",
    "a\\b.txt",
    "C:\\x.txt",
    "c:x.txt",
    "nul.txt",
    "CON.json",
    "com1.txt",
    "x.txt\x00.md",
    "x.txt\n",
    "..txt",
    "a..txt",
    ".hidden.txt",
    "x.txt.",
    "x.txt ",
    "~.txt",
    "-rf.txt",
    "x.sh",
    "noending",
    "x" * 200 + ".txt",
    "ä" * 60 + ".txt",
    "a\u202etxt.md",
    "a|b.txt",
    "a:b.txt",
    "a*.txt",
    "\ud800.txt",
]


@pytest.fixture
def files(tmp_path: Path) -> UserFiles:
    return UserFiles(tmp_path / "users", limits=FileLimits(file_bytes=100, files=3, total_bytes=150))


async def test_what_is_kept_is_read_again(files: UserFiles) -> None:
    area = files.area("ida")
    kept = await area.save("Notizen für Ida.md", "Grüße")
    assert (kept.name, kept.size) == ("Notizen für Ida.md", 7)
    assert await area.read("Notizen für Ida.md") == "Grüße"
    await area.save("Notizen für Ida.md", "x")
    assert [one.size for one in await area.names()] == [1]


@pytest.mark.parametrize("name", WRONG)
async def test_a_name_that_could_lead_elsewhere_is_none(files: UserFiles, tmp_path: Path, name: str) -> None:
    area = files.area("ida")
    with pytest.raises(FileNameError):
        await area.save(name, "x")
    with pytest.raises(FileNameError):
        await area.read(name)
    assert [one for _, _, found in os.walk(tmp_path) for one in found] == []


@given(user=some.text(max_size=30), name=some.text(max_size=30).map(lambda text: f"{text}.txt"))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
async def test_nothing_leads_out_of_the_area(tmp_path_factory: pytest.TempPathFactory, user: str, name: str) -> None:
    root = tmp_path_factory.mktemp("any")
    area = UserFiles(root / "users").area(user)
    try:
        await area.save(name, "x")
    except FileNameError:
        assert list(root.iterdir()) == []
        return
    (found,) = (path for path in root.rglob("*") if path.is_file())
    assert found.parent.parent == root / "users"
    assert await area.read(name) == "x"


async def test_two_users_do_not_meet(files: UserFiles) -> None:
    for one, other in (("ida", "bo"), ("a/b", "a_b"), ("Ida", "ida"), ("..", ".")):
        await files.area(one).save("x.txt", one)
        with pytest.raises(UnknownFileError):
            await files.area(other).read("y.txt")
        await files.area(other).save("x.txt", other)
        assert await files.area(one).read("x.txt") == one


async def test_a_link_is_not_followed(files: UserFiles, tmp_path: Path) -> None:
    area = files.area("ida")
    await area.save("own.txt", "mine")
    folder = tmp_path / "users" / "ida"
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (folder / "link.txt").symlink_to(secret)
    (folder / "hard.txt").hardlink_to(secret)
    os.mkfifo(folder / "pipe.txt")
    for name in ("link.txt", "hard.txt", "pipe.txt"):
        with pytest.raises(UnknownFileError):
            await area.read(name)
    assert [one.name for one in await area.names()] == ["own.txt"]
    await area.save("link.txt", "mine too")
    assert secret.read_text() == "secret"


async def test_a_folder_that_is_a_link_is_not_entered(files: UserFiles, tmp_path: Path) -> None:
    (tmp_path / "users").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "users" / "ida").symlink_to(tmp_path / "elsewhere")
    with pytest.raises((OSError, UserFilesError)):
        await files.area("ida").save("x.txt", "x")
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_there_is_an_end_to_what_one_may_keep(files: UserFiles) -> None:
    area = files.area("ida")
    with pytest.raises(FileLimitError):
        await area.save("large.txt", "x" * 101)
    await area.save("a.txt", "x" * 90)
    with pytest.raises(FileLimitError):
        await area.save("b.txt", "x" * 90)
    await area.save("b.txt", "x")
    await area.save("c.txt", "x")
    with pytest.raises(FileLimitError):
        await area.save("d.txt", "x")
    await area.save("a.txt", "in its place")
    assert len(await area.names()) == 3


async def test_nobody_has_no_area(files: UserFiles) -> None:
    with pytest.raises(NoUserError):
        await files.area(None).save("x.txt", "x")


async def test_a_file_that_cannot_be_read_is_not_said_to_be_missing(
    files: UserFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    area = files.area("ida")
    await area.save("own.txt", "mine")

    def broken(_folder: int, _name: str) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("folkmoot.user_files.disk.read", broken)
    with pytest.raises(UnusableAreaError, match=r"own\.txt could not be read: Input"):
        await area.read("own.txt")

"""The home folder: one owner at a time, found by others, gone with its process however that ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from folkmoot.home import Home, HomeBusyError, HomeUnusableError, RunningServer

_OWNER = """
import sys
from pathlib import Path
from folkmoot.home import Home
home = Home(Path(sys.argv[1]))
with home.owned():
    home.announce(url="http://127.0.0.1:8765", key="k")
    print("owned", flush=True)
    sys.stdin.read()
"""

_ASKER = """
import fcntl, sys, time
with open(sys.argv[1]) as lock:
    fcntl.flock(lock, fcntl.LOCK_SH)
    print("asking", flush=True)
    time.sleep(0.06)
"""


@contextmanager
def another_process(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", _OWNER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    with process:
        assert process.stdout.readline() == b"owned\n"
        yield process
        if process.poll() is None:
            process.stdin.close()


def test_a_home_has_one_owner_and_says_who_and_where(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert home.owner() is None
    with another_process(home.folder) as process:
        assert home.owner() == RunningServer(pid=process.pid, url="http://127.0.0.1:8765", key="k")
        with pytest.raises(HomeBusyError, match="stop it, or choose another") as caught, home.owned():
            pytest.fail("two owners")
        assert caught.value.fields["pid"] == process.pid
        assert caught.value.fields["url"] == "http://127.0.0.1:8765"
        assert home.owner() == RunningServer(pid=process.pid, url="http://127.0.0.1:8765", key="k"), (
            "asking changes nothing"
        )
    assert home.owner() is None
    with home.owned():
        assert home.owner() == RunningServer(pid=os.getpid())
    assert home.owner() is None


def test_a_killed_owner_leaves_the_home_free(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with another_process(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    assert (tmp_path / "owner.json").exists(), "its note is still there"
    assert home.owner() is None
    with home.owned():
        assert home.owner() == RunningServer(pid=os.getpid())


def test_owning_twice_within_a_process_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.owned(), pytest.raises(HomeBusyError), Home(tmp_path).owned():
        pytest.fail("two owners")


def test_asking_for_the_owner_does_not_disturb_a_start(tmp_path: Path) -> None:
    """A command that looks whether a server runs must not make a server that starts just then believe in another."""
    home = Home(tmp_path)
    with home.owned():
        pass
    # `owner()` holds the lock like this, only for microseconds.
    with subprocess.Popen(
        [sys.executable, "-c", _ASKER, str(tmp_path / "owner.lock")], stdout=subprocess.PIPE
    ) as asker:
        assert asker.stdout is not None
        assert asker.stdout.readline() == b"asking\n"
        with home.owned():
            assert home.owner() == RunningServer(pid=os.getpid())


def test_the_folder_is_private_and_made_when_missing(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    home.prepare()
    assert home.folder.stat().st_mode & 0o777 == 0o700
    assert home.path("runs.db") == tmp_path / "deep" / "home" / "runs.db"
    assert list(home.folder.iterdir()) == []


def test_a_note_that_cannot_be_read_is_no_fault(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.owned():
        for broken in ("", "{", "[1]", '{"pid": 1, "unknown": 2}'):
            (tmp_path / "owner.json").write_text(broken)
            assert home.owner() == RunningServer(pid=0)


def test_a_file_in_the_way_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    for folder in (tmp_path / "home", tmp_path / "home" / "below"):
        with pytest.raises(HomeUnusableError, match="choose a folder that you may write"), Home(folder).owned():
            pytest.fail("owned a file")


def test_a_home_that_may_not_be_written_is_said_plainly(tmp_path: Path) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir(mode=0o500)
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom folkmoot.home import Home, HomeUnusableError\n"
        # Root may write anywhere: step down to somebody who may not.
        "os.geteuid() or os.setuid(65534)\n"
        "try:\n    Home(Path(sys.argv[1])).prepare()\n"
        "except HomeUnusableError as error:\n    print(error.message)\n"
    )
    if os.geteuid() == 0:
        # The way to the folder must be open for them.
        for parent in (tmp_path, *tmp_path.parents):
            if parent.stat().st_mode & 0o001 == 0:
                parent.chmod(parent.stat().st_mode | 0o011)
    said = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert "cannot be written (Permission denied)" in said.stdout


def test_a_server_that_comes_up_is_expected_until_it_is_gone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert not home.is_expected()
    with home.expected():
        assert home.is_expected()
        with home.expected():
            assert home.is_expected()
    assert not home.is_expected()

"""What cannot start says why in one line and ends with 1; nothing is left behind that hinders the next start."""

import re
import socket
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.acceptance.probing import no_traceback
from tests.serving import folkmoot, serve

pytestmark = pytest.mark.slow

WORKPLACE = """workplace: {name: Broken}
agents:
  - agent_id: one
    type: manager
    max_capacity: 3
  - agent_id: two
    type: twin
    person: Ada Moss
    max_capacity: many
"""


def one_line(ended: "CompletedProcess[str]", *words: str, code: int = 1) -> str:
    """It ended with `code`, printed nothing, and said one line that has all `words`."""
    assert ended.returncode == code, (ended.stdout, ended.stderr)
    assert ended.stdout == ""
    said = ended.stderr.strip()
    assert len(said.splitlines()) == 1, ended.stderr
    assert "Traceback" not in said
    for word in words:
        assert word in said, (word, said)
    return said


@pytest.mark.parametrize("command", ["serve", "agent list"])
def test_a_home_below_a_file_cannot_be_made(tmp_path: Path, command: str) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    one_line(folkmoot(*command.split(), home=file / "home", cwd=tmp_path), str(file / "home"), "FOLKMOOT_HOME")


def test_a_home_on_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    one_line(folkmoot("serve", home=Path("/proc/folkmoot"), cwd=tmp_path), "/proc/folkmoot", "FOLKMOOT_HOME")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        one_line(folkmoot("serve", home=tmp_path / "home", API_PORT=port), port, "--port")
        one_line(folkmoot("demo", home=tmp_path / "home", API_PORT=port), port, "--port")


def test_the_second_server_on_a_home_says_who_has_it(tmp_path: Path) -> None:
    first = serve(tmp_path / "home")
    try:
        one_line(folkmoot("serve", home=tmp_path / "home"), str(first.process.pid), first.url, "FOLKMOOT_HOME")
        one_line(folkmoot("db", "upgrade", home=tmp_path / "home"), str(first.process.pid))
        with first.client() as client:
            assert client.get("/health").json()["status"] == "ok"
        assert folkmoot("agent", "list", "--json", home=tmp_path / "home").returncode == 0
    finally:
        assert first.stop() == 0
    no_traceback(first)
    assert not (tmp_path / "home" / "owner.json").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (WORKPLACE, ["line 9", "max_capacity", "many"]),
        ("agents: [\n", ["line"]),
        ("", ["empty"]),
        ("agents:\n  - type: twin\n    person: Ada\n", ["line 2", "agent_id"]),
    ],
)
def test_a_broken_workplace_is_refused_with_file_line_and_field(tmp_path: Path, content: str, words: list[str]) -> None:
    file = tmp_path / "workplace.yaml"
    file.write_text(content)
    one_line(folkmoot("serve", home=tmp_path / "home", WORKPLACE_FILE=str(file)), "workplace.yaml", *words)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"API_PORT": "eighty"}, ["API_PORT", "eighty"]),
        ({"API_HOST": "no such host"}, ["no such host"]),
        ({"AUTH": "off", "API_HOST": "0.0.0.0"}, ["AUTH", "loopback"]),
        ({"DATABASE_URL": "mysql://localhost/x"}, ["DATABASE_URL", "mysql"]),
        ({"DATABASE_URL": "postgresql://folkmoot:very-secret@127.0.0.1:1/x"}, ["127.0.0.1"]),
        ({"MODEL": "telepathy"}, ["telepathy"]),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, settings: dict[str, Any], words: list[str]) -> None:
    said = one_line(folkmoot("serve", home=tmp_path / "home", **settings), *words)
    assert "very-secret" not in said


def test_certificates_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("not a certificate")
    (tmp_path / "key.pem").write_text("not a key")
    tls: dict[str, Any] = {"TLS_CERT": str(tmp_path / "cert.pem"), "TLS_KEY": str(tmp_path / "key.pem")}
    one_line(folkmoot("serve", home=tmp_path / "home", **tls), "cert.pem")


@pytest.mark.parametrize("name", ["folkmoot.db", "journal.db", "runs.db"])
def test_a_database_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / name).write_bytes(b"this is no database, it is a letter" * 100)
    one_line(folkmoot("serve", home=tmp_path / "home"), name)


def test_the_token_is_shown_by_the_first_server_though_a_command_came_before(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = folkmoot("agent", "list", "--json", home=home, ADMIN_TOKEN="")
    assert (first.returncode, first.stderr) == (0, "")
    assert "fm_" not in first.stdout
    served = serve(home, ADMIN_TOKEN="")
    shown = re.search(r"shown once: (fm_\S+)", served.log)
    assert shown, served.log
    with served.client(token=shown[1]) as client:
        assert client.get("/api/users/me").raise_for_status().json()["role"] == "admin"
    assert served.stop() == 0
    again = serve(home, ADMIN_TOKEN="")
    assert "shown once" not in again.log
    again.stop()

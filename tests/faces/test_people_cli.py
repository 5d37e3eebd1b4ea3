"""`folkmoot user` and `folkmoot key` against a running server, as an administrator in its home."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import Served, folkmoot

pytestmark = pytest.mark.slow
PASSWORD = "four words make one"


def run(server: Served, *arguments: str) -> Any:
    done = folkmoot(*arguments, home=server.home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def test_an_account_is_made_changed_keyed_and_removed(server: Served, stranger: httpx.Client, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    made = run(server, "user", "add", "Cleo Lind", "--role", "viewer", "--password-file", str(file), "--json")
    assert stranger.post("/api/auth/token", json={"name": "cleo lind", "password": PASSWORD}).status_code == 200
    assert "is member now" in run(server, "user", "set-role", "cleo lind", "member")
    assert "Cleo Lind" in run(server, "user", "ls")
    key = run(server, "key", "add", "cron", "--user", "Cleo Lind", "--scope", "tasks:read", "--json")
    assert key["user_id"] == made["user_id"]
    bearer = {"Authorization": f"Bearer {key['key']}"}
    assert stranger.get("/api/tasks", headers=bearer).status_code == 200
    assert stranger.get("/api/agents", headers=bearer).status_code == 403
    assert key["key"] not in run(server, "key", "ls", "--all")
    run(server, "user", "disable", "Cleo Lind")
    assert stranger.get("/api/tasks", headers=bearer).status_code == 401
    run(server, "user", "disable", "Cleo Lind", "--undo")
    run(server, "key", "rm", key["key_id"])
    assert stranger.get("/api/tasks", headers=bearer).status_code == 401
    run(server, "user", "rm", "Cleo Lind", "--yes")
    gone = folkmoot("user", "set-role", "Cleo Lind", "admin", home=server.home)
    assert gone.returncode == 1
    assert "no user Cleo Lind" in gone.stderr


def test_no_command_takes_a_password_as_an_argument() -> None:
    for command in ("add", "passwd"):
        help_ = subprocess.run(
            [sys.executable, "-m", "folkmoot", "user", command, "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert "--password-file" in help_
        assert "--password " not in help_


def test_a_password_file_that_is_not_there_is_named(server: Served, tmp_path: Path) -> None:
    done = folkmoot("user", "add", "Nobody", "--password-file", str(tmp_path / "none"), home=server.home)
    assert done.returncode == 2
    assert "--password-file" in done.stderr

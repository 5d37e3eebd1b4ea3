"""`folkmoot user` and `folkmoot key` against a running server, as an administrator in its home."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.main

from folkmoot.cli import user
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
    key = run(server, "key", "add", "cron", "--user", "Cleo Lind", "--scope", "tasks:read", "--json")
    assert key["user_id"] == made["user_id"]
    bearer = {"Authorization": f"Bearer {key['key']}"}
    assert stranger.get("/api/tasks", headers=bearer).status_code == 200
    assert stranger.get("/api/agents", headers=bearer).status_code == 403
    assert key["key"] not in run(server, "key", "ls", "--all")
    run(server, "user", "disable", "Cleo Lind")
    assert stranger.get("/api/tasks", headers=bearer).status_code == 401
    run(server, "key", "rm", key["key_id"])
    run(server, "user", "rm", "Cleo Lind", "--yes")
    assert "Cleo Lind" not in run(server, "user", "ls")


def test_no_command_takes_a_password_as_an_argument() -> None:
    taken = [
        {option for parameter in command.params for option in parameter.opts}
        for command in typer.main.get_group(user.app).commands.values()
    ]
    assert sum("--password-file" in options for options in taken) == 2
    assert not any("--password" in options for options in taken)


def test_a_password_file_that_is_not_there_is_named(server: Served, tmp_path: Path) -> None:
    done = folkmoot("user", "add", "Nobody", "--password-file", str(tmp_path / "none"), home=server.home)
    assert done.returncode == 2
    assert "--password-file" in done.stderr

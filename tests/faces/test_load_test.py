"""`folkmoot load-test` against a real server: it ends by itself, says how it went, and leaves a report."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faces.accounts import account
from tests.serving import TOKEN, Served, environment, folkmoot

_ENTERED = '"WebSocket /ws/load-'
PROGRAM = Path(__file__).resolve().parents[3] / "shared" / "clients" / "rooms_load.py"


def load_test(server: Served, *options: str, cwd: Path, token: str = TOKEN) -> "subprocess.CompletedProcess[str]":
    return folkmoot("load-test", *options, home=cwd / "no-home", cwd=cwd, FOLKMOOT_URL=server.url, FOLKMOOT_TOKEN=token)


def test_it_prints_and_saves_what_was_measured(server: Served, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("Who are you?\n\nWhat can you do?\n")
    options = ("--clients", "3", "--duration", "2", "--agent", "manager", "--messages", str(words), "--json")
    done = load_test(server, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["clients_connected"] == 3
    assert told["sent"] >= told["received"] > 0
    assert told["errors"] == 0, told["error_samples"]
    assert told["plan"]["messages"] == 2
    assert told["latency_ms"]["median"] >= told["first_token_ms"]["median"] > 0
    folder = tmp_path / told["saved_in"]
    assert json.loads((folder / "report.json").read_text())["sent"] == told["sent"]
    page = (folder / "report.html").read_text()
    assert page.count("<svg") == 3
    assert TOKEN not in page + done.stdout


def test_at_a_rate_messages_are_due_whatever_the_server_does(server: Served, tmp_path: Path) -> None:
    options = ("--clients", "4", "--duration", "2", "--rate", "3", "--report", str(tmp_path / "kept"))
    done = load_test(server, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("sent", "received", "success rate", "median", "p95", "messages/s"))
    told = json.loads((tmp_path / "kept" / "report.json").read_text())
    assert told["sent"] + told["unsent"] == 6
    assert told["plan"]["model"] == "open"


def test_an_agent_that_is_not_there_makes_errors_by_their_kind(server: Served, tmp_path: Path) -> None:
    options = ("--clients", "1", "--duration", "1", "--agent", "nobody-here", "--json")
    told = json.loads(load_test(server, *options, cwd=tmp_path).stdout)
    assert told["received"] == 0
    assert told["errors_by_kind"] == {"unknown_agent": told["sent"]}
    assert "nobody-here" in told["error_samples"]["unknown_agent"]


def test_ctrl_c_ends_it_early_with_a_report(server: Served, tmp_path: Path) -> None:
    before = server.log.count(_ENTERED)
    process = subprocess.Popen(
        [sys.executable, "-m", "folkmoot", "load-test", "--clients", "2", "--duration", "300", "--json"],
        env=environment(tmp_path / "home", FOLKMOOT_URL=server.url, FOLKMOOT_TOKEN=TOKEN),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while server.log.count(_ENTERED) < before + 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.log.count(_ENTERED) == before + 2
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    told = json.loads(output)
    assert told["interrupted"] is True
    assert told["elapsed_seconds"] < 60


def test_whoever_may_not_come_in_is_told_why(server: Served, tmp_path: Path) -> None:
    done = load_test(server, "--clients", "2", "--duration", "1", cwd=tmp_path, token="not-a-token")
    assert done.returncode == 1
    assert "FOLKMOOT_TOKEN" in done.stderr
    with account(server) as other:
        token = other.client.headers["authorization"].removeprefix("Bearer ")
        done = load_test(server, "--clients", "2", "--duration", "1", cwd=tmp_path, token=token)
    assert done.returncode == 1
    assert "administrator" in done.stderr
    done = folkmoot("load-test", "--duration", "1", home=tmp_path / "empty", cwd=tmp_path)
    assert done.returncode == 1
    assert "folkmoot serve" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not PROGRAM.is_file() and not os.environ.get("CI"), reason="the client programs are not here")
def test_an_operator_s_script_reads_the_report(server: Served, tmp_path: Path) -> None:
    command = tmp_path / "folkmoot"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m folkmoot "$@"\n')
    command.chmod(0o755)
    place = {"FOLKMOOT_URL": server.url, "FOLKMOOT_TOKEN": TOKEN, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, PROGRAM], env=os.environ | place, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

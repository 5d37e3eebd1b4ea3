"""The commands as people and scripts use them: alone, beside a server, with JSON, and when something is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.serving import TOKEN, Served, folkmoot

pytestmark = pytest.mark.slow

CHAT = "\n".join(
    f"{day:02d}/01/2026, 09:{day:02d} - {who}: {text}"
    for day, who, text in [
        (12, "Ada Moss", "I mended the retry of the webhook worker, it swallowed timeouts"),
        (13, "Bo Lund", "thanks, Ada"),
        (14, "Bo Lund", "<Media omitted>"),
        (15, "Ada Moss", "the ledger agrees again, every refund is booked once"),
    ]
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that no server owns."""
    return tmp_path_factory.mktemp("cli") / "home"


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    file = tmp_path / "chat.txt"
    file.write_text(CHAT)
    return file


def done(ended: "CompletedProcess[str]", code: int = 0) -> str:
    """It ended with `code` and said nothing beside its result."""
    assert ended.returncode == code, (ended.stdout, ended.stderr)
    assert ended.stderr == ""
    return ended.stdout


def document(ended: "CompletedProcess[str]", code: int = 0) -> Any:
    return json.loads(done(ended, code))


def refused(ended: "CompletedProcess[str]", *words: str, code: int = 1) -> None:
    """It failed with one line that has all `words`."""
    assert ended.returncode == code, (ended.stdout, ended.stderr)
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    if code == 1:
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    for word in words:
        assert word in ended.stderr, (word, ended.stderr)


def test_commands_alone_print_their_result_and_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "0 agents" in done(folkmoot("agent", "list", home=home))
    assert document(folkmoot("task", "list", "--json", home=home))["total"] == 0
    assert document(folkmoot("agent", "mail", "dead", "--json", home=home))["total"] == 0


def test_the_schema_goes_up_and_down(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert done(folkmoot("db", "current", home=home)) == "nothing\n"
    at = done(folkmoot("db", "upgrade", home=home)).split()[-1]
    assert done(folkmoot("db", "current", home=home)).strip() == at
    assert "nothing" in done(folkmoot("db", "downgrade", "base", "--yes", home=home))
    assert done(folkmoot("db", "current", home=home)) == "nothing\n"
    refused(folkmoot("db", "upgrade", "no-such-revision", home=home), "no-such-revision")


def test_preview_stores_nothing_and_counts_every_line(tmp_path: Path, chat: Path) -> None:
    home = tmp_path / "home"
    lines = [
        json.loads(line) for line in done(folkmoot("twin", "preview", str(chat), "--json", home=home)).splitlines()
    ]
    account = lines.pop()
    assert account["kind"] == "account"
    assert account["parsed"] + sum(account["skipped"].values()) == account["total"]
    assert account["parsed"] == len(lines)
    assert all(set(line) >= {"ts", "author", "text", "kind"} for line in lines)
    assert [line["kind"] for line in lines].count("media") == 1
    assert not home.exists()
    assert "Ada Moss" in done(folkmoot("twin", "preview", str(chat), home=home))


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (b"", (), ["empty"]),
        (b"\x00\x01\x02\x03" * 500, (), ["chat.txt"]),
        (CHAT.encode(), ("--platform", "pigeon"), ["pigeon", "whatsapp"]),
        (CHAT.encode(), ("--timezone", "Mars/Base"), ["Mars/Base"]),
        (CHAT.encode(), ("--date-order", "dym"), ["dym"]),
        (None, (), ["chat.txt"]),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes | None, arguments: tuple[str, ...], words: list[str]
) -> None:
    file = tmp_path / "chat.txt"
    if content is not None:
        file.write_bytes(content)
    refused(folkmoot("twin", "preview", str(file), "--json", *arguments, home=tmp_path / "home"), *words)


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for arguments in (("no-such-command",), ("task", "add"), ("task", "add", "T", "--priority", "11"), ("serve", "-x")):
        refused(folkmoot(*arguments, home=tmp_path / "home"), code=2)


def test_init_writes_a_team_to_start_from(tmp_path: Path) -> None:
    assert "workplace.yaml" in done(folkmoot("init", "mine", home=tmp_path / "home", cwd=tmp_path))
    assert (tmp_path / "mine" / "workplace.yaml").is_file()
    refused(folkmoot("init", "mine", home=tmp_path / "home", cwd=tmp_path), "--force")
    done(folkmoot("init", "mine", "--force", home=tmp_path / "home", cwd=tmp_path))
    refused(folkmoot("init", "other", "--template", "nobody", home=tmp_path / "home", cwd=tmp_path), "nobody", "acme")
    found = document(folkmoot("doctor", "--json", home=tmp_path / "mine" / "home", cwd=tmp_path / "mine"))
    assert {one["part"]: one["ok"] for one in found}["team"]


def test_doctor_ends_with_3_where_something_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = document(folkmoot("doctor", "--json", home=tmp_path / "file" / "home", cwd=tmp_path), code=3)
    assert {one["part"] for one in found if not one["ok"]} == {"home"}
    wrong = document(folkmoot("doctor", "--json", home=tmp_path / "home", API_PORT="x"), code=3)
    assert [one["part"] for one in wrong if not one["ok"]] == ["settings"]


@pytest.fixture(params=["beside a server", "alone"])
def place(request: pytest.FixtureRequest, home: Path) -> Iterator[Path]:
    """A home, once with a running server and once without."""
    if request.param == "alone":
        yield home
        return
    served: Served = request.getfixturevalue("server")
    yield served.home


def test_from_consent_to_forgetting(place: Path, chat: Path) -> None:
    def run(*arguments: str) -> "CompletedProcess[str]":
        return folkmoot(*arguments, home=place)

    importing = ("twin", "import", "Ada Moss", str(chat), "--platform", "whatsapp", "--timezone", "UTC")
    refused(run(*importing), "folkmoot consent grant", "Ada Moss")
    refused(run("consent", "grant", "Ada Moss", "--platform", "whatsapp"), "mail")
    granted = document(run("consent", "grant", "Ada Moss", "ada@example.com", "--platform", "whatsapp", "--json"))
    assert granted["token"]
    again = document(run("consent", "grant", "Ada Moss", "--platform", "git", "--json"))
    assert again["email"] == "ada@example.com"
    refused(run("consent", "grant", "Ada Moss", "--platform", "git", "--purpose", "sell"), "sell")
    assert "3 messages imported (2 by Ada Moss); skipped: 1 media" in done(run(*importing))
    assert document(run(*importing, "--json"))["messages"] == 0
    (twin,) = [one for one in document(run("twin", "list", "--json"))["items"] if one["person"] == "Ada Moss"]
    assert twin["own_messages"] == 2
    assert document(run("twin", "profile", "Ada Moss", "--json"))["style"]
    assert "skills" in done(run("twin", "profile", "Ada Moss"))
    given = {one["consent_id"] for one in document(run("consent", "list", "Ada Moss", "--json"))["items"]}
    assert given >= {granted["consent_id"], again["consent_id"]}
    assert done(run("consent", "revoke", granted["consent_id"]))
    refused(run("twin", "profile", "Ada Moss"), "Ada Moss")
    receipt = document(run("twin", "forget", "Ada Moss", "--yes", "--json"))
    assert receipt["remaining"] == {}
    refused(run("twin", "forget", "Ada Moss", "--yes"), "Ada Moss")


def test_tasks_are_added_shown_and_moved_beside_a_server(server: Served) -> None:
    def run(*arguments: str) -> "CompletedProcess[str]":
        return folkmoot(*arguments, home=server.home)

    task = document(run("task", "add", "Refunds are booked twice", "--type", "Incident", "--hours", "1", "--json"))
    assert task["status"] == "assigned"
    task_id, owner = task["task_id"], task["assigned_agent"]
    assert task_id in done(run("task", "list"))
    assert "consultation" in done(run("task", "show", task_id))
    other = "mira" if owner != "mira" else "lin"
    assert other in done(run("task", "assign", task_id, other, "--reason", "Knows the shop."))
    assert done(run("task", "decline", task_id, "--reason", "On leave."))
    assert done(run("agent", "availability", "lin", "busy")) == "lin is busy\n"
    assert document(run("agent", "show", "lin", "--json"))["availability_status"] == "busy"
    assert done(run("agent", "availability", "lin", "available"))
    refused(run("agent", "availability", "lin", "asleep"), "asleep")
    refused(run("task", "show", "no-such-task"), "no-such-task")
    refused(run("task", "assign", task_id, "nobody"), "nobody")
    assert done(run("task", "status", task_id, "cancelled"))
    refused(run("task", "status", task_id, "in_progress"), "cancelled")


def test_a_task_that_nobody_gets_ends_with_3(home: Path) -> None:
    task = document(folkmoot("task", "add", "Nobody is here", "--json", home=home), code=3)
    assert task["status"] == "unassigned"
    assert task["shortfall"]["would_help"]


def test_a_server_elsewhere_is_reached_by_its_address(server: Served, tmp_path: Path) -> None:
    home = tmp_path / "nothing-here"
    there: dict[str, Any] = {"FOLKMOOT_URL": server.url, "FOLKMOOT_TOKEN": TOKEN}
    assert document(folkmoot("agent", "list", "--json", home=home, **there))["total"] >= 7
    refused(folkmoot("agent", "list", home=home, FOLKMOOT_URL=server.url, FOLKMOOT_TOKEN="wrong"), "token")
    refused(folkmoot("agent", "list", home=home, FOLKMOOT_URL="http://127.0.0.1:1"), "127.0.0.1:1")
    assert not home.exists()


def test_help_and_version_answer(tmp_path: Path) -> None:
    assert done(folkmoot("--version", home=tmp_path / "home")).startswith("folkmoot ")
    shown = done(folkmoot("--help", home=tmp_path / "home"))
    for command in ("init", "demo", "serve", "doctor", "agent", "task", "twin", "consent", "backtest", "db"):
        assert command in shown


@pytest.mark.parametrize("missing", ["train", "test", "gold"])
def test_a_backtest_names_the_file_that_is_missing(tmp_path: Path, missing: str) -> None:
    files = {}
    for name in ("train", "test", "gold"):
        files[name] = tmp_path / f"{name}.jsonl"
        if name != missing:
            files[name].write_text('{"id": "1", "dev": "a", "title": "x", "body": "y", "day": 1}\n')
    arguments = [part for name, file in files.items() for part in (f"--{name}", str(file))]
    refused(folkmoot("backtest", "jsonl", *arguments, "--json", home=tmp_path / "home"), f"{missing}.jsonl")

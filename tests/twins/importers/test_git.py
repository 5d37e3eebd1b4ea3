"""Commits of a real repository, from its folder and from dumps in the forms that `git log` can write."""

import os
import subprocess
from pathlib import Path

import pytest

from folkmoot.twins.importers import Kind, dump_repository, open_export
from folkmoot.twins.importers.errors import EmptyExportError


def git(folder: Path, *arguments: str, when: str = "2024-01-31T21:05:12+01:00") -> str:
    environment = os.environ | {
        "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    identity = ("-c", "user.name=Zoë Müller", "-c", "user.email=zoe@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, env=environment
    )
    return done.stdout.decode()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "src").mkdir()
    (folder / "src" / "größe.py").write_text("x", encoding="utf-8")
    (folder / "notes.md").write_text("x", encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Measure size\n\nIt was guessed:\n- before\n    indented")
    git(folder, "checkout", "-q", "-b", "topic")
    (folder / "notes.md").write_text("y", encoding="utf-8")
    git(folder, "commit", "-q", "-a", "-m", "Note why", when="2024-02-01T10:00:00+00:00")
    git(folder, "checkout", "-q", "main")
    git(folder, "merge", "-q", "--no-ff", "topic", when="2024-02-02T10:00:00+00:00")
    return folder


BODY = "Measure size\n\nIt was guessed:\n- before\n    indented"


def test_a_repository_gives_its_commits_oldest_first(repository: Path) -> None:
    first, second, merge = open_export(repository).records()
    assert (first.author, first.text, first.kind) == ("Zoë Müller", BODY, Kind.TEXT)
    assert first.ts is not None
    assert first.ts.isoformat() == "2024-01-31T20:05:12+00:00"
    assert set(first.paths) == {"src/größe.py", "notes.md"}
    assert second.paths == ("notes.md",)
    assert (merge.kind, merge.author, merge.text) == (Kind.SYSTEM, None, "Merge branch 'topic'")


@pytest.mark.parametrize(
    "form",
    [
        (),
        ("--name-only",),
        ("--name-status", "--date=iso"),
        ("--stat", "--date=iso-strict"),
        ("--numstat", "--date=rfc"),
        ("-p", "--date=unix"),
        ("--pretty=fuller", "--name-only", "--date=raw"),
        ("--pretty=raw", "--name-only"),
        ("--decorate", "--name-status"),
    ],
)
def test_every_form_of_a_dump_gives_the_same_commits(repository: Path, tmp_path: Path, form: tuple[str, ...]) -> None:
    dump = tmp_path / "log.txt"
    dump.write_text(git(repository, "-c", "core.quotePath=false", "log", *form), encoding="utf-8")
    export = open_export(dump)
    assert export.platform == "git"
    records = {one.text: one for one in export.records()}
    assert set(records) == {BODY, "Note why", "Merge branch 'topic'"}
    assert export.account.total == export.account.parsed == 3
    first = records[BODY]
    assert first.author == "Zoë Müller"
    assert first.ts is not None
    assert first.ts.isoformat() == "2024-01-31T20:05:12+00:00"
    assert set(first.paths) == ({"src/größe.py", "notes.md"} if form else set())


def test_paths_that_git_put_in_quotes_are_read_as_they_are(repository: Path, tmp_path: Path) -> None:
    for form in ("--name-only", "--name-status", "--numstat", "-p"):
        dump = tmp_path / "log.txt"
        dump.write_text(git(repository, "-c", "core.quotePath=true", "log", form), encoding="utf-8")
        first = next(one for one in open_export(dump).records() if one.text == BODY)
        assert set(first.paths) == {"src/größe.py", "notes.md"}


def test_a_merge_is_an_event_in_the_raw_form_too(repository: Path, tmp_path: Path) -> None:
    dump = tmp_path / "log.txt"
    dump.write_text(git(repository, "log", "--pretty=raw"), encoding="utf-8")
    kinds = {one.text: one.kind for one in open_export(dump).records()}
    assert kinds == {BODY: Kind.TEXT, "Note why": Kind.TEXT, "Merge branch 'topic'": Kind.SYSTEM}


def test_a_repository_written_to_a_file_reads_like_the_repository(repository: Path, tmp_path: Path) -> None:
    written = open_export(dump_repository(repository, tmp_path / "history.log"))
    assert [one._replace(position=0) for one in written.records()] == [
        one._replace(position=0) for one in open_export(repository).records()
    ]


def test_a_repository_without_commits_is_empty(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(EmptyExportError, match="no commits"):
        list(open_export(tmp_path).records())

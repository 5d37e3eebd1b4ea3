"""Docs cannot lie: every shell and Python block of README and docs/ runs, every link leads somewhere."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
SECONDS = 300


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def pages_with(language: str) -> list[Path]:
    return [page for page in PAGES if blocks(page, language)]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.parametrize("page", pages_with("sh"), ids=name)
def test_every_shell_block_runs_in_order(page: Path, tmp_path: Path) -> None:
    """In one shell, in a folder beside the environment; `make` lines are only checked to name a target."""
    lines = []
    for line in "\n".join(blocks(page, "sh")).splitlines():
        if line.startswith("make "):
            assert line.split()[1].split("#")[0] in make_targets(), line
        else:
            lines.append(line)
    if not any(line.strip() for line in lines):
        return
    port = str(free_port())
    # A server that a page started would go on after a command that failed, and hold what was said.
    ending = "set -euo pipefail\ntrap 'kill $(jobs -p) || true' ERR\n"
    script = ending + "\n".join(lines).replace("127.0.0.1:8000", f"127.0.0.1:{port}") + "\n"
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parent.parent)
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH"}
    }
    process = subprocess.Popen(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=kept | {"API_PORT": port, "MODEL": "offline"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        said = (late.output or b"").decode(errors="replace")
        pytest.fail(f"{script}\n---\n{said[-4000:]}\n--- and then nothing for {SECONDS} s in all")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, f"{script}\n---\n{output[-4000:]}"
    assert "Traceback" not in output, output[-4000:]


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with("python"), ids=name)
def test_every_python_block_runs(page: Path, tmp_path: Path) -> None:
    for body in blocks(page, "python"):
        done = subprocess.run(
            [sys.executable, "-c", body], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{body}\n---\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{name(page)}: {target}"


def test_every_make_target_has_its_help() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("help", "install", "demo", "test", "check", "bench", "docs", "clean"):
        assert f"make {target}" in done.stdout

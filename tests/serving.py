"""Real servers for tests: `folkmoot serve` in a process of its own, on a free port, in a home of its own.

`host_agents` starts `folkmoot agent run` the same way.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

TOKEN = "a-token-that-only-tests-use"
START_SECONDS = 90.0


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of a command in `home`: nothing of the developer's own settings, no model but offline."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH"}
    }
    usual = {"FOLKMOOT_HOME": str(home), "ADMIN_TOKEN": TOKEN, "API_PORT": "0", "MODEL": "offline"}
    # All tests ask from one address, often in loops: they must not be counted out, but they are to be counted.
    rates = dict.fromkeys(("RATE_LIMIT", "RATE_LIMIT_COSTLY", "RATE_LIMIT_SIGN_IN"), "100000/minute")
    return kept | usual | rates | settings


def folkmoot(
    *arguments: str, home: Path, cwd: Path | None = None, seconds: float = 120, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "folkmoot", *arguments],
        env=environment(home, **settings),
        cwd=cwd or home.parent,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@dataclass
class Served:
    """A running server. `log` is what it wrote so far."""

    process: "subprocess.Popen[bytes]"
    home: Path
    url: str
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def client(self, *, token: str | None = TOKEN, timeout: float = 60) -> httpx.Client:
        """A client of the API; `token=None` sends none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Without certificates to look at: reading them all takes longer than most requests, and this is plain http.
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout, trust_env=False, verify=False)

    def stop(self) -> int:
        """Ask it to end, and wait until it has; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait(30)


def serve(home: Path, *, command: tuple[str, ...] = ("serve",), **settings: str) -> Served:
    """Start a server and return when it answers; fails with its log if it ends before."""
    home.mkdir(parents=True, exist_ok=True)
    log_file = home.parent / f"{home.name}-{time.monotonic_ns()}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "folkmoot", *command],
            env=environment(home, **settings),
            cwd=home.parent,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{log_file.read_text()[-3000:]}")
        url = _announced(home, process.pid)
        if url is not None:
            try:
                httpx.get(f"{url}/", timeout=5, trust_env=False, verify=False)
            except httpx.TransportError:
                pass
            else:
                return Served(process=process, home=home, url=url, log_file=log_file)
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"the server did not answer in {START_SECONDS} s:\n{log_file.read_text()[-3000:]}")


@dataclass
class Hosting:
    """A running `folkmoot agent run`. `log` is what it wrote so far."""

    process: "subprocess.Popen[bytes]"
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def stop(self) -> int:
        """Ask it to end, and wait until it has; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait(30)

    def wait_until_up(self, *agents: str) -> "Hosting":
        """Return when it says that these agents are up; fails with its log if it ends before."""
        deadline = time.monotonic() + START_SECONDS
        while not all(f"{agent} is up at " in self.log for agent in agents):
            if self.process.poll() is not None:
                raise AssertionError(f"the host ended with {self.process.returncode}:\n{self.log[-3000:]}")
            if time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(f"the agents were not up in {START_SECONDS} s:\n{self.log[-3000:]}")
            time.sleep(0.05)
        return self


def host_agents(file: Path, *, only: str = "", home: Path, before: tuple[str, ...] = (), **settings: str) -> Hosting:
    """Start to host agents of a file. `before`: what the command line begins with, such as `ip netns exec NAME`."""
    home.mkdir(parents=True, exist_ok=True)
    log_file = home.parent / f"{home.name}-host-{time.monotonic_ns()}.log"
    chosen = ("--only", only) if only else ()
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "folkmoot", "agent", "run", str(file), *chosen],
            env=environment(home, **settings),
            cwd=home.parent,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    return Hosting(process=process, log_file=log_file)


def _announced(home: Path, pid: int) -> str | None:
    try:
        note = json.loads((home / "owner.json").read_text())
    except (OSError, ValueError):
        return None
    return note["url"] if note["pid"] == pid else None

"""A process is killed between the effect and its record: nobody gets a second e-mail by itself."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from folkmoot.kernel import SystemClock
from folkmoot.security import Principal
from folkmoot.storage import Database
from folkmoot.tools import CallStatus, ToolContext, tool
from folkmoot.tools.decide import Decisions
from folkmoot.tools.model import Resolution
from tests.tools.shop import open_shop

ADMIN = Principal(user_id="admin", name="admin", role="admin")


@pytest.fixture
def mails() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A mail server on a loopback port, and the mails that it accepted."""
    accepted: list[dict[str, Any]] = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            accepted.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", accepted
    server.shutdown()
    thread.join()
    server.server_close()


def child(home: Path, url: str, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.tools.killed_child", str(home), url, *more],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
async def test_no_second_mail_after_a_kill(tmp_path: Path, mails: tuple[str, list[dict[str, Any]]]) -> None:
    url, accepted = mails
    killed = await asyncio.to_thread(child, tmp_path, url)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(accepted) == 1
    # The message was not acknowledged: it is handled again, and more than once.
    again = await asyncio.to_thread(child, tmp_path, url, "recover")
    assert again.returncode == 0, again.stderr
    found, *outcomes = (line.split()[1:] for line in again.stdout.splitlines() if line.startswith("> "))
    assert found == ["unknown", "1"]
    assert [status for status, _ in outcomes] == ["unknown"] * 2
    assert len(accepted) == 1
    await _and_a_person_decides(tmp_path, accepted, call_id=outcomes[0][1])


async def _and_a_person_decides(home: Path, accepted: list[dict[str, Any]], *, call_id: str) -> None:
    """Only a person's word makes it again, and then with the key that the mail service knows already."""

    @tool(effect="external")
    async def send_mail(context: ToolContext, to: str, text: str) -> dict[str, str]:
        """Send an e-mail."""
        accepted.append({"to": to, "text": text, "key": context.key})
        return {"sent": to}

    database = Database(f"sqlite:///{home / 'folkmoot.db'}")
    shop = open_shop(database, SystemClock(), home, send_mail, process="the-third")
    decisions = Decisions(desk=shop.desk, ledger=shop.ledger, registry=shop.registry, walls=shop.rules)
    call = await decisions.resolve(call_id, Resolution.AGAIN, by=ADMIN)
    assert (call.status, call.attempts, call.result) == (CallStatus.SUCCEEDED, 2, {"sent": "ida@brandt.example"})
    assert len(accepted) == 2
    assert accepted[0] == accepted[1]
    await shop.desk.stop()
    await database.close()

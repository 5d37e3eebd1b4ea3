"""A chat window's script runs as it is against the team for wellness."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import TOKEN, Served, serve

PROGRAM = Path(__file__).resolve().parents[3] / "shared" / "clients" / "rooms_ws.py"


@pytest.fixture
def wellness(tmp_path: Path) -> Iterator[Served]:
    served = serve(tmp_path / "home")
    yield served
    served.stop()


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(not PROGRAM.is_file() and not os.environ.get("CI"), reason="the client programs are not here")
def test_the_chat_window_s_script_passes(wellness: Served) -> None:
    environment = {**os.environ, "FOLKMOOT_URL": wellness.url, "FOLKMOOT_TOKEN": TOKEN}
    done = subprocess.run(
        [sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout

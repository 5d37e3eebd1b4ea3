"""The script of a studio's user passes as it is: sessions, three flows, the history they leave, and the gallery."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import TOKEN, Served

PROGRAM = Path(__file__).resolve().parents[3] / "shared" / "clients" / "flows_rest.py"


@pytest.mark.skipif(not PROGRAM.is_file() and not os.environ.get("CI"), reason="the client programs are not here")
def test_the_studio_user_s_script_passes_and_can_be_run_again(server: Served) -> None:
    environment = {**os.environ, "FOLKMOOT_URL": server.url, "FOLKMOOT_TOKEN": TOKEN}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("ok ") == 12, done.stdout
        assert "FAIL" not in done.stdout

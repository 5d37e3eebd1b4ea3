"""A program that a user of such systems already has runs as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import TOKEN, Served

PROGRAM = Path(__file__).resolve().parents[3] / "shared" / "clients" / "twins_rest.py"


@pytest.mark.skipif(not PROGRAM.is_file() and not os.environ.get("CI"), reason="the client programs are not here")
def test_the_team_lead_s_script_passes_and_can_be_run_again(server: Served) -> None:
    environment = {**os.environ, "FOLKMOOT_URL": server.url, "FOLKMOOT_TOKEN": TOKEN}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "FAIL" not in done.stdout

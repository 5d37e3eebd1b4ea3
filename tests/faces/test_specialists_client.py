"""The script of an agency's site runs as it is against the agency team; what later rooms bring is not looked at yet."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import TOKEN, Served, serve

PROGRAM = Path(__file__).resolve().parents[3] / "shared" / "clients" / "specialists_rest.py"
MUST = (
    "ok a chat message is answered in its conversation",
    "ok a streamed answer comes in pieces, one by one, and is the one that is kept",
    "ok history has both turns in order; deleting it leaves none",
    "ok specialists are listed, shown by type, healthy, and can be asked directly",
    "ok leads are kept and analysed; the strong one scores above the weak one",
    "ok tool calls are in the log under tool_execution:, with how they ended",
    "ok health names the external services",
)


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Served]:
    served = serve(tmp_path / "home")
    with served.client() as client:
        client.post("/api/initialize", json={"team": "agency"}).raise_for_status()
    yield served
    served.stop()


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(not PROGRAM.is_file() and not os.environ.get("CI"), reason="the client programs are not here")
def test_the_agency_site_s_script_finds_specialists_leads_log_and_health(agency: Served) -> None:
    environment = {**os.environ, "FOLKMOOT_URL": agency.url, "FOLKMOOT_TOKEN": TOKEN}
    done = subprocess.run(
        [sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    said = done.stdout.splitlines()
    assert not [line for line in MUST if line not in said], done.stdout + done.stderr

"""The approval queue as people use it: by page, by command and by REST, on a real server with a scripted model."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.faces.dashboard.conftest import Windows
from tests.serving import Served, folkmoot, serve
from tests.stub_model import StubModel, stub_model

__all__ = ["stub_model"]
pytestmark = [pytest.mark.slow, pytest.mark.browser]

WORKPLACE = """
workplace: {name: Archive}
asks_first: [save_user_file]
agents:
  - {agent_id: clerk, name: Clerk, role: Clerk, tools: [save_user_file, list_user_files]}
"""
HOSTILE = "<img src=x onerror=document.title='gone'>"


@pytest.fixture
def archive(tmp_path: Path, stub_model: StubModel) -> Iterator[Served]:
    """A server whose clerk asks before it keeps a file, and whose model says what the test tells it to."""
    (tmp_path / "workplace.yaml").write_text(WORKPLACE)
    served = serve(
        tmp_path / "home",
        WORKPLACE_FILE=str(tmp_path / "workplace.yaml"),
        MODEL="openai:stub-small",
        OPENAI_BASE_URL=stub_model.base_url,
    )
    yield served
    served.stop()
    assert "Traceback" not in served.log, served.log[-4000:]


def ask_to_keep(api: httpx.Client, stub: StubModel, name: str) -> dict[str, Any]:
    """Have the clerk want to keep a file; the call as it waits."""
    stub.call("save_user_file", name=name, text=f"{HOSTILE} Bearer abcdefgh12345678")
    stub.say("It waits for you.")
    message = {
        "sender_id": "tester",
        "recipient_id": "clerk",
        "intent": "chat",
        "payload": {"data": {"message": f"Keep {name}"}},
    }
    api.post("/api/agents/messages", json=message, params={"wait": 60}).raise_for_status()
    found: dict[str, Any] = api.get("/api/approvals").json()["items"][0]
    assert (found["status"], found["parameters"]["name"]) == ("waiting", name)
    return found


def test_what_waits_is_approved_and_rejected(archive: Served, stub_model: StubModel, chromium: Browser) -> None:
    kept = archive.home / "user_contexts" / "admin"
    windows = Windows(chromium, archive.url)
    window = windows.new()
    window.sign_in()
    with archive.client() as api:
        page = window.open("/dashboard/tools")
        expect(page.get_by_text("No calls yet")).to_be_visible()
        ask_to_keep(api, stub_model, "first.md")
        # The page follows: what waits appears by itself, as text, without what is secret in it.
        card = page.get_by_role("article", name="save_user_file")
        expect(card).to_contain_text("first.md")
        expect(card).to_contain_text(HOSTILE)
        expect(card).not_to_contain_text("abcdefgh12345678")
        assert page.title() == "Tool log · Folkmoot"
        card.get_by_role("button", name="Approve").click()
        expect(card).to_have_count(0)
        expect(page.get_by_role("region", name="Calls")).to_contain_text("Done")
        appears(kept / "first.md")
        assert (kept / "first.md").read_text().startswith(HOSTILE)
        phone = windows.new(viewport={"width": 390, "height": 800}, color_scheme="dark")
        phone.sign_in()
        ask_to_keep(api, stub_model, "second.md")
        small = phone.open("/dashboard/tools")
        assert phone.overflow() == 0
        small.get_by_role("button", name="Reject").click()
        expect(small.get_by_role("button", name="Reject")).to_have_count(0)
        assert not (kept / "second.md").exists()
        third = ask_to_keep(api, stub_model, "third.md")
        _decide_by_command(archive, third["call_id"])
        assert (kept / "third.md").exists()
        figures = {one["tool"]: one["outcomes"] for one in api.get("/api/logs/stats").json()["items"]}
        assert figures["save_user_file"] == {"succeeded": 2, "denied": 1}
    windows.close()
    assert (window.complaints, phone.complaints) == ([], [])


def appears(file: Path) -> None:
    """Return when a file is there: the page may tell of a call while its tool still writes."""
    deadline = time.monotonic() + 10
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} was not written"
        time.sleep(0.05)


def _decide_by_command(archive: Served, call_id: str) -> None:
    listed = folkmoot("tool", "ls", "--json", home=archive.home)
    tools = {one["name"]: one for one in json.loads(listed.stdout)["items"]}
    assert (tools["save_user_file"]["approval"], tools["save_user_file"]["agents"]) == (True, ["clerk"])
    waiting = folkmoot("tool", "log", "--status", "waiting", home=archive.home)
    assert call_id in waiting.stdout.replace("\n", "") or call_id[:20] in waiting.stdout
    refused = folkmoot("tool", "resolve", call_id, "happened", home=archive.home)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "waiting, not unknown" in refused.stderr
    approved = folkmoot("tool", "approve", call_id, "--note", "kept", "--json", home=archive.home)
    assert json.loads(approved.stdout)["status"] == "succeeded"

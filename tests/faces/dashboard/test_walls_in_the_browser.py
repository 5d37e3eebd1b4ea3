"""The walls as a browser meets them: the switch on an agent's page, and the page of the API within its policy."""

import re

import pytest
from playwright.sync_api import expect

from tests.faces.dashboard.conftest import Window, Windows

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_agent_is_silenced_with_a_reason_and_may_speak_again(window: Window) -> None:
    page = window.open("/dashboard/agents/mira")
    head = page.locator(".page-head")
    expect(head).to_contain_text("Online")
    head.get_by_role("button", name="Silence").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("<b>says too much</b>")
    dialog.get_by_role("button", name="Silence").click()
    expect(head).to_contain_text("Silenced")
    expect(page.get_by_role("note").first).to_contain_text("<b>says too much</b>")
    assert window.overflow() <= 0
    head.get_by_role("button", name="Let it speak").click()
    expect(head).to_contain_text("Online")
    expect(page.get_by_text("is silenced since")).to_have_count(0)


def test_the_page_of_the_api_works_within_its_policy(windows: Windows) -> None:
    window = windows.new()
    window.page.goto(f"{window.base}/docs")
    expect(window.page.get_by_text(re.compile(r"/api/agents/\{agent_id\}/silence")).first).to_be_visible()

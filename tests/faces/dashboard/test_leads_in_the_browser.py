"""The leads' board in a real browser: by form, by button, by drag, on a phone, and with hostile words."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.faces.dashboard.conftest import Window, Windows

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HOSTILE = "<img src=x onerror=alert(1)> We need a report by March, budget approved. <script>alert(2)</script>"


@pytest.fixture
def lead(api: httpx.Client) -> Iterator[dict[str, Any]]:
    data = {
        "name": "Bo <b>Bold</b>",
        "email": "bo@bold.example",
        "company": "Bold & Söhne",
        "message": HOSTILE,
        "budget_range": "20k",
        "timeline": "2 months",
        "source": "website",
    }
    made: dict[str, Any] = api.post("/api/leads/submit", json={"lead_data": data}).raise_for_status().json()
    yield made
    api.delete(f"/api/leads/{made['lead_id']}")


def test_a_lead_moves_by_button_and_by_drag_and_says_why_it_scores(
    window: Window, lead: dict[str, Any], api: httpx.Client
) -> None:
    page = window.open("/dashboard/leads")
    new, contacted = (page.get_by_role("region", name=re.compile(f"^{name}")) for name in ("New", "Contacted"))
    card = page.get_by_role("listitem").filter(has_text="Bold & Söhne")
    expect(new.get_by_text("Bold & Söhne")).to_be_visible()
    expect(card.get_by_text("Bo <b>Bold</b>")).to_be_visible()
    card.get_by_role("button", name="Move Bo <b>Bold</b> to Contacted").click()
    expect(contacted.get_by_text("Bold & Söhne")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(new.get_by_text("Bold & Söhne")).to_be_visible()
    card.drag_to(contacted)
    expect(contacted.get_by_text("Bold & Söhne")).to_be_visible()
    assert api.get(f"/api/leads/{lead['lead_id']}").json()["status"] == "contacted"
    page.get_by_role("link", name="Bold & Söhne").click()
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    expect(page.get_by_role("meter", name=re.compile("^Budget"))).to_be_visible()
    expect(page.get_by_text("a middling budget of 20,000 EUR").first).to_be_visible()
    page.get_by_label("Note").fill("Called <i>him</i>.")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("“Called <i>him</i>.”")).to_be_visible()
    page.get_by_role("button", name="Move to qualified").click()
    expect(page.get_by_text("From contacted to qualified.")).to_be_visible()


def test_a_lead_is_taken_in_by_the_form_and_its_faults_are_said(window: Window, api: httpx.Client) -> None:
    page = window.open("/dashboard/leads")
    page.get_by_role("button", name="New lead").first.click()
    page.get_by_label("Name", exact=True).fill("Nora Quist")
    page.get_by_label("E-mail").fill("nora")
    page.get_by_role("button", name="Keep and analyse it").click()
    expect(page.get_by_text("Is not an e-mail address")).to_be_visible()
    page.get_by_label("E-mail").fill("nora@quist.example")
    page.get_by_label("What they want").fill("We need a dashboard. Please send us an offer.")
    page.get_by_role("button", name="Keep and analyse it").click()
    page.wait_for_url("**/dashboard/leads/lead_*")
    expect(page.get_by_role("heading", name="How serious it is")).to_be_visible()
    api.delete(f"/api/leads/{page.url.rsplit('/', 1)[-1]}").raise_for_status()


def test_the_board_fits_a_phone_in_the_dark(windows: Windows, lead: dict[str, Any]) -> None:
    window = windows.new(viewport={"width": 360, "height": 740}, color_scheme="dark")
    window.sign_in()
    for path in ("/dashboard/leads", f"/dashboard/leads/{lead['lead_id']}"):
        page = window.open(path)
        expect(page.get_by_text("Bold & Söhne").first).to_be_visible()
        assert window.overflow() == 0, path

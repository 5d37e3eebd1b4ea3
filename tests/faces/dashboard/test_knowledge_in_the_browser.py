"""A document's life on the page: dropped, read, found as an agent finds it, deleted."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.faces.dashboard.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_DROP = """(zone) => {
  const carried = new DataTransfer();
  carried.items.add(new File(["# Gnocchi\\n\\nThe gnocchi recipe of the sales team."], "gnocchi <b>.md"));
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def test_from_dropping_to_deleting(window: Window, api: httpx.Client, tmp_path: Path) -> None:
    page = window.open("/dashboard/knowledge")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Choose a file first.")).to_be_visible()
    page.locator(".pick").evaluate(_DROP)
    expect(page.locator(".pick")).to_contain_text("gnocchi <b>.md")
    page.locator("#add-scope").select_option("sales")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("gnocchi <b>.md was added")).to_be_visible()
    row = page.locator("ul.list > li", has_text="gnocchi <b>.md")
    expect(row).to_contain_text("Ready")
    expect(row).to_contain_text("sales")

    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(broken)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("It was not added; nothing has changed")).to_be_visible()
    expect(page.get_by_role("note").get_by_text(re.compile("broken.pdf is damaged"))).to_be_visible()

    page.get_by_label("What to look for").fill("gnocchi recipe")
    page.get_by_role("button", name="Search", exact=True).click()
    hit = page.locator("ol.list > li", has_text="gnocchi <b>.md")
    expect(hit).to_contain_text("The gnocchi recipe of the sales team.")

    page.get_by_role("button", name="Delete gnocchi <b>.md").click()
    page.get_by_role("dialog", name="Delete gnocchi <b>.md?").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("gnocchi <b>.md is deleted.")).to_be_visible()
    expect(row).to_have_count(0)
    assert api.get("/api/knowledge", params={"text": "gnocchi"}).json()["total"] == 0

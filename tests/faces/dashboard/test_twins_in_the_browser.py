"""A twin's life on its page: made, permitted, taught, looked into, forgotten."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.faces.dashboard.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_consent_to_receipt(window: Window, api: httpx.Client, tmp_path: Path) -> None:
    chat = tmp_path / "chat.txt"
    lines = [
        f"[{day:02}.03.2026, 10:0{minute}:00] {'Nora Lindt' if minute % 2 else 'Otto'}: {text} {day}"
        for day in range(13, 27)
        for minute, text in enumerate(
            ["How is it?", "the database migration of postgres is done", "ok", "index rebuilt"]
        )
    ]
    chat.write_text("\n".join(lines) + "\n", encoding="utf-8")
    page = window.open("/dashboard/twins")
    page.get_by_role("button", name="New twin").first.click()
    dialog = page.get_by_role("dialog", name="New twin")
    dialog.get_by_label("Person").fill("Nora Lindt")
    dialog.get_by_label("E-mail").fill("nora@acme.example")
    dialog.get_by_role("button", name="Make the twin").click()
    expect(page.get_by_role("heading", name="Nora Lindt", level=1)).to_be_visible()

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(chat)
    expect(page.locator(".pick")).to_contain_text("chat.txt")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("It was not imported; nothing has changed")).to_be_visible()  # there is no consent

    page.get_by_role("button", name="Grant").click()
    dialog = page.get_by_role("dialog", name="Record a consent")
    dialog.get_by_label("Platform").select_option("whatsapp")
    dialog.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("dialog", name="The consent’s token")).to_contain_text("fmc_")
    page.get_by_role("button", name="I have noted it").click()
    expect(page.locator(".chip", has_text="Live")).to_be_visible()

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(chat)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("It was read")).to_be_visible()
    expect(page.get_by_role("heading", name="Skills")).to_be_visible()
    page.locator("details.more", has_text=re.compile(r"^from \d+ messages")).first.locator("summary").click()
    expect(page.locator("blockquote").first).to_be_visible()

    page.get_by_role("button", name=re.compile("Withdraw the consent")).click()
    page.get_by_role("dialog", name="Withdraw this consent?").get_by_role("button", name="Withdraw").click()
    expect(page.locator(".chip", has_text="Revoked")).to_be_visible()
    expect(page.get_by_text("Nothing learned yet")).to_be_visible()
    assert api.get("/api/twins/nora lindt").json()["messages"] == 0

    page.get_by_role("button", name="Forget Nora Lindt").click()
    dialog = page.get_by_role("dialog", name="Forget Nora Lindt?")
    dialog.get_by_role("button", name="Forget", exact=True).click()
    expect(dialog.get_by_text("This is not the name.")).to_be_visible()
    dialog.get_by_label("Type “Nora Lindt” to confirm").fill("nora lindt")
    dialog.get_by_role("button", name="Forget", exact=True).click()
    expect(page.get_by_text("Nothing is left")).to_be_visible()
    assert api.get("/api/twins/nora lindt").status_code == 404

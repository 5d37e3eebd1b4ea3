"""The page People, and what the pages show to somebody who administers nothing, in a real browser."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.faces.accounts import PASSWORD, Account, account
from tests.faces.dashboard.conftest import Window, Windows
from tests.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def viewer(server: Served) -> Iterator[Account]:
    """Somebody who may look."""
    with account(server, role="viewer", password=True) as one:
        yield one


def sign_in(window: Window, who: Account) -> None:
    window.page.goto(f"{window.base}/dashboard/sign-in")
    window.page.get_by_label("Name").fill(who.name)
    window.page.get_by_label("Password").fill(PASSWORD)
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/dashboard/")


def test_a_viewer_sees_what_is_theirs_and_changes_nothing(
    windows: Windows, viewer: Account, assigned: dict[str, Any]
) -> None:
    window = windows.new(viewport={"width": 390, "height": 800})
    sign_in(window, viewer)
    page = window.page
    expect(page.get_by_role("link", name="New task")).to_have_count(0)
    expect(page.get_by_text(assigned["title"])).to_have_count(0)
    page = window.open(f"/dashboard/tasks/{assigned['task_id']}")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page = window.open("/dashboard/twins/jonas%20weidner")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page = window.open("/dashboard/agents/jonas")
    expect(page.get_by_role("button", name="Rename")).to_have_count(0)
    page = window.open("/dashboard/people")
    expect(page.get_by_role("heading", name="Accounts")).to_have_count(0)
    assert window.overflow() <= 0
    window.complaints.clear()  # the browser notes each 404


def test_a_key_is_made_shown_once_and_revoked(windows: Windows, viewer: Account, server: Served) -> None:
    window = windows.new()
    sign_in(window, viewer)
    page = window.open("/dashboard/people")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("What is it for?").fill("nightly report")
    page.get_by_label("Scopes").fill("tasks:read")
    page.get_by_role("button", name="Make the key").click()
    shown = page.locator("#key-text")
    expect(shown).to_contain_text("fmk_")
    key = shown.inner_text()
    assert httpx.get(f"{server.url}/api/tasks", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    page.get_by_role("button", name="I have noted it").click()
    page = window.open("/dashboard/people")
    expect(page.get_by_text("nightly report")).to_be_visible()
    assert key not in page.content()
    page.get_by_role("button", name="Revoke the key nightly report").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("None. A program that acts")).to_be_visible()


def test_an_administrator_makes_and_ends_an_account_and_its_page_ends_too(windows: Windows, window: Window) -> None:
    page = window.open("/dashboard/people")
    page.get_by_role("button", name="New account").click()
    form = page.get_by_role("dialog", name="New account")
    form.get_by_label("Name").fill("Made By Hand")
    form.get_by_label("Password").fill("short")
    form.get_by_role("button", name="Make the account").click()
    expect(form.get_by_text("a password has 10 to 200 characters")).to_be_visible()
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Make the account").click()
    change = page.get_by_role("button", name="Change the account Made By Hand")
    expect(change).to_be_visible()
    expect(page.get_by_text("user created").first).to_be_visible()
    other = windows.new()
    sign_in(other, Account(user_id="", name="Made By Hand", client=httpx.Client()))
    other.open("/dashboard/people")
    change.click()
    page.get_by_role("button", name="Remove the account Made By Hand").click()
    expect(change).to_have_count(0)
    other.page.get_by_role("button", name="New key").click()
    other.page.get_by_label("What is it for?").fill("too late")
    other.page.get_by_role("button", name="Make the key").click()
    expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()

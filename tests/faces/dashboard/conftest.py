"""A real browser on a real server; whatever it loads from elsewhere or complains about fails the test."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.serving import TOKEN, Served

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Window:
    """A browser window with what it asked for and what it complained about."""

    page: Page
    base: str
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the dashboard and wait until it is live."""
        self.page.goto(f"{self.base}{path}")
        self.page.wait_for_function("window.did_handshake === true")
        return self.page

    def sign_in(self) -> Page:
        self.page.goto(f"{self.base}/dashboard/sign-in")
        self.page.get_by_label("Token").fill(TOKEN)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/dashboard/")
        self.page.wait_for_function("window.did_handshake === true")
        return self.page

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        root = "document.documentElement"
        return int(self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """Debian's chromium, anew for each test: an open Playwright keeps an event loop, and async tests need theirs."""
    if not CHROMIUM.exists():
        missing = "chromium is not installed: apt-get install chromium"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    expect.set_options(timeout=20_000)  # a busy machine; what is there at once is seen at once
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


class Windows:
    """Opens windows and, at the end, looks at what each did."""

    def __init__(self, browser: Browser, base: str) -> None:
        self._browser = browser
        self._base = base
        self._contexts: list[BrowserContext] = []
        self.opened: list[Window] = []

    def new(self, **options: Any) -> Window:
        context = self._browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        window = Window(page=context.new_page(), base=self._base)
        own = (self._base, self._base.replace("http", "ws", 1), "data:", "blob:")
        window.page.on("request", lambda one: None if one.url.startswith(own) else window.elsewhere.append(one.url))
        window.page.on(
            "console", lambda one: window.complaints.append(one.text) if one.type in {"error", "warning"} else None
        )
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        self.opened.append(window)
        return window

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def windows(chromium: Browser, server: Served) -> Iterator[Windows]:
    """Windows on the shared server."""
    opened = Windows(chromium, server.url)
    yield opened
    opened.close()
    for window in opened.opened:
        assert window.elsewhere == []
        assert window.complaints == []


@pytest.fixture
def window(windows: Windows) -> Window:
    """A desktop window that is signed in."""
    window = windows.new()
    window.sign_in()
    return window


@pytest.fixture
def assigned(api: httpx.Client) -> Iterator[dict[str, Any]]:
    """A task that somebody has; completed afterwards, so that its owner is free for other tests."""
    task = {
        "title": "Card payments fail at the checkout",
        "description": "The backend refuses captures; find the fault.",
        "task_type": "Incident",
        "required_skills": ["backend"],
    }
    found: dict[str, Any] = api.post("/api/tasks", params={"wait": 60}, json=task).raise_for_status().json()
    assert found["status"] == "assigned"
    yield found
    api.put(f"/api/tasks/{found['task_id']}/status", json={"status": "completed"}).raise_for_status()

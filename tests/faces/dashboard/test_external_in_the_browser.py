"""The page of external connections, with a real server at the other end."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection
from websockets.sync.server import serve as listen

from tests.faces.dashboard.conftest import Window, Windows
from tests.serving import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(180)]


@dataclass
class Outside:
    """Somebody else's server: what it heard, and the end of it."""

    heard: list[str] = field(default_factory=list)
    server: Server | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}/ws/{{user_id}}"

    def talk(self, line: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for said in line:
                self.heard.append(str(said))


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    one = Outside()
    with listen(one.talk, "127.0.0.1", 0) as server:
        one.server = server
        thread = threading.Thread(target=server.serve_forever, name="outside")
        thread.start()
        yield one
        server.shutdown()
        thread.join(10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, outside: Outside) -> Iterator[Served]:
    served = serve(tmp_path_factory.mktemp("external") / "home", EXTERNAL_WS_URL=outside.url)
    yield served
    served.stop()


def test_a_connection_is_seen_and_something_is_said_there(window: Window, outside: Outside) -> None:
    page = window.open("/dashboard/external")
    card = page.get_by_role("article", name="external")
    expect(card).to_contain_text("Connected")
    expect(card).to_contain_text("/ws/external-socket-user")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Say something.")).to_be_visible()
    page.get_by_label("Message").fill("Good morning <b>outside</b>")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_visible()
    assert any("Good morning <b>outside</b>" in one for one in outside.heard)
    expect(page.get_by_label("Message")).to_have_value("")
    page.get_by_role("button", name="Reconnect").click()
    expect(page.get_by_role("status").filter(has_text="external connects anew.")).to_be_visible()
    expect(card).to_contain_text("2 connections")
    expect(card.locator(".chip")).to_have_text("Connected")


def test_it_fits_a_phone(windows: Windows) -> None:
    window = windows.new(viewport={"width": 360, "height": 740}, color_scheme="dark", has_touch=True, is_mobile=True)
    window.sign_in()
    page = window.open("/dashboard/external")
    expect(page.get_by_role("article", name="external")).to_be_visible()
    assert window.overflow() == 0
